import type { AuditVerdict } from '../../audit/finding.ts'
import { judgeProofFile } from '../../audit/proof-check.ts'
import { PROOF_FILE_BYTES_MAX } from '../../audit/proof-file.ts'
import type { ProofResult, ProvenEntry } from '../../audit/proof-result.ts'
import type { AllianceFacts } from '../../audit/result.ts'
import { parseTrustClaim } from '../../registry/trust-claim.ts'
import { encodeTrust } from '../../registry/trust-string.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO, EXIT_OK, EXIT_UNDECIDED } from '../terminal/exit.ts'
import { type OutputFormat, printRecord, type Shape, timeCell } from '../terminal/output.ts'
import { readProof } from './audit-file.ts'

export interface AuditCheckOptions {
  readonly trust: string
  readonly output: OutputFormat
}

/** With the registry as everybody writes it. */
type ProofView = Omit<ProofResult, 'alliance'> & {
  readonly alliance: (Omit<AllianceFacts, 'registry'> & { readonly version: number; readonly trust: string }) | null
}

function viewOf({ alliance, ...result }: ProofResult): ProofView {
  if (alliance === undefined) return { ...result, alliance: null }
  const { registry, ...facts } = alliance
  return { ...result, alliance: { ...facts, version: registry.version, trust: encodeTrust(registry) } }
}

const EXIT_OF: Readonly<Record<AuditVerdict, number>> = { proved: EXIT_OK, false: EXIT_NO, missing: EXIT_UNDECIDED }

/** Needs no node, no home and no network. */
export async function checkProofFile(context: CliContext, file: string, options: AuditCheckOptions): Promise<void> {
  const claim = parseTrustClaim(options.trust)
  const result = await judgeProofFile(await readProof(file, PROOF_FILE_BYTES_MAX), claim)
  await printRecord(context.out, options.output, viewOf(result), RESULT)
  if (options.output !== 'json') {
    for (const { verdict, code, sentence } of result.findings) context.say(`${verdict}  ${code}: ${sentence}`)
  }
  context.say(VERDICTS[result.verdict])
  context.setExitStatus(EXIT_OF[result.verdict])
}

const VERDICTS: Readonly<Record<AuditVerdict, string>> = {
  proved: 'Everything that is said here is proved.',
  false: 'Something in this file is not true: believe nothing of it.',
  missing: 'It cannot be decided whether the entry stands: something is missing.',
}

type Cell = string | number | null

const of = (cell: (entry: ProvenEntry) => Cell) => (result: ProofView) => (result.entry ? cell(result.entry) : null)

const RESULT: Shape<ProofView> = {
  columns: [
    { name: 'verdict', cell: ({ verdict }) => verdict },
    { name: 'entry', cell: of(({ log, seq }) => `${log}/${seq}`) },
    { name: 'signed_by', cell: of(({ nation }) => nation) },
    { name: 'kind', cell: of(({ kind }) => kind) },
    { name: 'time_said', cell: of(({ timeMs }) => timeCell(timeMs)) },
    { name: 'body', cell: of(bodyCell) },
    { name: 'body_sha256', cell: of(({ bodyHash }) => bodyHash) },
    { name: 'key', cell: of(({ key }) => key.signPk) },
    {
      name: 'key_since',
      cell: of(({ nation, key }) => {
        return `version ${key.documentVersion} of the document of ${nation}, ${timeCell(key.documentIssuedMs)}`
      }),
    },
    { name: 'in_trees_of', cell: of(({ treeSizes }) => treeSizes.join(' ')) },
    { name: 'held_by', cell: of(({ receipts }) => receipts.held.map(heldCell).join(', ')) },
    { name: 'quorum', cell: of(quorumCell) },
    { name: 'not_known_of', cell: of(({ receipts }) => receipts.waiting.join(' ')) },
    {
      name: 'stands',
      cell: of(({ standing: { limit, reason } }) => (limit === undefined ? reason : `below ${limit} (${reason})`)),
    },
    {
      name: 'post_quantum',
      cell: of(({ postQuantum }) => (postQuantum ? `since ${timeCell(postQuantum.timeMs)}` : null)),
    },
    { name: 'destroyed_by', cell: of(({ purges }) => purges.map(heldCell).join(', ')) },
    { name: 'alliance', cell: ({ alliance }) => alliance?.name ?? null },
    {
      name: 'registry',
      cell: ({ alliance }) => alliance && `version ${alliance.version}, ${alliance.fingerprint}`,
    },
    { name: 'trusted', cell: ({ alliance }) => (alliance?.trusted ? 'it contains what you confirmed' : 'no') },
  ],
}

function bodyCell({ kind, bodyBytes, bodyHere }: ProvenEntry): string {
  if (!bodyHere) return `${bodyBytes} bytes, not in the file`
  return kind === 'batch'
    ? `${bodyBytes} bytes of ciphertext, as it was signed`
    : `${bodyBytes} bytes, as it was signed`
}

function heldCell({ nation, sinceMs }: { readonly nation: string; readonly sinceMs: number }): string {
  return `${nation} since ${timeCell(sinceMs)}`
}

function quorumCell({ receipts: { held, needed, quorate } }: ProvenEntry): string {
  const least = needed === undefined ? 'none is possible' : `${needed} are needed now`
  return `${quorate ? 'reached' : 'not reached'} with ${held.length}; ${least}`
}
