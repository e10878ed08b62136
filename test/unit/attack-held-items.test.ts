import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NationId } from '../../src/base/ids.ts'
import { ITEM } from '../../src/indicator/item-type.ts'
import { type HeldItem, withItem } from '../../src/store/held-item.ts'
import { shownOf } from '../../src/store/shown.ts'

/** One nation's item with this hash, in an entry of one of its logs. */
function arrival(hash: number, log: number, seq: number, timeMs = 1000, kind: number = ITEM.INDICATOR): HeldItem {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, hash)
  const face = { kind, id: new Uint8Array(16), subject: new Uint8Array(0), void: false }
  const refs = [{ log, seq, index: 0, branch: 0, timeMs, audience: new Uint8Array(0), changed: 0 }]
  return { nation: 'AAA' as NationId, face, hash: bytes, item: new Uint8Array(0), refs }
}

const TRUE_LOG = 1
const STOLEN_LOG = 2
const TRUE_HASH = 0x8000_0000

function all(arrivals: readonly HeldItem[]): readonly HeldItem[] {
  return arrivals.reduce<readonly HeldItem[]>(withItem, [])
}

function shownBelow(items: readonly HeldItem[], limit: number) {
  return shownOf(items, ref => ref.log !== STOLEN_LOG || ref.seq < limit).map(({ kind, hash, timeMs }) => [
    kind,
    new DataView(hash.buffer, hash.byteOffset).getUint32(0),
    timeMs,
  ])
}

const truth = arrival(TRUE_HASH, TRUE_LOG, 7)

test('the same item again and again in a log that ends up quarantined does not hide it', () => {
  const copies = Array.from({ length: 100 }, (_, i) => arrival(TRUE_HASH, STOLEN_LOG, i, 1))
  expect(shownBelow(all([truth, ...copies]), 0)).toEqual(shownBelow([truth], 0))
})

test('a hundred withdrawals, or a hundred other assertions, that end up quarantined do not hide a claim', () => {
  for (const kind of [ITEM.WITHDRAWAL, ITEM.INDICATOR]) {
    const others = Array.from({ length: 100 }, (_, i) => arrival(i, STOLEN_LOG, i, 1, kind))
    expect(shownBelow(all([truth, ...others]), 0)).toEqual(shownBelow([truth], 0))
    expect(shownBelow(all([...others, truth]), 0)).toEqual(shownBelow([truth], 0))
  }
})

test('what the holder of a log says after a thief has filled it with others is no loss of what came before', () => {
  const before = arrival(TRUE_HASH, STOLEN_LOG, 0)
  const after = Array.from({ length: 100 }, (_, i) => arrival(i, STOLEN_LOG, 1 + i))
  expect(shownBelow(all([before, ...after]), 1)).toEqual(shownBelow([before], 1))
})

test('what is kept does not depend on the order of arrival', () => {
  const some = fc.record({ hash: fc.nat(90), log: fc.nat(2) })
  fc.assert(
    fc.property(fc.array(some, { minLength: 60, maxLength: 250 }), fc.infiniteStream(fc.nat()), (list, keys) => {
      const arrivals = list.map(({ hash, log }, seq) =>
        arrival(hash, log, seq, 1000 - seq, hash % 3 === 0 ? ITEM.WITHDRAWAL : ITEM.INDICATOR),
      )
      const shuffled = arrivals
        .map(each => ({ each, key: keys.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ each }) => each)
      expect(all(shuffled)).toEqual(all(arrivals))
    }),
    { numRuns: 40 },
  )
})
