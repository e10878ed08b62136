import { UserError } from '../base/errors.ts'
import { visibleText } from '../base/visible-text.ts'
import type { LiveExportView } from '../node/orders/export-orders.ts'
import { countOf } from '../registry/phrase.ts'
import type { CliContext } from './terminal/context.ts'
import { EXIT_NO, EXIT_OK } from './terminal/exit.ts'
import { createRowWriter, type OutputFormat, printRecord, type Shape, timeCell } from './terminal/output.ts'

interface StatusOptions {
  readonly output: OutputFormat
}

const EXPORTS: Shape<LiveExportView> = {
  columns: [
    { name: 'name', cell: each => each.name },
    { name: 'format', cell: each => each.format },
    { name: 'state', cell: each => each.state },
    { name: 'indicators', cell: each => each.indicators },
    { name: 'held', cell: each => heldText(each) },
    { name: 'serial', cell: each => each.serial },
    { name: 'made', cell: each => timeCell(each.madeMs) },
    { name: 'stale from', cell: each => timeCell(each.staleMs) },
    { name: 'path', cell: each => each.path },
  ],
}

export async function listExports(context: CliContext, { output }: StatusOptions): Promise<void> {
  await print(context, await context.client().liveExports(), output)
}

export async function showExports(context: CliContext, name: string | undefined, options: StatusOptions) {
  const all = await context.client().liveExports()
  const shown = name === undefined ? all : all.filter(each => each.name === name)
  if (name !== undefined && shown.length === 0) {
    throw new UserError('export-unknown', `config.yaml names no export ${name}`, { fix: 'See "tocsin export list".' })
  }
  await print(context, shown, options.output)
  for (const each of shown) tell(context, each, name !== undefined)
  context.setExitStatus(shown.every(({ state }) => state === 'current') ? EXIT_OK : EXIT_NO)
}

export async function releaseExport(
  context: CliContext,
  name: string,
  { held, output }: StatusOptions & { readonly held?: string },
): Promise<void> {
  const released = await context.client().releaseExport(name, held)
  await printRecord(context.out, output, released, EXPORTS)
  tell(context, released, true)
  context.setExitStatus(released.state === 'current' ? EXIT_OK : EXIT_NO)
}

async function print(context: CliContext, exports: readonly LiveExportView[], output: OutputFormat): Promise<void> {
  const writer = createRowWriter(context.out, output, EXPORTS)
  await writer.write(exports)
  await writer.end()
  if (exports.length === 0) context.say('There is no live export: name some under "exports:" in config.yaml.')
}

/** `isAlone`: with all that is left out of it, which is long where filters do as they are told. */
function tell(context: CliContext, view: LiveExportView, isAlone: boolean): void {
  const { name, failure, behind, held, left, own, unsentBytes } = view
  const say = (line: string) => context.say(visibleText(`${name}: ${line}`))
  if (failure !== null) say(`${failure.code}: ${failure.message}. ${failure.fix}`)
  for (const sentence of behind) say(`it may lack something: ${sentence}`)
  if (unsentBytes > 0) say(`${unsentBytes} bytes wait for the receiver`)
  if (isAlone) for (const { reason, count, sample } of left) say(`${count} left out, such as ${sample}: ${reason}`)
  else if (left.length > 0) say(`${left.reduce((sum, { count }) => sum + count, 0)} left out: ${toldBy(name)}`)
  for (const { nation, count, sample } of own)
    say(`${nation} says of ${count} of ours that they are bad, such as ${sample}`)
  if (held === null) return
  say(`held as ${held.id} since ${timeCell(held.sinceMs)}: ${held.reasons.join('; ')}`)
  for (const { nations, count } of held.added) say(`${countOf(count, 'new entry', 'new entries')} said by ${nations}`)
  for (const { type, count } of held.types) say(`${count} of them of type ${type}`)
  for (const { why, count } of held.removed) say(`${countOf(count, 'entry', 'entries')} would leave: ${why}`)
  for (const sample of held.addedSamples) say(`new: ${sample}`)
  for (const sample of held.removedSamples) say(`leaves: ${sample}`)
  say(`let it go with "tocsin export release ${name} --held ${held.id}"`)
}

function toldBy(name: string): string {
  return `"tocsin export status ${name}" tells why`
}

function heldText({ held }: LiveExportView): string {
  if (held === null) return ''
  const count = [...held.added, ...held.removed].reduce((sum, each) => sum + each.count, 0)
  return `${count} (${held.id})`
}
