import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { CODES, type ErrorCode } from '../../base/codes.ts'
import { StoreError, TocsinError, UserError } from '../../base/errors.ts'
import { visibleJson, visibleText } from '../../base/visible-text.ts'
import type { ChangeEvent, ChangeFilter } from '../../node/reading/change-reading.ts'
import type { ControlClient } from '../terminal/client.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputSink, timeCell } from '../terminal/output.ts'
import { broken, defangedIndicator } from './indicator-shape.ts'

export interface WatchOptions {
  /** A cursor, `now` or `all`. */
  readonly since: string
  readonly type?: readonly string[]
  readonly nation?: readonly string[]
  readonly event?: readonly NonNullable<ChangeFilter['events']>[number][]
  readonly scoreMin?: number
  /** What there is, and no more. */
  readonly once?: boolean
  readonly output: 'table' | 'ndjson'
}

/** What a line of the stream says. */
type StreamLine =
  | ChangeEvent
  | { readonly event: 'begun'; readonly cursor: string }
  | { readonly event: 'heartbeat' }
  | { readonly event: 'closed'; readonly code: string; readonly message: string; readonly fix: string }

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10_000
/** The daemon is started anew, or had no time: what was told last is where it goes on. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  ...(['daemon-gone', 'daemon-not-running', 'daemon-timeout', 'stream-slow', 'api-busy'] as const),
  ...(['store-failed', 'store-closed', 'store-read-failed'] as const),
])

/** Prints what changes as it does, from a cursor on, until it is interrupted. Goes on where the daemon comes back. */
export async function watchIndicators(context: CliContext, options: WatchOptions): Promise<void> {
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.once('SIGINT', stop)
  try {
    await watch(context, options, stopping.signal)
  } finally {
    process.off('SIGINT', stop)
  }
}

async function watch(context: CliContext, options: WatchOptions, signal: AbortSignal): Promise<void> {
  const client = context.client()
  const print = createPrinter(context.out, options.output)
  let cursor = options.since
  let hasBegun = false
  for (let failures = 0; !signal.aborted; ) {
    try {
      for await (const line of linesOf(client, options, cursor, signal)) {
        if (line.event === 'heartbeat') continue
        if (line.event === 'closed') throw closedError(line)
        if (failures > 0) context.say('the daemon is back')
        failures = 0
        hasBegun = true
        if (line.event !== 'begun') await print(line)
        cursor = line.cursor
      }
      if (options.once === true || signal.aborted) return
      if (failures === 0) context.say('the daemon ended; this goes on when it is back')
    } catch (error) {
      if (signal.aborted) return
      if (!hasBegun || !(error instanceof TocsinError) || !PASSING.has(error.code)) throw error
      if (failures === 0) context.say(`${error.message}; this goes on when it is back`)
    }
    failures++
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10))
    await pause(waitMs, undefined, { signal }).catch(() => {})
  }
}

async function* linesOf(
  client: ControlClient,
  { type, nation, event, scoreMin, once }: WatchOptions,
  cursor: string,
  signal: AbortSignal,
): AsyncGenerator<StreamLine> {
  const query = {
    cursor,
    ...(type !== undefined && { types: type.join(',') }),
    ...(nation !== undefined && { nations: nation.join(',') }),
    ...(event !== undefined && { events: event.join(',') }),
    ...(scoreMin !== undefined && { scoreMin: String(scoreMin) }),
    ...(once === true && { follow: 'false' }),
  }
  for await (const line of splitLines(await client.changes(query, signal))) yield parseLine(line)
}

/** An event holds what is said of one indicator, of which a node gives so much and no more. */
const LINE_LENGTH_MAX = 64 * 1024 * 1024

async function* splitLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let begun: string[] = []
  let length = 0
  for await (const piece of pieces) {
    const [first = '', ...others] = decoder.decode(piece, { stream: true }).split('\n')
    begun.push(first)
    length += first.length
    if (length > LINE_LENGTH_MAX) throw new StoreError('api-answer-invalid', 'a line of the stream does not end')
    for (const next of others) {
      yield begun.join('')
      begun = [next]
      length = next.length
    }
  }
}

function parseLine(line: string): StreamLine {
  try {
    return JSON.parse(line) as StreamLine
  } catch (cause) {
    throw new StoreError('api-answer-invalid', 'a line of the stream is no JSON', { cause })
  }
}

function closedError({ code, message, fix }: Extract<StreamLine, { event: 'closed' }>): UserError {
  return new UserError(Object.hasOwn(CODES, code) ? (code as ErrorCode) : 'internal', message, { fix })
}

const COLUMNS = [
  ['CHANGED', 20],
  ['EVENT', 10],
  ['NATION', 8],
  ['TYPE', 10],
  ['VALUE', 40],
  ['STATE', 10],
  ['SCORE', 5],
  ['WHY', 0],
] as const

/** A table that goes on has columns of one width, whatever comes; what is longer pushes the rest. */
function createPrinter(out: OutputSink, output: WatchOptions['output']): (event: ChangeEvent) => Promise<void> {
  let printed = 0
  return async event => {
    const shown = out.terminal ? defanged(event) : event
    if (output === 'ndjson') return out.write(`${visibleJson(JSON.stringify(shown))}\n`)
    const head = printed++ === 0 ? tableLine(COLUMNS.map(([name]) => name)) : ''
    const { changedMs, event: kind, nation, type, value, indicator, reason } = shown
    const cells = [
      timeCell(changedMs),
      kind,
      nation,
      type,
      value,
      indicator?.state ?? '',
      `${indicator?.score ?? ''}`,
      reason,
    ]
    await out.write(head + tableLine(cells))
  }
}

function tableLine(cells: readonly string[]): string {
  const padded = cells.map((cell, i) => (cell === '' ? '-' : visibleText(cell)).padEnd(COLUMNS[i]![1]))
  return `${padded.join('  ').trimEnd()}\n`
}

function defanged(event: ChangeEvent): ChangeEvent {
  const { value, indicator } = event
  return { ...event, value: value === '' ? '' : broken(value), indicator: indicator && defangedIndicator(indicator) }
}
