import { EMPTY } from '../base/bytes.ts'
import { type Hash, parseHash, parseLogId, parseNationId } from '../base/ids.ts'
import type { Predecessor } from '../chain/genesis.ts'
import type { LogHead } from '../chain/log-head.ts'
import { decodeCompactRange, encodeCompactRange } from '../merkle/compact-range.ts'
import { decodeLoose, encode } from '../wire/codec.ts'
import { LogRecord } from '../wire/gen/store.ts'
import { type StoredLog, UNLIMITED } from './store.ts'

/** A log as it is held in memory. */
export interface LogState extends StoredLog {
  /** What keys call it. */
  readonly number: number
  /** Seq at which branch 1, 2 … took the place of what was there: one a rewind. */
  readonly forks: readonly number[]
}

export function newLogState(number: number, head: LogHead): LogState {
  const standing = { logId: head.logId, size: 0, head: head.leaf }
  const marks = { limit: UNLIMITED, unverifiedFrom: null, projected: 0, branchEntries: 0 }
  return { number, head: { ...head, size: 0, closed: false }, standing, forks: [], ...marks }
}

/** The branch that an entry appended now belongs to. */
export function branchOf(state: LogState): number {
  return state.forks.length
}

export function encodeLogState({
  head,
  standing,
  limit,
  unverifiedFrom,
  projected,
  branchEntries,
  forks,
}: LogState): Uint8Array {
  return encode(LogRecord, {
    logId: head.logId,
    nation: head.nation,
    signPk: head.signPk,
    incarnation: head.incarnation,
    genesisRegistryVersion: head.genesisRegistryVersion,
    predecessorLog: head.predecessor?.logId ?? EMPTY,
    predecessorSize: head.predecessor?.size ?? 0,
    predecessorRoot: head.predecessor?.root ?? EMPTY,
    size: head.size,
    leaf: head.leaf,
    closed: head.closed ? 1 : 0,
    registryVersion: head.registryVersion,
    timeMs: head.timeMs,
    tree: encodeCompactRange(head.tree),
    unverifiedPlus1: unverifiedFrom === null ? 0 : unverifiedFrom + 1,
    projected,
    limitPlus1: limit === UNLIMITED ? 0 : limit + 1,
    standingLeaf: standing.size < head.size && standing.size > 0 ? standing.head : EMPTY,
    forks,
    branchEntries,
  })
}

export function decodeLogState(number: number, bytes: Uint8Array): LogState {
  const record = decodeLoose(LogRecord, bytes, false)
  const head = headOf(record)
  const limit = record.limitPlus1 === 0 ? UNLIMITED : record.limitPlus1 - 1
  const standingHead = record.standingLeaf.length > 0 ? parseHash(record.standingLeaf) : head.leaf
  return {
    number,
    head,
    standing: standingOf(head, limit, standingHead),
    limit,
    unverifiedFrom: record.unverifiedPlus1 === 0 ? null : record.unverifiedPlus1 - 1,
    projected: record.projected,
    branchEntries: record.branchEntries,
    forks: record.forks,
  }
}

export function standingOf(head: LogHead, limit: number, leaf: Hash): LogState['standing'] {
  return { logId: head.logId, size: Math.min(head.size, limit), head: leaf }
}

function headOf(record: LogRecord): LogHead {
  return {
    logId: parseLogId(record.logId),
    nation: parseNationId(record.nation),
    signPk: record.signPk,
    incarnation: record.incarnation,
    genesisRegistryVersion: record.genesisRegistryVersion,
    predecessor: predecessorOf(record),
    size: record.size,
    leaf: parseHash(record.leaf),
    closed: record.closed === 1,
    registryVersion: record.registryVersion,
    timeMs: record.timeMs,
    tree: decodeCompactRange(record.tree),
  }
}

function predecessorOf({ predecessorLog, predecessorSize, predecessorRoot }: LogRecord): Predecessor | undefined {
  if (predecessorLog.length === 0) return undefined
  return { logId: parseLogId(predecessorLog), size: predecessorSize, root: parseHash(predecessorRoot) }
}
