import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { LogId } from '../../src/base/ids.ts'
import { type VerifiedEntry, verifyEntry } from '../../src/chain/verify-entry.ts'
import { createReorderBuffer } from '../../src/node/intake/reorder-buffer.ts'
import { contextOf, logOf, signerOf, type TestLog } from '../support/chain-fixture.ts'

const logs = ['AAA', 'BBB'].map(nation => logOf(12, 'main', 12, { nation, signer: signerOf(nation) }))

function verified(log: TestLog): VerifiedEntry[] {
  return log.entries.map(entry => verifyEntry(entry, log.identity, contextOf(log)))
}

test('whatever the order of arrival, each entry comes out once and in the order of its log', () => {
  const entries = logs.flatMap(verified)
  const order = fc.shuffledSubarray(entries, { minLength: entries.length })
  fc.assert(
    fc.property(order, fc.integer({ min: 1, max: 5 }), (arriving, every) => {
      const buffer = createReorderBuffer()
      const sizes = new Map<string, number>()
      const out: VerifiedEntry[] = []
      const take = () => {
        for (const entry of buffer.ready(logId => sizes.get(toHex(logId)) ?? 0)) {
          expect(entry.header.seq).toBe(sizes.get(toHex(entry.logId)) ?? 0)
          sizes.set(toHex(entry.logId), entry.header.seq + 1)
          out.push(entry)
        }
      }
      arriving.forEach((entry, i) => {
        expect(buffer.add(entry)).toBe(true)
        if (i % every === 0) take()
      })
      take()
      expect(out).toHaveLength(entries.length)
      expect(buffer.bytes()).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('what sync has brought meanwhile is forgotten', () => {
  const buffer = createReorderBuffer()
  for (const entry of verified(logs[0]!).slice(3, 8)) buffer.add(entry)
  expect(buffer.ready((_: LogId) => 6).map(({ header }) => header.seq)).toEqual([6, 7])
  expect(buffer.bytes()).toBe(0)
})

test('an entry that is there already takes no room', () => {
  const buffer = createReorderBuffer()
  const entry = verified(logs[0]!)[5]!
  expect(buffer.add(entry)).toBe(true)
  const bytes = buffer.bytes()
  expect(buffer.add(entry)).toBe(true)
  expect(buffer.bytes()).toBe(bytes)
})
