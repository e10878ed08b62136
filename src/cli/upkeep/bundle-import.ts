import { stat } from 'node:fs/promises'
import type { BundleLogView, BundleReport } from '../../node/bundles/bundle-report.ts'
import { countOf } from '../../registry/phrase.ts'
import { openBundle, STDIN } from '../audit/audit-file.ts'
import { openByteProgress } from '../terminal/byte-progress.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO } from '../terminal/exit.ts'
import { type OutputFormat, printRecord, printRows, type Shape, timeCell } from '../terminal/output.ts'

export interface BundleImportOptions {
  readonly dryRun?: boolean
  readonly output: OutputFormat
}

const LOGS: Shape<BundleLogView> = {
  columns: [
    { name: 'nation', cell: ({ nation }) => nation },
    { name: 'log', cell: ({ log }) => log.slice(0, 16) },
    { name: 'in_file', cell: ({ from, size }) => `${from}–${size - 1}` },
    { name: 'before', cell: ({ before }) => before },
    { name: 'now', cell: ({ after }) => after },
    { name: 'outcome', cell: ({ outcome }) => outcome },
    { name: 'code', cell: ({ refusal }) => refusal?.code ?? '' },
  ],
}

/** Prints what became of each log, and says the rest; the exit status tells whether all of it is here now. */
export async function importBundle(context: CliContext, path: string, options: BundleImportOptions): Promise<void> {
  const isDry = options.dryRun === true
  const pieces = await openBundle(path, context.stdin)
  const report = await context.client().importBundle(withProgress(context, pieces, await sizeOf(path)), isDry)
  if (options.output === 'json') await printRecord(context.out, 'json', report, { columns: [] })
  else await printRows(context.out, options.output, report.logs, LOGS)
  sayWhat(context, report, isDry)
  if (!isWhole(report)) context.setExitStatus(EXIT_NO)
}

/** Undefined where nothing tells before the end. */
async function sizeOf(path: string): Promise<number | undefined> {
  if (path === STDIN) return undefined
  const found = await stat(path)
  return found.isFile() ? found.size : undefined
}

function isWhole({ evidence, logs }: BundleReport): boolean {
  return evidence.refused.length === 0 && logs.every(({ outcome }) => outcome !== 'refused')
}

async function* withProgress(context: CliContext, pieces: AsyncIterable<Uint8Array>, size?: number) {
  using progress = openByteProgress(context, 'importing', size)
  for await (const piece of pieces) {
    yield piece
    progress.add(piece.length)
  }
}

function sayWhat(context: CliContext, { madeMs, exporter, evidence, logs }: BundleReport, isDry: boolean): void {
  const by = exporter === '' ? '' : ` by ${exporter}`
  context.say(`The file says that it was made${by} at ${timeCell(madeMs)}.`)
  const { offered, known, added, waiting } = evidence
  const entries = logs.reduce((sum, { before, after }) => sum + after - before, 0)
  const did = isDry ? 'would be added' : 'added'
  context.say(
    `Evidence: ${countOf(offered, 'piece')}, ${known} known, ${added} ${did}${waiting > 0 ? `, ${waiting} waiting` : ''}.`,
  )
  context.say(`Entries: ${entries} ${did}.`)
  for (const { code, reason } of evidence.refused) context.say(`Refused: ${code}: ${reason}.`)
  for (const { nation, log, refusal } of logs) {
    if (refusal !== undefined)
      context.say(`Not whole: ${nation} ${log.slice(0, 16)}: ${refusal.code}: ${refusal.reason}.`)
  }
  if (logs.some(({ refusal }) => refusal?.code === 'bundle-gap')) {
    context.say('What is missing is in a file for a request of this node: tocsin bundle request -O want.tocsin')
  }
}
