import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../src/base/ports.ts'
import { createTokenBook } from '../../src/node/commands/token-book.ts'
import { tokenHash, tokenText } from '../../src/policy/token.ts'
import { openStore } from '../../src/store/open.ts'

const HOUR_MS = 3_600_000
const START_MS = 100 * HOUR_MS

const textOf = (name: string) => tokenText(new Uint8Array(32).fill(name.charCodeAt(0)))
const recordOf = (name: string, expiresMs = 0) => ({
  name,
  hash: tokenHash(textOf(name))!,
  clearance: 'tlp=GREEN',
  createdMs: START_MS,
  expiresMs,
  usedMs: 0,
})

async function openBook() {
  const store = await openStore({ memory: true })
  const clock = { nowMs: START_MS, now: () => clock.nowMs }
  const open = () => createTokenBook(store, clock, silentLogger)
  return { store, clock, open, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() }
}

describe('the book of tokens', () => {
  test('finds a token by what its bearer shows, also after a restart', async () => {
    await using made = await openBook()
    await made.open().change(() => [recordOf('b'), recordOf('a')])
    const book = made.open()
    expect((await book.all()).map(({ name }) => name)).toEqual(['a', 'b'])
    expect(await book.find(textOf('a'))).toMatchObject({ name: 'a' })
    expect(await book.find(textOf('b'))).toMatchObject({ name: 'b' })
  })

  test.each(['', 'tocsin_', textOf('c'), textOf('a').slice(0, -1), `${textOf('a')} `, textOf('a').toUpperCase()])(
    'finds nothing for "%s"',
    async text => {
      await using made = await openBook()
      const book = made.open()
      await book.change(() => [recordOf('a')])
      expect(await book.find(text)).toBeUndefined()
    },
  )

  test('finds no token that is revoked or has expired', async () => {
    await using made = await openBook()
    const book = made.open()
    await book.change(() => [recordOf('a', START_MS + 1), recordOf('b')])
    await book.change(() => [recordOf('a', START_MS + 1)])
    expect(await book.find(textOf('b'))).toBeUndefined()
    expect(await book.find(textOf('a'))).toBeDefined()
    made.clock.nowMs += 1
    expect(await book.find(textOf('a'))).toBeUndefined()
  })

  test('keeps no token, but its hash', async () => {
    await using made = await openBook()
    await made.open().change(() => [recordOf('a')])
    const bytes = Buffer.from((await made.store.note('tokens'))!)
    expect(bytes.includes(Buffer.from(textOf('a')))).toBe(false)
    expect(bytes.includes(Buffer.alloc(32, 'a'))).toBe(false)
    expect(bytes.includes(Buffer.from(tokenHash(textOf('a'))!))).toBe(true)
  })

  test('notes when a token was used, to the hour, and writes no more often', async () => {
    await using made = await openBook()
    const book = made.open()
    await book.change(() => [recordOf('a')])
    made.clock.nowMs += 90 * 60_000
    await book.find(textOf('a'))
    await book.find(textOf('a'))
    await book.change(tokens => tokens)
    expect(await made.open().all()).toMatchObject([{ usedMs: START_MS + HOUR_MS }])
  })

  test('does not bring back what was revoked while it was being used', async () => {
    await using made = await openBook()
    const book = made.open()
    await book.change(() => [recordOf('a'), recordOf('b')])
    const revoked = book.change(tokens => tokens.filter(({ name }) => name !== 'a'))
    expect(await book.find(textOf('a'))).toBeDefined()
    await revoked
    await book.change(tokens => tokens)
    expect((await made.open().all()).map(({ name }) => name)).toEqual(['b'])
  })
})
