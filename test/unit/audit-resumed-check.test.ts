import { expect, test } from 'vitest'
import { type CheckMarks, createResumedCheck } from '../../src/audit/resumed-check.ts'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { bytesOf } from '../support/chain-fixture.ts'

const KEY = bytesOf('key')
const OTHER_KEY = bytesOf('other key')

interface Asked {
  readonly key?: Uint8Array
  readonly message: string
  readonly good?: boolean
}

/** Asks all of it, as an audit does, and tells what was really computed. */
async function runOver(all: readonly Asked[], before: CheckMarks) {
  const computed: string[] = []
  const check = createResumedCheck(async (_, message) => {
    const text = new TextDecoder().decode(message)
    computed.push(text)
    return all.find(asked => asked.message === text)?.good ?? true
  }, before)
  const answers = await Promise.all(all.map(({ key = KEY, message }) => check.verify(key, utf8(message), utf8('s'))))
  await new Promise(resolve => setImmediate(resolve))
  return { computed, answers, marks: check.marks(), isOther: check.isOther() }
}

const messages = (...names: readonly string[]): Asked[] => names.map(message => ({ message }))

test('computes nothing anew of what an earlier run has found good, and goes on behind it', async () => {
  const first = await runOver(messages('a', 'b', 'c'), new Map())
  expect(first.computed).toEqual(['a', 'b', 'c'])
  const again = await runOver(messages('a', 'b', 'c', 'd'), first.marks)
  expect(again).toMatchObject({ computed: ['d'], answers: [true, true, true, true], isOther: false })
  expect(again.marks.get(toHex(KEY))!.count).toBe(4)
})

test('keeps the keys apart, so that one log may grow while another is verified', async () => {
  const first = await runOver([{ message: 'a' }, { key: OTHER_KEY, message: 'x' }], new Map())
  const grown: Asked[] = [{ message: 'a' }, { message: 'b' }, { key: OTHER_KEY, message: 'x' }]
  expect(await runOver(grown, first.marks)).toMatchObject({ computed: ['b'], isOther: false })
})

test.each<readonly [string, readonly Asked[]]>([
  ['another message in its place', messages('a', 'B', 'c')],
  ['two messages swapped', messages('b', 'a', 'c')],
  ['a message that was not there', messages('a', 'new', 'b', 'c')],
  ['fewer than before', messages('a', 'b')],
])('finds out %s', async (_, changed) => {
  const first = await runOver(messages('a', 'b', 'c'), new Map())
  expect((await runOver(changed, first.marks)).isOther).toBe(true)
})

test('marks nothing from the first bad signature on, so that it is found by each run', async () => {
  const all: Asked[] = [{ message: 'a' }, { message: 'bad', good: false }, { message: 'c' }]
  const first = await runOver(all, new Map())
  expect(first.marks.get(toHex(KEY))!.count).toBe(1)
  const again = await runOver(all, first.marks)
  expect(again).toMatchObject({ computed: ['bad', 'c'], answers: [true, false, true], isOther: false })
})

test('keeps the marks of what a run did not come to', async () => {
  const first = await runOver([{ message: 'a' }, { key: OTHER_KEY, message: 'x' }], new Map())
  const cut = await runOver(messages('a'), first.marks)
  expect(cut.isOther).toBe(false)
  expect([...cut.marks.keys()].sort()).toEqual([...first.marks.keys()].sort())
})
