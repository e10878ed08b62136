import { expect, test } from 'vitest'
import { silentLogger } from '../../src/base/ports.ts'
import type { PeerKeyHex } from '../../src/net/peer-key.ts'
import type { Verdict } from '../../src/net/verdict.ts'
import { openEvidenceBook } from '../../src/node/knowledge/evidence-book.ts'
import { createDocumentSpread } from '../../src/node/network/document-spread.ts'
import { encodeSignedDoc } from '../../src/registry/signed-doc.ts'
import { openStore } from '../../src/store/open.ts'
import { firstNation, foundRegistry, nextNation, signNation, T0 } from '../support/registry-world.ts'

const first = foundRegistry()
const member = 'aa'.repeat(32) as PeerKeyHex
const other = 'bb'.repeat(32) as PeerKeyHex

async function listening() {
  const clock = { nowMs: T0, now: () => clock.nowMs }
  const store = await openStore({ memory: true })
  const book = await openEvidenceBook({ allianceId: first.allianceId, store, pins: [], clock, logger: silentLogger })
  await book.apply([{ type: 1, body: encodeSignedDoc(first.signed) }], 'alliance file')
  let judged = 0
  let judge: ((data: Uint8Array, from: PeerKeyHex) => Promise<Verdict>) | undefined
  createDocumentSpread({
    host: {
      subscribe: (_, validate) => {
        judge = async (data, from) => validate(data, from)
      },
      publish: async () => {},
    },
    book: {
      documentSet: book.documentSet,
      apply: (items, from) => {
        judged++
        return book.apply(items, from)
      },
    },
    lacking: () => {},
    clock,
    logger: silentLogger,
  }).start()
  return {
    clock,
    book,
    judged: () => judged,
    judge: (data: Uint8Array, from: PeerKeyHex) => judge!(data, from).catch(() => 'ignore'),
  }
}

/** Signed by nobody: to find that out each costs as much time as the nodes that it names. */
const useless = (i: number) =>
  encodeSignedDoc(signNation(firstNation(first.allianceId, 'BBB', { expiresMs: T0 + 1 + i }), []).signed)

test('a member that floods gossip with documents of no use is soon not listened to, and others are', async () => {
  const { clock, judged, judge } = await listening()
  const verdicts = await Promise.all(Array.from({ length: 100 }, (_, i) => judge(useless(i), member)))
  expect(new Set(verdicts)).toEqual(new Set(['ignore']))
  expect(judged()).toBeLessThan(10)
  const own = signNation(firstNation(first.allianceId, 'BBB'))
  expect(await judge(encodeSignedDoc(own.signed), member)).toBe('ignore')
  expect(await judge(encodeSignedDoc(own.signed), other)).toBe('accept')
  // after a while it is listened to again
  clock.nowMs += 60_000
  expect(await judge(encodeSignedDoc(signNation(nextNation(own)).signed), member)).toBe('accept')
})

test('many documents of no use that come together leave a turn to others between them', async () => {
  const { book } = await listening()
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const items = Array.from({ length: 50 }, (_, i) => ({ type: 1, body: useless(i) }))
  expect((await book.apply(items, 'sync')).refused).toHaveLength(50)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(5)
})
