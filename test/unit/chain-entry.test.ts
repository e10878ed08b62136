import { describe, expect, test } from 'vitest'
import { EMPTY, toHex } from '../../src/base/bytes.ts'
import { StoreError } from '../../src/base/errors.ts'
import type { Hash } from '../../src/base/ids.ts'
import { checkNext } from '../../src/chain/append.ts'
import { buildFrontier, frontierDigest } from '../../src/chain/frontier.ts'
import { buildGenesis, parseGenesis, positionKey } from '../../src/chain/genesis.ts'
import type { LogHead } from '../../src/chain/log-head.ts'
import { buildCloseBody } from '../../src/chain/next-entry.ts'
import {
  type VerifiedEntry,
  verifyEntry,
  verifyEntryAsync,
  verifyGenesis,
  verifyRange,
} from '../../src/chain/verify-entry.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { verifyEd25519Async } from '../../src/crypto/ed25519-native.ts'
import { rangeRoot } from '../../src/merkle/compact-range.ts'
import { rootOf } from '../../src/merkle/tree-hash.ts'
import { encode } from '../../src/wire/codec.ts'
import { entrySignatureInput, KIND, parseEntry } from '../../src/wire/entry.ts'
import { EntryHeader } from '../../src/wire/gen/tocsin.ts'
import {
  alliance,
  bareDraft,
  batchOf,
  bytesOf,
  checkpointOf,
  contextOf,
  grow,
  leavesOf,
  logOf,
  openLog,
  type TestLog,
  withBadSignature,
} from '../support/chain-fixture.ts'

function verifyAll({ entries }: TestLog, context = contextOf(openLog())): VerifiedEntry[] {
  const first = verifyGenesis(entries[0]!, context)
  return [first, ...entries.slice(1).map(entry => verifyEntry(entry, first.log, context))]
}

function appendAll(entries: readonly VerifiedEntry[]): LogHead {
  let head: LogHead | undefined
  for (const entry of entries) {
    const outcome = checkNext(head, entry, seq => entries[seq]!.leaf)
    if (outcome.kind !== 'append') throw new Error(outcome.kind)
    head = outcome.head
  }
  return head as LogHead
}

describe('the head of a log', () => {
  test('carries its identity, its last leaf and its tree', () => {
    const log = logOf(7)
    const head = appendAll(verifyAll(log))
    expect(head).toMatchObject({ ...log.identity, size: 7, leaf: log.entries[6]!.leaf, closed: false })
    expect(rangeRoot(head.tree)).toEqual(rootOf(leavesOf(log.entries)))
  })

  test('remembers the highest registry version and the latest time, not the last', () => {
    const late = { ...batchOf('late'), registryVersion: 9, timeMs: 2_000_000_000_000 }
    const head = appendAll(verifyAll(grow(openLog(), late, batchOf('early'))))
    expect(head).toMatchObject({ registryVersion: 9, timeMs: 2_000_000_000_000 })
  })

  test('takes neither from a header version that this one does not know', () => {
    const log = openLog()
    const { prev, logId } = { prev: log.entries[0]!.leaf, logId: log.identity.logId }
    const fields = { ...EntryHeader.empty(), version: 2, logId, seq: 1, prev, kind: 99, bodyHash: bytesOf('body') }
    const header = encode(EntryHeader, { ...fields, registryVersion: 1_000_000, timeMs: 9_000_000_000_000 })
    const signature = log.signer.sign(entrySignatureInput(alliance, header))
    const entry = parseEntry({ header, signature, body: EMPTY })
    const head = appendAll(verifyAll({ ...log, entries: [log.entries[0]!, entry] }))
    expect(head).toMatchObject({ size: 2, registryVersion: 3, timeMs: log.entries[0]!.header.timeMs })
  })

  test('is closed by the header of a CLOSE alone, its body there or not', () => {
    const log = grow(openLog(), bareDraft(KIND.CLOSE, buildCloseBody(1, undefined)), batchOf('after'))
    const entries = verifyAll(log)
    const head = appendAll([entries[0]!, { ...entries[1]!, body: EMPTY }])
    expect(head.closed).toBe(true)
    expect(checkNext(head, entries[2]!, () => entries[0]!.leaf)).toMatchObject({
      kind: 'refused',
      code: 'entry-after-close',
    })
  })

  test('is never held against an entry of another log', () => {
    const other = openLog({ nation: 'BBB' })
    const [entry] = verifyAll(other, contextOf(other))
    expect(() => checkNext(appendAll(verifyAll(logOf(2))), entry!, () => entry!.leaf)).toThrow(StoreError)
  })

  test('tells each subtree that became complete', () => {
    const told: string[] = []
    let head: LogHead | undefined
    for (const entry of verifyAll(logOf(8))) {
      const outcome = checkNext(
        head,
        entry,
        () => entry.leaf,
        (level, index) => told.push(`${level}/${index}`),
      )
      if (outcome.kind === 'append') head = outcome.head
    }
    expect(told).toEqual(['1/0', '1/1', '2/0', '1/2', '1/3', '2/1', '3/0'])
  })
})

