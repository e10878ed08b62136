import { expect, test } from 'vitest'
import { EMPTY } from '../../src/base/bytes.ts'
import { parseLogId, parseNationId } from '../../src/base/ids.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { type BodyBookOptions, openBodyBook } from '../../src/node/intake/body-book.ts'
import type { Committed } from '../../src/node/intake/entry-writer.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { bytesOf } from '../support/chain-fixture.ts'
import { StoreAuthor, withoutBody } from '../support/store-author.ts'

const REQUESTS = 64
const ZERO = new Uint8Array(32)

function optionsWith(store: Store): BodyBookOptions {
  const rules = { keptSinceMs: () => 0, prunedTo: () => 0, idle: () => true }
  return { store, ...rules, opening: undefined, logger: silentLogger }
}

const logNamed = (name: string) => parseLogId(bytesOf(name))
const headOf = (name: string) => ({ logId: logNamed(name), size: 1_000_000, head: ZERO })

/** The first entries of a log, as they come without their bodies. */
function stripped(nation: string, name: string, count: number): Committed[] {
  const logId = logNamed(name)
  return Array.from({ length: count }, (_, seq) => {
    const header = { seq, bodyLen: 1, timeMs: 1 }
    const entry = { logId, header, body: EMPTY, log: { logId, nation: parseNationId(nation) } }
    return { entry, registryVersionBefore: 1, own: false } as unknown as Committed
  })
}

test('a nation that gives no bodies of many logs away leaves room for what others lack', async () => {
  await using store = await openStore({ memory: true })
  const book = await openBodyBook(optionsWith(store))
  for (let log = 0; log < 20; log++) book.committed(stripped('BAD', `bad ${log}`, 4096))
  book.committed(stripped('GUD', 'good', 3))
  expect(book.toAskFor([headOf('good')], REQUESTS)).toEqual([{ logId: logNamed('good'), seqs: [0, 1, 2] }])
  await book.stop()
})

test('bodies of every log are asked for in turn, however many logs lack some', async () => {
  await using store = await openStore({ memory: true })
  const book = await openBodyBook(optionsWith(store))
  const names = Array.from({ length: REQUESTS }, (_, log) => `bad ${log}`)
  for (const name of names) book.committed(stripped('BAD', name, 1))
  book.committed(stripped('GUD', 'good', 1))
  const heads = [...names, 'good'].map(headOf)
  const asked = [1, 2].flatMap(() => book.toAskFor(heads, REQUESTS)).map(({ logId }) => logId)
  expect(asked).toContainEqual(logNamed('good'))
  await book.stop()
})

test('a log is not read again from its beginning for every body that comes alone', async () => {
  await using store = await openStore({ memory: true })
  const author = new StoreAuthor('AAA')
  const whole = [author.begin(), author.append(300)]
  for (const change of whole) {
    const append = change.append!.map(entry => (entry.header.seq === 0 ? entry : { ...entry, ...withoutBody(entry) }))
    await store.commit({ logs: [{ ...change, append }] })
  }
  let read = 0
  const { head } = store.log(author.logId)!
  const watched = Object.create(store, {
    state: { get: () => store.state },
    commit: { value: store.commit.bind(store) },
    entry: { value: store.entry.bind(store) },
    note: { value: store.note.bind(store) },
    logs: { value: store.logs.bind(store) },
    tombstonesOf: { value: store.tombstonesOf.bind(store) },
    // What follows is of a later version than what is completed.
    log: {
      value: () => ({ ...store.log(author.logId), head: { ...head, registryVersion: head.registryVersion + 1 } }),
    },
    entriesRange: {
      value: (...range: Parameters<Store['entriesRange']>) => {
        read += range[2] ?? 0
        return store.entriesRange(...range)
      },
    },
  }) as Store
  const book = await openBodyBook(optionsWith(watched))
  await book.look()
  read = 0
  const [request] = book.toAskFor([{ logId: author.logId, size: head.size, head: ZERO }], REQUESTS)
  const bodies = new Map(whole[1]!.append!.map(({ header, body }) => [header.seq, body]))
  for (const seq of request!.seqs)
    await book.storeBodies({ logId: author.logId, seqs: [seq], bodies: [bodies.get(seq)!] })
  expect(book.wanted()).toBe(300 - request!.seqs.length)
  expect(read).toBeLessThan(2 * head.size)
  await book.stop()
})
