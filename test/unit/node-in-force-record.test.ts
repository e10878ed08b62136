import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import {
  agedPins,
  decodeInForce,
  encodeInForce,
  type InForceRecord,
  NO_RECORD,
  observeInForce,
} from '../../src/node/knowledge/in-force-record.ts'
import type { Directory } from '../../src/registry/directory.ts'

const HOUR_MS = 3_600_000
const DAYS_30 = 30 * 24

type Seen = Pick<Directory, 'registry' | 'chain'>

/** The chain of these versions, named `1a 2a …`; the last is in force. */
function chainOf(...names: string[]): Seen {
  const chain = names.map(name => ({
    version: Number.parseInt(name, 10),
    hash: toHex(sha256(new TextEncoder().encode(name))),
  })) as unknown as Directory['chain']
  return { chain, registry: chain.at(-1)! }
}

/** After that many hours, each looked at once. */
function run(record: InForceRecord, seen: Seen, hours: number, stepMs = HOUR_MS): InForceRecord {
  let next = record
  for (let i = 0; i < hours; i++) next = observeInForce(next, seen, stepMs)
  return next
}

const first = observeInForce(NO_RECORD, chainOf('1a'), 0)
const versionsOf = (record: InForceRecord) => agedPins(record).map(pin => pin.version)

describe('R-1.5: what was in force here for 30 days is a pin', () => {
  test('from the thirtieth day on, and not before', () => {
    expect(versionsOf(run(first, chainOf('1a'), DAYS_30 - 1))).toEqual([])
    expect(versionsOf(run(first, chainOf('1a'), DAYS_30))).toEqual([1])
  })

  test('it counts from when the version came, though others follow it every day', () => {
    let record = first
    const names = ['1a']
    for (let day = 1; day <= 40; day++) {
      names.push(`${day + 1}a`)
      record = run(record, chainOf(...names), 24)
    }
    // Version 2 came after one look; version 11 is 30 days old.
    expect(versionsOf(record)).toEqual([11])
  })

  test('a version that was replaced by its sibling begins anew when it comes back', () => {
    const second = run(first, chainOf('1a', '2a'), DAYS_30 - 10)
    const replaced = run(second, chainOf('1a', '2b'), 20)
    expect(versionsOf(replaced)).toEqual([1])
    expect(versionsOf(run(replaced, chainOf('1a', '2a'), DAYS_30 - 1))).toEqual([1])
    expect(versionsOf(run(replaced, chainOf('1a', '2a'), DAYS_30 + 1))).toEqual([2])
  })

  test('a pin stays one though the registry in force is another, until that is as old', () => {
    const pinned = run(first, chainOf('1a', '2a'), DAYS_30 + 1)
    expect(versionsOf(pinned)).toEqual([2])
    const aside = run(pinned, chainOf('1a', '2b', '3b'), DAYS_30 - 1)
    expect(versionsOf(aside)).toEqual([2])
    expect(versionsOf(run(aside, chainOf('1a', '2b', '3b'), 2))).toEqual([3])
  })

  test('a clock that is set back for years unpins nothing and makes nothing young', () => {
    const pinned = run(first, chainOf('1a'), DAYS_30)
    const back = observeInForce(pinned, chainOf('1a'), -10 * 365 * 24 * HOUR_MS)
    expect(versionsOf(back)).toEqual([1])
    const half = observeInForce(run(first, chainOf('1a'), DAYS_30 / 2), chainOf('1a'), -1000 * HOUR_MS)
    expect(versionsOf(run(half, chainOf('1a'), DAYS_30 / 2))).toEqual([1])
  })

  test('a clock that is set ahead for years pins nothing', () => {
    expect(versionsOf(observeInForce(first, chainOf('1a'), 10 * 365 * 24 * HOUR_MS))).toEqual([])
  })

  test('the record keeps its size however often the registry changes, and is read back as it was written', () => {
    let record = first
    const names = ['1a']
    for (let version = 2; version <= 1200; version++) {
      names.push(`${version}a`)
      record = observeInForce(record, chainOf(...names), 1)
    }
    expect(record.versions).toHaveLength(1024)
    expect(decodeInForce(encodeInForce(record))).toEqual(record)
    const pinned = run(record, chainOf(...names), DAYS_30)
    expect(versionsOf(pinned)).toEqual([1024])
    expect(pinned.versions.map(each => each.version)).toEqual([1024, 1200])
  })
})