describe('verifying', () => {
  test('says of an entry under a checkpoint that its signature is still owed', () => {
    const log = logOf(3)
    const outcome = verifyRange({ entries: log.entries, path: [] }, checkpointOf(log), log.identity, alliance)
    if (outcome.kind !== 'verified') throw new Error(outcome.kind)
    expect(outcome.entries.map(entry => entry.signatureChecked)).toEqual([false, false, false])
    expect(verifyAll(log).every(entry => entry.signatureChecked)).toBe(true)
  })

  test('refuses a range without entries and one of more than 256', () => {
    const log = openLog()
    const many = Array.from({ length: 257 }, () => log.entries[0]!)
    for (const entries of [[], many]) {
      const work = () => verifyRange({ entries, path: [] }, checkpointOf(log), log.identity, alliance)
      expect(work).toThrow(expect.objectContaining({ code: 'range-not-contiguous' }))
    }
  })

  test('on the thread pool finds the same as at once', async () => {
    const [, entry] = logOf(2).entries
    const { identity } = openLog()
    const verified = await verifyEntryAsync(entry!, identity, alliance, verifyEd25519Async)
    expect(verified).toEqual(verifyEntry(entry!, identity, { allianceId: alliance, verify: verifyEd25519 }))
    const bad = verifyEntryAsync(withBadSignature(entry!), identity, alliance, verifyEd25519Async)
    await expect(bad).rejects.toMatchObject({ code: 'entry-signature-invalid' })
  })
})

describe('a genesis', () => {
  test('reads back as it was built, predecessor included', () => {
    const predecessor = { logId: openLog().identity.logId, size: 9, root: bytesOf('root') }
    const genesis = { ...parseGenesis(openLog().entries[0]!.body), incarnation: 2, predecessor }
    expect(parseGenesis(buildGenesis(genesis))).toEqual(genesis)
  })

  test('is never built where nobody would take it', () => {
    const genesis = parseGenesis(openLog().entries[0]!.body)
    expect(() => buildGenesis({ ...genesis, incarnation: 65 })).toThrow(
      expect.objectContaining({ code: 'genesis-invalid' }),
    )
  })

  test('holds the position of its key and incarnation, whatever its nonce', () => {
    const other = openLog({ genesis: { nonce: bytesOf('other').subarray(0, 16) } })
    expect(toHex(other.identity.logId)).not.toBe(toHex(openLog().identity.logId))
    expect(positionKey(other.identity)).toBe(positionKey(openLog().identity))
  })
})

test('a frontier is sorted, leaves out what holds nothing, and its digest changes with every part of it', () => {
  const heads = ['AAA', 'BBB', 'CCC'].map(nation => logOf(2, 'main', 2, { nation }))
  const all = heads.map(({ identity, entries }) => ({ logId: identity.logId, size: 2, head: entries[1]!.leaf }))
  const empty = { ...all[0]!, logId: openLog({ nation: 'DDD' }).identity.logId, size: 0 }
  const frontier = buildFrontier([...all, empty])
  expect(frontier).toHaveLength(3)
  expect(buildFrontier(all.toReversed())).toEqual(frontier)
  const digests = [
    frontier,
    frontier.slice(1),
    frontier.with(0, { ...frontier[0]!, size: 3 }),
    frontier.with(0, { ...frontier[0]!, head: bytesOf('head') as Hash }),
    [],
  ].map(list => toHex(frontierDigest(list)))
  expect(new Set(digests).size).toBe(5)
})
