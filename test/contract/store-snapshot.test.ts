import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { compactRangeAt, rangeRoot } from '../../src/merkle/compact-range.ts'
import { rootOf } from '../../src/merkle/tree-hash.ts'
import { openStore, type StoreLocation } from '../../src/store/open.ts'
import { parseEnvelope } from '../../src/wire/entry.ts'
import { leavesOf } from '../support/chain-fixture.ts'
import { StoreAuthor } from '../support/store-author.ts'

const folder = await mkdtemp(join(tmpdir(), 'tocsin-snapshot-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const BACKENDS: readonly (readonly [string, StoreLocation])[] = [
  ['in memory', { memory: true }],
  ['on disk', join(folder, 'store')],
]

describe.each(BACKENDS)('a snapshot of the store %s', (_, location) => {
  it('shows the logs of its moment through a rewind, other entries and other evidence', async () => {
    await using store = await openStore(location)
    const author = new StoreAuthor('AAA')
    await store.commit({ logs: [author.begin()] })
    const evidence = { type: 2, hash: sha256(Uint8Array.of(1)), bytes: Uint8Array.of(1) }
    await store.commit({ evidence: { add: [evidence] } })
    const early = author.head
    await store.commit({ logs: [author.append(300, 'first')] })
    const before = await store.entriesRange(author.logId, 0, 400)
    const { head } = store.log(author.logId)!

    await using snapshot = await store.snapshot()
    await store.commit({ logs: [author.rewindTo(early)] })
    await store.commit({ logs: [author.append(20, 'second')] })
    await store.commit({ logs: [new StoreAuthor('BBB').begin()] })
    await store.commit({
      evidence: { add: [{ ...evidence, hash: sha256(Uint8Array.of(2)) }], remove: [evidence.hash] },
    })

    expect(snapshot.logs.map(({ head: { nation, size } }) => [nation, size])).toEqual([['AAA', 301]])
    expect(await snapshot.entriesRange(author.logId, 0, 400)).toEqual(before)
    expect(await snapshot.entry(author.logId, 300)).toEqual(before[300])
    expect(snapshot.leafAt(author.logId, 300)).toEqual(head.leaf)
    expect(await snapshot.branches(author.logId, 0)).toEqual([])
    const root = rangeRoot(compactRangeAt(snapshot.hashAt(author.logId), 301))
    expect(toHex(root)).toBe(toHex(rootOf(leavesOf(before.map(parseEnvelope)))))
    const held = []
    for await (const { hash } of snapshot.evidence()) held.push(hash)
    expect(held).toEqual([evidence.hash])
    expect(store.log(author.logId)!.head.size).toBe(21)
  })

  it('does not outlive its store', async () => {
    const store = await openStore({ memory: true })
    const snapshot = await store.snapshot()
    await store[Symbol.asyncDispose]()
    await expect(snapshot.entry(new Uint8Array(32) as never, 0)).resolves.toBeUndefined()
    await expect(snapshot.branches(new Uint8Array(32) as never, 0)).resolves.toEqual([])
    await expect(snapshot.evidence()[Symbol.asyncIterator]().next()).rejects.toThrow('not open')
    await snapshot[Symbol.asyncDispose]()
  })
})
