import { afterEach, expect, it } from 'vitest'
import { buildInclusion } from '../../src/merkle/inclusion.ts'
import type { Level } from '../../src/store/database.ts'
import { SPACE } from '../../src/store/keys.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { StoreAuthor } from '../support/store-author.ts'

/** More than two tiles, and an edge. */
const ENTRIES = 700

/** Says which spaces are read, in order: one a record asked for, one a range. */
function watched(inner: Level, reads: number[]): Level {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        if (name === 'getMany' || name === 'hasMany') reads.push(...(args[0] as Uint8Array[]).map(key => key[0]!))
        if (name === 'getSync') reads.push((args[0] as Uint8Array)[0]!)
        if (name === 'iterator') reads.push((args[0] as { gte: Uint8Array }).gte[0]!)
        return (member as (...all: unknown[]) => unknown).apply(target, args)
      }
    },
  })
}

const reads: number[] = []
afterEach(() => void reads.splice(0))

const ofTree = () => reads.filter(space => space === SPACE.entries || space === SPACE.nodes)

it('reads no entry and no node of a tree at its start or for an append, however long the log: the edge is in its record', async () => {
  const author = new StoreAuthor('AAA')
  const level = memoryLevel()
  {
    await using first = await openStore({ level })
    await first.commit({ logs: [author.begin()] })
    await first.commit({ logs: [author.append(ENTRIES)] })
  }
  await using store = await openStore({ level: watched(level, reads) })
  expect(store.log(author.logId)?.head.tree).toEqual(author.head.tree)
  expect(reads).toContain(SPACE.logs)
  await store.commit({ logs: [author.append(1)] })
  expect(ofTree()).toEqual([])

  // Of the complete tiles one has to be read whole for a path, of the others their hash.
  buildInclusion(store.hashAt(author.logId), 3, author.head.size)
  expect(ofTree().length).toBeGreaterThan(0)
  expect(ofTree().length).toBeLessThan(2 * 256)
})
