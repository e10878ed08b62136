import { resolve } from 'node:path'
import { StoreError, UserError } from '../base/errors.ts'
import { visibleText } from '../base/visible-text.ts'
import { EXPORT_FORMATS } from '../formats/out/export-formats.ts'
import { exportFilter } from '../node/config/export-filter.ts'
import { assertAbsent, fillWhole } from '../node/home/home.ts'
import type { ExportFrame, ExportOrder } from '../node/orders/export-orders.ts'
import { stageFolderOnce } from '../node/outlets/export-stage.ts'
import { countOf } from '../registry/phrase.ts'
import { askIfBlind } from './terminal/blind-node.ts'
import { openByteProgress } from './terminal/byte-progress.ts'
import type { CliContext } from './terminal/context.ts'

export interface ExportRunOptions {
  readonly to?: string
  readonly force?: boolean
  readonly type?: readonly string[]
  readonly scoreMin?: number
  readonly tlpMax?: string
  readonly clearance?: string
  readonly nation?: readonly string[]
  readonly group?: string
  readonly claimedWithin?: string
  readonly firstSeenWithin?: string
  readonly label?: readonly string[]
  readonly withoutLabel?: readonly string[]
  readonly disputed?: boolean
  readonly originsMin?: number
  readonly nationsMin?: number
  readonly exercise?: boolean
  readonly parameter?: readonly string[]
  readonly name?: string
  readonly explain?: boolean
  readonly dryRun?: boolean
}

type End = Extract<ExportFrame, { readonly end: unknown }>['end']
type Write = (file: string, text: string) => Promise<void>

/** What arrives is whole, or nothing is left of it; on standard output a failed export ends with an error. */
export async function runExport(context: CliContext, format: string, options: ExportRunOptions): Promise<void> {
  const shape = EXPORT_FORMATS.get(format)?.shape
  const { to, force = false, dryRun = false } = options
  if (shape === 'folder' && to === undefined && !dryRun) {
    throw new UserError('usage-invalid', `${format} is a folder of several files`, { fix: 'Name it: --to FOLDER' })
  }
  if (to !== undefined && !force && !dryRun) await assertAbsent(resolve(to))
  const client = context.client()
  const frames = await client.exportIndicators(orderOf(format, options))
  const run = (write: Write) => copy(context, frames, write)
  let end: End
  if (dryRun) end = await run(() => Promise.resolve())
  else if (to === undefined) end = await run((_, text) => context.out.write(text))
  else if (shape === 'folder') end = await stageFolderOnce(resolve(to), force, run)
  else end = await toFile(resolve(to), force, run)
  tell(context, end, to, dryRun)
  if (end.indicators === 0) await askIfBlind(context, client)
}

async function toFile(path: string, replace: boolean, run: (write: Write) => Promise<End>): Promise<End> {
  let end: End | undefined
  await fillWhole(
    path,
    async write => {
      end = await run((_, text) => write(text))
    },
    { replace },
  )
  return end!
}

async function copy(context: CliContext, frames: AsyncIterable<Uint8Array>, write: Write): Promise<End> {
  using progress = openByteProgress(context, 'exporting', undefined)
  for await (const frame of framesOf(frames)) {
    if ('end' in frame) return frame.end
    if ('left' in frame) {
      const { type, value, reason } = frame.left
      context.say(visibleText(`left out: ${type} ${value}: ${reason}`))
      continue
    }
    for (const { file, text } of frame.pieces) {
      await write(file, text)
      progress.add(text.length)
    }
  }
  throw new StoreError('daemon-gone', 'the export broke off before its end', {
    fix: 'Look at the log of the daemon, and run this again.',
  })
}

async function* framesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ExportFrame> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line)
  }
}

function tell(context: CliContext, { indicators, left }: End, to: string | undefined, dryRun: boolean): void {
  const where = dryRun ? ' would be exported' : to === undefined ? ' exported' : ` exported to ${to}`
  context.say(`${countOf(indicators, 'indicator')}${where}.`)
  for (const { reason, count, sample } of left) {
    context.say(visibleText(`${count} left out, such as ${sample}: ${reason}`))
  }
}

function orderOf(format: string, options: ExportRunOptions): ExportOrder {
  const { type, nation, label, withoutLabel, name, exercise, explain } = options
  const { scoreMin, tlpMax, clearance, group, claimedWithin, firstSeenWithin, disputed, originsMin, nationsMin } =
    options
  const said = {
    ...{ types: type, nations: nation, labels: label, withoutLabels: withoutLabel, scoreMin, tlpMax, clearance },
    ...{ group, claimedWithin, firstSeenWithin, disputed, originsMin, nationsMin },
  }
  const filter = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const [issue] = exportFilter.safeParse(filter).error?.issues ?? []
  if (issue !== undefined) {
    throw new UserError('usage-invalid', `${issue.path.join('.')}: ${issue.message}`, {
      fix: 'See "tocsin export --help".',
    })
  }
  return {
    format,
    filter,
    parameters: parametersOf(options.parameter ?? []),
    ...(name !== undefined && { name }),
    ...(exercise === true && { exercise }),
    ...(explain === true && { explain }),
  }
}

function parametersOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const pairs = texts.map(text => {
    const [, name, value] = /^([A-Za-z][A-Za-z0-9-]*)=([\s\S]*)$/.exec(text) ?? []
    if (name !== undefined && value !== undefined) return [name, value] as const
    throw new UserError('usage-invalid', `"${text.slice(0, 80)}" is no parameter`, {
      fix: 'Write --parameter NAME=VALUE.',
    })
  })
  return Object.fromEntries(pairs)
}
