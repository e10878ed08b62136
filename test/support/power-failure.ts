import type { Level } from '../../src/store/database.ts'
import { memoryLevel } from '../../src/store/open.ts'

export interface PowerFailure {
  readonly level: Level
  /** Writes so far, the failed one included. */
  readonly writes: () => number
  /** What is on the disk afterwards: everything up to the write before, or all where it did not come to that. */
  readonly survivor: () => Level
}

/**
 * `inner` on a machine that loses power: the `nth` write and those after it reach the operating system and not the disk,
 * until one asks for the disk (fsync), which is when the power goes.
 */
export function powerFailure(inner: Level, nth: number): PowerFailure {
  let writes = 0
  let survivor: Level | undefined
  let off = false

  async function attempt(sync: boolean, write: () => Promise<void>): Promise<void> {
    writes++
    if (writes === nth) survivor = await copyOf(inner)
    off ||= survivor !== undefined && sync
    if (off) throw new Error('IO error: the power is off')
    await write()
  }

  const level = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return name === 'batch' ? () => watchedBatch(target) : member.bind(target)
    },
  })

  function watchedBatch(target: Level) {
    return new Proxy(target.batch(), {
      get(batch, name) {
        const member: unknown = Reflect.get(batch, name, batch)
        if (typeof member !== 'function') return member
        if (name !== 'write') return member.bind(batch)
        return (options: { sync?: boolean }) => attempt(options.sync === true, () => batch.write(options))
      },
    })
  }

  return { level, writes: () => writes, survivor: () => survivor ?? inner }
}

async function copyOf(level: Level): Promise<Level> {
  const copy = memoryLevel()
  await copy.open()
  const batch = copy.batch()
  for (const [key, value] of await level.iterator().all()) batch.put(key, value)
  await batch.write()
  await copy.close()
  return copy
}
