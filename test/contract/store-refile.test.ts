import { expect, it } from 'vitest'
import { subjectOf } from '../../src/store/item-face.ts'
import { itemIdKey } from '../../src/store/keys.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { ItemRecord } from '../../src/wire/gen/store.ts'
import { claimItem, idOf, StoreAuthor } from '../support/store-author.ts'
import { dumpedView } from '../support/store-view.ts'

it('files an item anew where a newer program reads another value in the same bytes', async () => {
  const level = memoryLevel()
  const author = new StoreAuthor('AAA')
  const item = claimItem('a', 'evil.example')
  let store = await openStore({ level })
  await store.commit({ logs: [author.begin()] })
  await store.commit({ logs: [author.append(1)], items: [author.opened(item)] })
  const view = await dumpedView(store)

  const key = itemIdKey(author.nation, idOf('a'))
  const record = decodeLoose(ItemRecord, (await level.get(key))!, false)
  const subject = subjectOf({ type: 'domain', value: 'EVIL.example' })
  await level.put(key, encode(ItemRecord, { ...record, subject }))
  await store.rebuildView()
  await store[Symbol.asyncDispose]()

  store = await openStore({ level })
  expect(await store.lookup('domain', 'evil.example')).toBeUndefined()
  expect((await store.lookup('domain', 'EVIL.example'))?.claimCount).toBe(1)
  await store.commit({ items: [author.opened(item)] })
  expect(await dumpedView(store)).toEqual(view)
  expect(store.counts()).toMatchObject({ indicators: 1, claims: 1 })
  await store[Symbol.asyncDispose]()
})
