import { resolve } from 'node:path'
import { type Comparison, compareExports } from '../../audit/compare.ts'
import { createAuditFileWriter } from '../../audit/file.ts'
import type { ComparisonVerdict } from '../../audit/log-comparison.ts'
import { visibleText } from '../../base/visible-text.ts'
import { encodeProof } from '../../chain/proof-build.ts'
import { assertAbsent, writeWhole } from '../../node/home/home.ts'
import { parseTrustClaim } from '../../registry/trust-claim.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO, EXIT_OK, EXIT_UNDECIDED } from '../terminal/exit.ts'
import { type OutputFormat, printRows, type Shape } from '../terminal/output.ts'
import { openExport } from './audit-file.ts'

export interface AuditDiffOptions {
  readonly trust?: string
  readonly outputFile?: string
  readonly force?: boolean
  readonly output: OutputFormat
}

/** One thing compared, or a reason why something could not be. */
interface Row {
  readonly what: 'log' | 'document' | 'evidence' | 'file'
  readonly nation: string | null
  readonly log: string | null
  /** The first entry that is not the same, or the version of a document. */
  readonly at: number | null
  readonly result: ComparisonVerdict
  /** Which file has more: 1 or 2. */
  readonly ahead: 1 | 2 | null
  readonly by: number | null
  /** The two leaves at that entry, in hex, and whether the author signed each. */
  readonly leaves: readonly { readonly leaf: string; readonly signed: boolean }[]
  readonly says: string
}

const ROW: Shape<Row> = {
  columns: [
    { name: 'result', cell: row => row.result },
    { name: 'what', cell: row => row.what },
    { name: 'nation', cell: row => row.nation },
    { name: 'log', cell: row => row.log?.slice(0, 16) ?? null },
    { name: 'at', cell: row => row.at },
    { name: 'ahead', cell: row => row.ahead },
    { name: 'by', cell: row => row.by },
    { name: 'says', cell: row => visibleText(row.says) },
  ],
}

const EXIT_OF = { same: EXIT_OK, ahead: EXIT_OK, different: EXIT_NO, undecided: EXIT_UNDECIDED } as const

const SAYS: Readonly<Record<ComparisonVerdict, string>> = {
  same: 'Both files tell the same history.',
  ahead: 'Both files tell the same history; one of them has more of it.',
  different: 'The files tell different histories.',
  undecided: 'It cannot be decided whether the files tell the same history.',
}

/** Compares two exports. Uses no home, no daemon and no network. */
export async function diffExports(
  context: CliContext,
  files: readonly [string, string],
  options: AuditDiffOptions,
): Promise<void> {
  const claim = options.trust === undefined ? undefined : parseTrustClaim(options.trust)
  const target = options.outputFile && resolve(options.outputFile)
  if (target !== undefined && options.force !== true) await assertAbsent(target)
  const comparison = await compareExports([await openExport(files[0]), await openExport(files[1])], claim)
  await printRows(context.out, options.output, rowsOf(comparison), ROW)
  context.say(SAYS[comparison.verdict])
  if (target !== undefined) await writeProofs(context, comparison, target, options.force === true)
  context.setExitStatus(EXIT_OF[comparison.verdict])
}

function rowsOf({ logs, documents, evidenceOfOne, problems }: Comparison): Row[] {
  const nothing = { nation: null, log: null, at: null, ahead: null, by: null, leaves: [] }
  const [first, second] = evidenceOfOne
  const evidence = `The first file alone has ${first} pieces of evidence, the second ${second}.`
  return [
    ...logs.map(
      ({ log, nation = null, verdict, seq, ahead, leaves = [], sentence }): Row => ({
        ...nothing,
        what: 'log',
        nation,
        log,
        at: seq ?? null,
        result: verdict,
        ahead: numberOf(ahead?.side),
        by: ahead?.by ?? null,
        leaves,
        says: sentence,
      }),
    ),
    ...documents.map(
      ({ nation = null, version, verdict, side, sentence }): Row => ({
        ...nothing,
        what: 'document',
        nation,
        at: version,
        result: verdict,
        ahead: numberOf(side),
        says: sentence,
      }),
    ),
    ...(first + second > 0 ? [{ ...nothing, what: 'evidence', result: 'ahead', says: evidence } as const] : []),
    ...problems.map((says): Row => ({ ...nothing, what: 'file', result: 'undecided', says })),
  ]
}

function numberOf(side: 0 | 1 | undefined): 1 | 2 | null {
  if (side === undefined) return null
  return side === 0 ? 1 : 2
}

/** An export that holds nothing but the proofs and the documents that make them checkable, for `alerts verify`. */
async function writeProofs(
  context: CliContext,
  { proofs, headers, signedDocs }: Comparison,
  path: string,
  replace: boolean,
): Promise<void> {
  const [header] = headers
  if (proofs.length === 0 || header === undefined) {
    context.say('Nobody is shown to have said two different things: no proof is written.')
    return
  }
  const writer = createAuditFileWriter('audit')
  const items = proofs.map(proof => ({ type: PROOF, body: encodeProof(proof) }))
  const parts = [
    writer.opening,
    writer.add({ ...header, kind: 'header', logs: [], sinceMs: 0, sinceSeq: 0, withBodies: false }),
    ...signedDocs.map(signedDoc => writer.add({ kind: 'document', signedDoc })),
    ...items.map(item => writer.add({ kind: 'evidence', item })),
    writer.end(),
  ]
  await writeWhole(path, Buffer.concat(parts), { replace })
  context.say(`The proof is in ${path}. Whoever has it and the fingerprint of the alliance runs:`)
  context.say(`  tocsin alerts verify ${path} --trust FINGERPRINT`)
}

/** EvidenceItem.type. */
const PROOF = 2
