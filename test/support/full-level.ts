import type { Level } from '../../src/store/database.ts'

export interface FullLevel {
  readonly level: Level
  /** Writes fail from now on, or succeed again; as with a real disk, only a database that was reopened goes on. */
  full: boolean
}

/** `inner` on a disk that fills up and is freed again. */
export function fullLevel(inner: Level): FullLevel {
  const disk = { full: false }
  let broken = false

  async function attempt(write: () => Promise<void>): Promise<void> {
    if (!disk.full && !broken) return write()
    broken = true
    throw new Error('IO error: 000042.log: No space left on device')
  }

  const level = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      if (name === 'open') return () => reopen(target)
      if (name === 'batch') return () => guardedBatch(target)
      return member.bind(target)
    },
  })

  function reopen(target: Level): Promise<void> {
    broken = false
    return target.open()
  }

  function guardedBatch(target: Level) {
    return new Proxy(target.batch(), {
      get(batch, name) {
        const member: unknown = Reflect.get(batch, name, batch)
        if (typeof member !== 'function') return member
        return name === 'write' ? (options: object) => attempt(() => batch.write(options)) : member.bind(batch)
      },
    })
  }

  return Object.assign(disk, { level })
}
