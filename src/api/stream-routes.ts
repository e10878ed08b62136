import type { Context } from 'hono'
import { UserError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { ChangeEvent, ChangeReading } from '../node/reading/change-reading.ts'
import { CHANGES_LIMIT_MAX } from '../node/reading/change-reading.ts'
import { pacedStream } from './byte-stream.ts'
import { errorOf } from './error-body.ts'
import { parseRequest } from './request-body.ts'
import { type StreamRequest, streamRequest } from './stream-request.ts'

/** Each waits, and costs a connection; all tokens and programs together. */
const STREAMS_MAX = 32
/** Of one token: nobody shuts the others out. */
const STREAMS_PER_NAME_MAX = 8
const PAGE = 64
/** Under what proxies and programs take for a dead connection. */
const HEARTBEAT_MS = 15_000
/** Whoever reads nothing for so long is told so, and goes on from its cursor when it comes back. */
const IDLE_MS = 60_000

export interface StreamOptions {
  readonly logger: Logger
  readonly heartbeatMs?: number
  readonly idleMs?: number
}

/**
 * Answers `GET /v1/stream`: what changes in what shows, as server-sent events, or as a line of JSON each for whoever
 * accepts `application/x-ndjson`. At least once and in order, from a cursor on that outlasts the daemon; nothing is held
 * for a reader that is slow.
 */
export function createStreamAnswer({ logger, heartbeatMs = HEARTBEAT_MS, idleMs = IDLE_MS }: StreamOptions) {
  const open = new Map<string, number>()
  const endings = new Set<AbortController>()

  function enter(name: string): () => void {
    const all = open.values().reduce((sum, count) => sum + count, 0)
    const own = open.get(name) ?? 0
    if (all >= STREAMS_MAX || own >= STREAMS_PER_NAME_MAX) {
      throw new UserError('api-busy', 'no more streams can be open at once', {
        fix: 'Close one, or try again when others have.',
      })
    }
    open.set(name, own + 1)
    return () => void open.set(name, open.get(name)! - 1)
  }

  /** `reader` is asked for anew at each page: what a token allows ends with it. `name` tells readers apart. */
  async function answer(c: Context, name: string, reader: () => Promise<ChangeReading>): Promise<Response> {
    const request = parseRequest(streamRequest, c.req.query(), 'the query')
    const form = c.req.header('accept')?.includes('application/x-ndjson') === true ? LINES : EVENTS
    const first = await reader()
    const from = await startOf(c.req.header('last-event-id') ?? request.cursor ?? 'now', first)
    const leave = enter(name)
    const ending = new AbortController()
    endings.add(ending)
    const source = tell({ request, form, from, reader, heartbeatMs, ending: ending.signal, logger })
    const ended = () => {
      endings.delete(ending)
      ending.abort()
      leave()
    }
    const body = pacedStream(source, { idleMs, ended, lastWord: () => form.closed(errorOf(slow(idleMs), logger)) })
    // Its end is that of the connection: a server that closes waits for none that may be used again.
    const headers = { 'Content-Type': form.type, 'Cache-Control': 'no-store', Connection: 'close' }
    return new Response(body, { headers })
  }

  return {
    answer,
    /** Ends all of them: readers go on from their cursors elsewhere, or later. */
    end(): void {
      for (const ending of endings) ending.abort()
    },
  }
}

export type StreamAnswer = ReturnType<typeof createStreamAnswer>

/** Throws UserError `stream-cursor`. */
async function startOf(text: string, reader: ChangeReading): Promise<string> {
  if (text === 'now') return reader.changesNow()
  const after = text === 'all' ? '0' : text
  await reader.changes({ after, limit: 1, events: [] })
  return after
}

interface Telling {
  readonly request: StreamRequest
  readonly form: Form
  readonly from: string
  reader(): Promise<ChangeReading>
  readonly heartbeatMs: number
  readonly ending: AbortSignal
  readonly logger: Logger
}

async function* tell({
  request,
  form,
  from,
  reader,
  heartbeatMs,
  ending,
  logger,
}: Telling): AsyncGenerator<Uint8Array> {
  const { follow, cursor: _, ...filter } = request
  yield form.begun(from)
  // By what was said, and not by what changed: else the beat would tell of changes that the reader does not see.
  let saidMs = performance.now()
  try {
    for (let after = from; !ending.aborted; ) {
      const reading = await reader()
      const more = waitFor(reading, Math.max(0, saidMs + heartbeatMs - performance.now()), ending)
      const { events, next, end } = await reading.changes({
        ...filter,
        after,
        limit: Math.min(PAGE, CHANGES_LIMIT_MAX),
      })
      for (const event of events) yield form.event(event)
      if (events.length > 0) saidMs = performance.now()
      after = next
      if (end && follow === 'false') return more.stop()
      if (end) await more.came
      else more.stop()
      if (ending.aborted || performance.now() < saidMs + heartbeatMs) continue
      yield form.heartbeat
      saidMs = performance.now()
    }
  } catch (error) {
    yield form.closed(errorOf(error, logger))
  }
}

/** Listens from now on. `came` resolves when something did, or nothing for so long. */
function waitFor(reading: ChangeReading, ms: number, ending: AbortSignal) {
  const { promise: came, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(stop, ms)
  const unlisten = reading.onChange(stop)
  ending.addEventListener('abort', stop)
  function stop(): void {
    clearTimeout(timer)
    unlisten()
    ending.removeEventListener('abort', stop)
    resolve()
  }
  return { came, stop }
}

function slow(idleMs: number): UserError {
  return new UserError('stream-slow', `nothing was read for ${idleMs / 1000} s`, {
    fix: 'Ask again with the cursor of the last event: nothing is lost by it.',
  })
}

/** How a stream is written. No text of an event can end its line: JSON escapes what ends lines. */
interface Form {
  readonly type: string
  begun(cursor: string): Uint8Array
  event(event: ChangeEvent): Uint8Array
  readonly heartbeat: Uint8Array
  /** Its last word. */
  closed(error: ReturnType<typeof errorOf>): Uint8Array
}

const EVENTS: Form = {
  type: 'text/event-stream',
  begun: cursor => Buffer.from(`retry: 2000\nid: ${cursor}\n\n`),
  event: event => Buffer.from(`id: ${event.cursor}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`),
  heartbeat: Buffer.from(': still here\n\n'),
  closed: error => Buffer.from(`event: closed\ndata: ${JSON.stringify(closedBody(error))}\n\n`),
}

const LINES: Form = {
  type: 'application/x-ndjson',
  begun: cursor => line({ event: 'begun', cursor }),
  event: line,
  heartbeat: line({ event: 'heartbeat' }),
  closed: error => line({ event: 'closed', ...closedBody(error) }),
}

function closedBody({ code, message, fix }: ReturnType<typeof errorOf>) {
  return { code, message, fix: fix ?? '' }
}

function line(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}
