import type { FrameStream } from '../network/sync-client.ts'

/** One end of a pipe: what is written here is read there. */
export interface PipeEnd extends FrameStream {
  /** The other end reads what is on its way, and then null, or throws `error`; what it writes is dropped. */
  end(error?: unknown): void
}

/** A writer waits while so many frames are unread. */
const FRAMES_MAX = 8

/** Two ends in one process, with back-pressure. One reader and one writer at an end. */
export function createFramePipe(): readonly [PipeEnd, PipeEnd] {
  const there = createWay()
  const back = createWay()
  return [endOf(there, back), endOf(back, there)]
}

type Way = ReturnType<typeof createWay>

function endOf(out: Way, inward: Way): PipeEnd {
  return {
    write: out.write,
    read: inward.read,
    end(error) {
      out.end(error)
      inward.end()
    },
  }
}

function createWay() {
  const frames: Uint8Array[] = []
  let ended: { readonly error: unknown } | undefined
  let changed = Promise.withResolvers<void>()

  function wake(): void {
    changed.resolve()
    changed = Promise.withResolvers<void>()
  }

  return {
    async write(frame: Uint8Array): Promise<void> {
      while (frames.length >= FRAMES_MAX && ended === undefined) await changed.promise
      if (ended !== undefined) return
      frames.push(frame)
      wake()
    },
    async read(): Promise<Uint8Array | null> {
      for (;;) {
        const frame = frames.shift()
        if (frame !== undefined) {
          wake()
          return frame
        }
        if (ended !== undefined) {
          if (ended.error !== undefined) throw ended.error
          return null
        }
        await changed.promise
      }
    },
    end(error?: unknown): void {
      ended ??= { error }
      wake()
    },
  }
}
