import { expect, test } from 'vitest'
import type { LogId } from '../../src/base/ids.ts'
import type { VerifiedEntry } from '../../src/chain/verify-entry.ts'
import { createReorderBuffer } from '../../src/node/intake/reorder-buffer.ts'

const BODY_BYTES = 10_000

function logId(number: number): LogId {
  return new Uint8Array(32).fill(number) as LogId
}

function entry(log: number, seq: number): VerifiedEntry {
  const headerBytes = new Uint8Array(100)
  const body = new Uint8Array(BODY_BYTES)
  return { logId: logId(log), headerBytes, body, header: { seq } } as unknown as VerifiedEntry
}

test('authors who leave gaps open for ever do not keep the next entry of another log out', () => {
  const buffer = createReorderBuffer(20 * BODY_BYTES)
  for (let seq = 1; seq < 100; seq++) for (const log of [1, 2, 3]) buffer.add(entry(log, seq))
  expect(buffer.ready(() => 0)).toEqual([])

  expect(buffer.add(entry(9, 4))).toBe(true)
  expect(buffer.ready(id => (id[0] === 9 ? 4 : 0)).map(each => [each.logId[0], each.header.seq])).toEqual([[9, 4]])
  expect(buffer.bytes()).toBeLessThanOrEqual(20 * BODY_BYTES)
})

test('one log alone cannot use more than there is', () => {
  const buffer = createReorderBuffer(5 * BODY_BYTES)
  const taken = [1, 2, 3, 4, 5, 6, 7].filter(seq => buffer.add(entry(1, seq)))
  expect(taken).toEqual([1, 2, 3, 4])
  expect(buffer.ready(() => 1)).toHaveLength(4)
  expect(buffer.bytes()).toBe(0)
})

test('what is below the size of its log is forgotten, and the rest waits until the log has grown', () => {
  const buffer = createReorderBuffer()
  for (const seq of [2, 3, 7]) buffer.add(entry(1, seq))
  expect(buffer.ready(() => 1)).toEqual([])
  expect(buffer.ready(() => 1)).toEqual([])
  expect(buffer.ready(() => 3).map(each => each.header.seq)).toEqual([3])
  expect(buffer.ready(() => 8)).toEqual([])
  expect(buffer.bytes()).toBe(0)
})
