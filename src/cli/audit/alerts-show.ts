import { resolve } from 'node:path'
import { readAuditFile } from '../../audit/file.ts'
import { describeProof, type ProofView } from '../../audit/proof-view.ts'
import { visibleText } from '../../base/visible-text.ts'
import { assertAbsent, writeWhole } from '../../node/home/home.ts'
import type { AlertView } from '../../node/orders/node-service.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, printRecord, type Shape, timeCell } from '../terminal/output.ts'
import { placeCell } from './alerts-list.ts'

export interface AlertsShowOptions {
  readonly outputFile?: string
  readonly force?: boolean
  readonly output: OutputFormat
}

type ShownAlert = AlertView & { readonly proofs: readonly ProofView[] }

const ALERT: Shape<ShownAlert> = {
  columns: [
    { name: 'id', cell: alert => alert.id },
    { name: 'kind', cell: alert => alert.kind },
    { name: 'nation', cell: alert => alert.nation },
    { name: 'place', cell: placeCell },
    { name: 'seen', cell: alert => timeCell(alert.seenMs) },
    { name: 'what', cell: alert => visibleText(alert.sentence) },
    { name: 'effect', cell: alert => visibleText(alert.effect) },
  ],
}

/** EvidenceItem.type. */
const PROOF = 2

export async function showAlert(context: CliContext, id: string, options: AlertsShowOptions): Promise<void> {
  const target = options.outputFile && resolve(options.outputFile)
  const replace = options.force === true
  if (target !== undefined && !replace) await assertAbsent(target)
  const { alert, file } = await context.client().alertFile(id)
  await printRecord(context.out, options.output, { ...alert, proofs: await proofsIn(file) }, ALERT)
  if (options.output === 'table') for (const proof of await proofsIn(file)) await context.out.write(textOf(proof))
  if (file === null)
    return context.say('That a grant is wrong only those can tell who hold the key for it: no file proves it.')
  if (target === undefined) return context.say(`The proof for others: tocsin alerts show ${alert.id} -O FILE`)
  await writeWhole(target, file, { replace })
  context.say(
    `${file.length} bytes written to ${options.outputFile}. Whoever has it and the fingerprint of the alliance runs:`,
  )
  context.say(`  tocsin alerts verify ${options.outputFile} --trust FINGERPRINT`)
}

async function proofsIn(file: Uint8Array | null): Promise<readonly ProofView[]> {
  const proofs: ProofView[] = []
  if (file === null) return proofs
  for await (const { part } of readAuditFile(inOnePiece(file), 'audit')) {
    if (part.kind === 'evidence' && part.item.type === PROOF) proofs.push(describeProof(part.item.body))
  }
  return proofs
}

async function* inOnePiece(file: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield file
}

function textOf({ type, entries, notes, path, leaf }: ProofView): string {
  const lines = [
    `proof ${type}`,
    ...entries.flatMap(entry => [
      `  entry ${entry.log}/${entry.seq} kind ${entry.kind} ${timeCell(entry.timeMs)}`,
      `    leaf      ${entry.leaf}`,
      `    prev      ${entry.prev}`,
      `    body_hash ${entry.bodyHash}`,
      `    signature ${entry.signature}`,
    ]),
    ...notes.flatMap(note => [
      '  checkpoint',
      ...note
        .trimEnd()
        .split('\n')
        .map(line => `    ${visibleText(line)}`),
    ]),
    ...(leaf === '' ? [] : [`  leaf ${leaf}`]),
    ...path.map(hash => `  path ${hash}`),
  ]
  return `\n${lines.join('\n')}\n`
}
