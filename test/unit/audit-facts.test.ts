import { expect, test } from 'vitest'
import type { LogFacts } from '../../src/audit/result.ts'
import { toHex } from '../../src/base/bytes.ts'
import { parseHash } from '../../src/base/ids.ts'
import { buildPurgeReceipt } from '../../src/chain/purge-receipt.ts'
import { findingsOf } from '../support/audit-spoiling.ts'
import {
  allianceId,
  auditWorld,
  closed,
  hexOf,
  plain,
  soundExport,
  successor,
  treeOf,
  witnessOf,
} from '../support/audit-world.ts'
import { TIME_MS } from '../support/chain-fixture.ts'

const target = { logId: closed.identity.logId, seq: 3 }
const tombstone = { logId: closed.identity.logId, seq: 6 }
const bodyHash = parseHash(closed.entries[3]!.header.bodyHash)
const purge = buildPurgeReceipt(allianceId, { target, bodyHash, tombstone, timeSeconds: 77 }, witnessOf('DDD'))
const result = await auditWorld({ ...soundExport, evidence: [...soundExport.evidence, { type: 4, body: purge }] })
const [first, second, third] = result.logs as [LogFacts, LogFacts, LogFacts]
const T = TIME_MS

test('a sound export is proved', () => {
  expect(findingsOf(result)).toEqual([])
  expect(result.verdict).toBe('proved')
  expect(result.alliance).toMatchObject({ name: 'Test Alliance', trusted: true })
  expect(result.counts).toEqual({
    documents: 7,
    entries: 27,
    signatures: 27,
    bodies: 26,
    checkpoints: 5,
    cosignatures: 12,
    proofs: 0,
  })
})

test('the nations and their logs are told', () => {
  expect(
    result.nations.map(({ nation, status, documentVersion, logs }) => [nation, status, documentVersion, logs.length]),
  ).toEqual([
    ['AAA', 'active', 1, 2],
    ['BBB', 'active', 1, 1],
    ['CCC', 'active', 1, 0],
    ['DDD', 'active', 1, 0],
  ])
  expect(result.logs.map(({ log }) => log)).toEqual([hexOf(closed), hexOf(successor), hexOf(plain)])
})

test('the entries of a log are told by kind', () => {
  expect(first.entries).toMatchObject({
    total: 12,
    byKind: { genesis: 1, batch: 9, 'key-grant': 0, tombstone: 1, close: 1, complaint: 0, other: 0 },
    firstMs: T,
    lastMs: T,
    void: 0,
    bodies: 11,
    bodiesMissing: 1,
    bodiesErased: 1,
  })
  expect([first.size, first.root]).toEqual([12, toHex(treeOf(closed).root)])
})

test('a rotation is told on both sides', () => {
  expect([first.closed, first.successor]).toEqual([true, hexOf(successor)])
  expect(second.predecessor).toEqual({ logId: closed.identity.logId, ...treeOf(closed, 11) })
  expect([second.closed, second.successor, second.incarnation]).toEqual([false, undefined, 2])
})

test('an erasure is told with who destroyed what it erased', () => {
  expect(first.erasures).toEqual([
    {
      seq: 6,
      timeMs: T,
      target: { log: hexOf(closed), seq: 3 },
      reason: 3,
      purged: [{ nation: 'DDD', timeMs: 77_000 }],
    },
  ])
})

test('receipts say who held how much since when', () => {
  expect(third.receipts.map(({ nation, size, timeMs }) => [nation, size, timeMs - T])).toEqual([
    ['AAA', 9, 150_000],
    ['CCC', 9, 250_000],
    ['DDD', 9, 350_000],
  ])
})

test('what stands is told with the time at which a quorum had it, and what holds whatever becomes of Ed25519', () => {
  // of three witnesses two are a quorum, since none of them may lie
  expect(third.standing).toEqual({
    limit: undefined,
    reason: 'open',
    alarms: [],
    conflicts: [],
    checkpointSize: 9,
    quorate: { size: 9, root: toHex(treeOf(plain, 9).root), timeMs: T + 250_000 },
    postQuantum: { size: 9, timeMs: T + 90_000 },
  })
  expect(first.standing?.quorate).toMatchObject({ size: 12, timeMs: T + 200_000 })
  expect(first.standing?.postQuantum).toBeUndefined()
})

test('every document is told with what it changed', () => {
  expect(result.story.map(({ document, nation, version }) => `${document} ${nation}${version}`)).toEqual(
    expect.arrayContaining(['registry 1', 'registry 2', 'registry 3', 'nation AAA1', 'nation DDD1']),
  )
})
