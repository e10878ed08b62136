import { expect, test } from 'vitest'
import type { NationId } from '../../src/base/ids.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { buildPurgeReceipt } from '../../src/chain/purge-receipt.ts'
import { createPurgeReceipts, type PurgeReceiptsOptions } from '../../src/node/knowledge/purge-receipts.ts'
import { encodeEnvelope } from '../../src/wire/entry.ts'
import { alliance, logOf, signerOf, TIME_MS } from '../support/chain-fixture.ts'
import { randomFrom } from '../support/seeded-random.ts'

const log = logOf(12)
const { logId } = log.identity
const nations = ['BBB', 'CCC', 'DDD'].map(parseNationId)
const keys = new Map(nations.map(nation => [nation, signerOf(nation)]))
/** The TOMBSTONE of entry `seq` stands at `seq + 100`. */
const tombstoneOf = (seq: number) => ({ logId, seq: seq + 100 })

/** What every node knows of the log, which is that of one author. */
const options = {
  allianceId: alliance,
  store: {
    log: () => ({ head: log.identity }),
    tombstonesOf: ({ seq }: { seq: number }) => [{ by: tombstoneOf(seq), stands: true }],
    entry: async (_: unknown, seq: number) => encodeEnvelope(log.entries[seq]!),
  } as unknown as PurgeReceiptsOptions['store'],
  nationOf: (pk: Uint8Array) =>
    nations.find(nation => Buffer.compare(keys.get(nation)!.publicKey, pk) === 0) as NationId | undefined,
  perAuthorMax: 3,
}

const items = [...Array(8).keys()].flatMap(seq =>
  nations.map(nation => {
    const { bodyHash } = log.entries[seq]!.header
    const receipt = { target: { logId, seq }, bodyHash, tombstone: tombstoneOf(seq), timeSeconds: TIME_MS / 1000 }
    return { type: 4, body: buildPurgeReceipt(alliance, receipt as never, keys.get(nation)!) }
  }),
)

test('keeps the statements on the first erasures of an author that fit, whatever comes first', async () => {
  const random = randomFrom(7)
  for (let run = 0; run < 20; run++) {
    const receipts = createPurgeReceipts(options)
    const kept = new Set<string>()
    const order = items.map(item => ({ item, at: random() })).sort((a, b) => a.at - b.at)
    for (const { item } of order) {
      const change = await receipts.add(item)
      for (const { name } of change?.removed ?? []) kept.delete(String(name))
      for (const { name } of change?.added ?? []) kept.add(String(name))
    }
    expect([...Array(8).keys()].map(seq => receipts.of(tombstoneOf(seq)).length)).toEqual([3, 3, 3, 0, 0, 0, 0, 0])
    expect(kept.size).toBe(9)
    expect(receipts.hasRoom(tombstoneOf(0))).toBe(true)
  }
})

test('says nothing for what would not be kept', async () => {
  const receipts = createPurgeReceipts({ ...options, perAuthorMax: 3 })
  for (const item of items) await receipts.add(item)
  expect(receipts.hasRoom(tombstoneOf(5))).toBe(false)
})
