import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { claimItem, StoreAuthor } from '../support/store-author.ts'

const SECRETS = ['sealed main 1', 'gone.example', 'what nobody may keep'] as const

/** How often each text stands in the files of a store. */
async function found(directory: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of await readdir(directory)) {
    const bytes = await readFile(join(directory, name))
    for (const secret of SECRETS) if (bytes.includes(secret)) counts[secret] = (counts[secret] ?? 0) + 1
  }
  return counts
}

async function fill(store: Store, author: StoreAuthor): Promise<void> {
  await store.commit({ logs: [author.begin()] })
  const items = [
    author.opened(claimItem('a', 'gone.example', 'what nobody may keep'), 1),
    author.opened(claimItem('b', 'stays.example'), 2),
  ]
  await store.commit({ logs: [{ ...author.append(3), projected: 4 }], items })
}

test.each([
  ['of this run', async (store: Store) => store],
  [
    'that an earlier run left in a table',
    async (store: Store, path: string) => {
      await store[Symbol.asyncDispose]()
      return openStore(path)
    },
  ],
  [
    'of a view that was computed anew',
    async (store: Store) => {
      await store.rebuildView()
      return store
    },
  ],
] as const)('no byte of what is destroyed is left on the disk, %s', async (_, age) => {
  const path = await mkdtemp(join(tmpdir(), 'tocsin-purge-'))
  const author = new StoreAuthor('AAA')
  let store = await openStore(path)
  try {
    await fill(store, author)
    store = await age(store, path)
    const tombstone = {
      target: { logId: author.logId, seq: 1 },
      by: { logId: author.logId, seq: 3 },
      reason: 1,
      sinceRanMs: undefined,
      purgedMs: 0,
    }
    await store.commit({ tombstones: [tombstone] })
    expect(Object.keys(await found(path)).sort()).toEqual([...SECRETS].sort())
    await store.purge([tombstone.target], [{ ...tombstone, purgedMs: 1 }])
    expect(await found(path)).toEqual({})
    expect((await store.lookup('domain', 'stays.example'))?.claimCount).toBe(1)
    // Done again, as after a crash behind it, it changes nothing.
    await store.purge([tombstone.target], [{ ...tombstone, purgedMs: 1 }])
    expect(store.counts()).toMatchObject({ items: 1, claims: 1 })
  } finally {
    await store[Symbol.asyncDispose]()
    await rm(path, { recursive: true })
  }
})
