import { UserError } from '../base/errors.ts'

/** Each keeps an old state of the store from going; several would make it grow. */
const STREAMS_MAX = 2
/** Whoever reads nothing for so long is not coming back. */
const IDLE_MS = 60_000

const HEADERS = { 'Content-Type': 'application/octet-stream' } as const

/** For what is short enough to hold. */
export function bytesAnswer(bytes: Uint8Array): Response {
  return new Response(new Uint8Array(bytes), { headers: HEADERS })
}

/**
 * Answers with streams of bytes, made as fast as they are read. A few at a time; others are refused with `api-busy`. What
 * fails once the answer has begun cuts it off, which is for the reader to notice.
 */
export function createStreams(idleMs = IDLE_MS) {
  let open = 0

  /** `begin` throws what is answered as an error. */
  return async function answer(begin: () => Promise<AsyncGenerator<Uint8Array, void>>): Promise<Response> {
    if (open >= STREAMS_MAX) {
      throw new UserError('api-busy', `${open} exports are being read`, { fix: 'Try again when one has ended.' })
    }
    open++
    try {
      const source = await begin()
      return new Response(pacedStream(source, { idleMs, ended: () => open-- }), { headers: HEADERS })
    } catch (error) {
      open--
      throw error
    }
  }
}

export interface Pace {
  /** Between two pieces that are read. */
  readonly idleMs: number
  /** Called once, however it ends. */
  readonly ended: () => void
  /** For whoever reads too slowly, and reads on within a moment; else the connection is cut. */
  readonly lastWord?: () => Uint8Array
}

const LAST_WORD_MS = 5_000

/** Made as fast as it is read: one piece of it is held. */
export function pacedStream(source: AsyncGenerator<Uint8Array, void>, pace: Pace): ReadableStream<Uint8Array> {
  const { idleMs, ended, lastWord } = pace
  let idle: NodeJS.Timeout | undefined
  let over = false
  const end = async () => {
    if (over) return
    over = true
    clearTimeout(idle)
    ended()
    await source.return()
  }
  const giveUp = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const cut = () => controller.error(new Error(`nothing was read for ${idleMs} ms`))
    if (lastWord === undefined) cut()
    else {
      controller.enqueue(lastWord())
      idle = setTimeout(cut, LAST_WORD_MS)
    }
  }
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    clearTimeout(idle)
    if (over) return controller.close()
    try {
      const next = await source.next()
      if (next.done === true) {
        await end()
        controller.close()
        return
      }
      controller.enqueue(next.value)
      idle = setTimeout(() => {
        void end()
        giveUp(controller)
      }, idleMs)
    } catch (error) {
      await end()
      throw error
    }
  }
  return new ReadableStream({ pull, cancel: end }, { highWaterMark: 0 })
}
