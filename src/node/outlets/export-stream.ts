import { utf8 } from '../../base/bytes.ts'
import type { ExportFormat, ExportPiece } from '../../formats/exported.ts'
import { LETS_PASS } from '../../policy/export-breaker.ts'
import type { ExportFrame, ExportOrder } from '../orders/export-orders.ts'
import type { TallyCounts } from '../orders/export-tally.ts'
import { runPass } from './export-pass.ts'
import { type Candidate, type ExportGround, type ExportQuestion, readCandidates } from './export-reading.ts'

export interface StreamedExport {
  readonly ground: ExportGround
  readonly format: ExportFormat
  readonly writer: ReturnType<ExportFormat['start']>
  readonly question: ExportQuestion
  readonly order: ExportOrder
  readonly nowMs: number
}

/** Text of one frame; then it is sent. */
const FRAME_LENGTH = 64 * 1024

/** The frames of an export, made as fast as they are taken. */
export async function* streamExport(streamed: StreamedExport): AsyncGenerator<Uint8Array, void> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 1 })
  const sink = writable.getWriter()
  const ended = new AbortController()
  const writing = fill(streamed, frame => sink.write(utf8(`${JSON.stringify(frame)}\n`)), ended.signal).then(
    () => sink.close(),
    error => sink.abort(error),
  )
  writing.catch(() => {})
  try {
    yield* readable
  } finally {
    ended.abort()
    await writing.catch(() => {})
  }
}

async function fill(
  { ground, format, writer, question, order, nowMs }: StreamedExport,
  send: (frame: ExportFrame) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let pieces: ExportPiece[] = []
  let length = 0

  async function flush(): Promise<void> {
    if (pieces.length === 0) return
    const frame = { pieces }
    pieces = []
    length = 0
    await send(frame)
  }

  async function emit(more: Iterable<ExportPiece>): Promise<void> {
    for (const { file, text } of more) {
      const last = pieces.at(-1)
      if (last?.file === file) pieces[pieces.length - 1] = { file, text: last.text + text }
      else pieces.push({ file, text })
      length += text.length
      if (length >= FRAME_LENGTH) await flush()
    }
  }

  async function* told(candidates: AsyncIterable<Candidate>): AsyncGenerator<Candidate> {
    for await (const each of candidates) {
      const { view, left } = each
      if (left !== undefined && order.explain === true) {
        await send({ left: { type: view.type, value: view.value, reason: left.reason } })
      }
      yield each
    }
  }

  const counts: TallyCounts = await runPass({
    format,
    writer: order.explain === true ? explaining(writer, send) : writer,
    candidates: told(readCandidates(ground, question, signal)),
    before: nothing(),
    approved: nothing(),
    verdict: LETS_PASS,
    muted: new Set(),
    pardoned: new Set(),
    store: ground.store,
    nowMs,
    removalsMs: 1,
    changesOnly: false,
    tellsWithdrawn: true,
    output: { emit, list() {}, hold() {} },
  })
  await flush()
  await send({ end: { indicators: counts.entries, left: counts.left } })
}

async function* nothing(): AsyncGenerator<never> {}

/** Tells of what the format cannot say, too. */
function explaining(
  writer: StreamedExport['writer'],
  send: (frame: ExportFrame) => Promise<void>,
): StreamedExport['writer'] {
  return {
    begin: () => writer.begin(),
    end: () => writer.end(),
    add(indicator) {
      const written = writer.add(indicator)
      if ('left' in written) {
        void send({ left: { type: indicator.type, value: indicator.value, reason: written.left } }).catch(() => {})
      }
      return written
    },
  }
}
