import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Level } from '../../src/store/database.ts'

/** How the write that is to fail does so. */
export type Failure = 'refused' | 'persisted'

export interface FailingLevel {
  readonly level: Level
  /** Writes so far, the failed one included. */
  readonly writes: () => number
}

/**
 * `inner` with its `nth` write, counted from 1, failing as a full disk does: 'refused' writes nothing, 'persisted' writes
 * all and fails all the same, as where the answer is lost. Every later write fails until the database is opened again.
 */
export function failingLevel(inner: Level, nth: number, failure: Failure): FailingLevel {
  let writes = 0
  let broken = false

  async function attempt(write: () => Promise<void>): Promise<void> {
    writes++
    if (!broken && writes !== nth) return write()
    if (!broken && failure === 'persisted') await write()
    broken = true
    throw new Error('IO error: 000042.log: No space left on device')
  }

  return { level: withWrites(inner, attempt, () => (broken = false)), writes: () => writes }
}

/**
 * `inner` with writes that reach it only after whoever else has something to do has had a turn, as on a real disk, and
 * that take `delayMs` more.
 */
export function slowLevel(inner: Level, delayMs = 0): Level {
  return withWrites(inner, async write => {
    await setImmediate()
    await write()
    await (delayMs > 0 ? sleep(delayMs) : setImmediate())
  })
}

type Attempt = (write: () => Promise<void>) => Promise<void>

function withWrites(inner: Level, attempt: Attempt, opening = () => {}): Level {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      if (name === 'batch') return () => batchWith(target, attempt)
      if (name === 'clear') return (options: object) => attempt(() => target.clear(options))
      if (name === 'open') {
        return () => {
          opening()
          return target.open()
        }
      }
      return member.bind(target)
    },
  })
}

function batchWith(inner: Level, attempt: Attempt) {
  const batch = inner.batch()
  return new Proxy(batch, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return name === 'write' ? (options: object) => attempt(() => target.write(options)) : member.bind(target)
    },
  })
}
