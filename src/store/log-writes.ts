import { equalBytes } from '../base/bytes.ts'
import type { Hash } from '../base/ids.ts'
import type { LogHead } from '../chain/log-head.ts'
import { TILE_LEVELS } from '../merkle/proof-source.ts'
import { encodeEnvelope, parseEnvelope } from '../wire/entry.ts'
import { type Range, type Reads, type Writes, wholeSpace } from './database.ts'
import type { Draft } from './draft.ts'
import { damaged, misuse } from './failures.ts'
import { branchKey, latin1, logKey, nodeKey, placeKey, readU32, readU64, SPACE } from './keys.ts'
import { encodeLogState, type LogState, newLogState, standingOf } from './log-state.ts'
import type { LogChange, TreeNode } from './store.ts'
import { dropTombstones } from './tombstone-writes.ts'

/** What one log change works with. */
interface Work {
  readonly change: LogChange
  readonly draft: Draft
  readonly db: Reads
  readonly writes: Writes
}

/** Rewinds are the business of stolen keys: more of them than this in one log is a fault here. */
const FORKS_MAX = 1024

export async function writeLogs(changes: readonly LogChange[], draft: Draft, db: Reads, writes: Writes): Promise<void> {
  if (new Set(changes.map(({ logId }) => latin1(logId))).size < changes.length) throw misuse('two changes of one log')
  for (const change of changes) {
    const work: Work = { change, draft, db, writes }
    let state = draft.log(change.logId) ?? firstState(work)
    state = await rewound(state, work)
    state = appended(state, work)
    await writeBodies(state, work)
    state = marked(state, work)
    draft.setLog(await withStanding(state, work))
  }
}

/** After all else that may change a log: once each. */
export function writeLogRecords(draft: Draft, writes: Writes): void {
  for (const state of draft.changedLogs) writes.push([logKey(state.number), encodeLogState(state)])
}

function firstState({ change, draft }: Work): LogState {
  if (change.head === undefined) throw misuse('a change of a log that is not held')
  return newLogState(draft.logCount, change.head)
}

function appended(state: LogState, { change, writes }: Work): LogState {
  const { append = [], head } = change
  if (append.length === 0) return state
  const last = append.at(-1)!
  if (head === undefined || head.size !== state.head.size + append.length || !equalBytes(head.leaf, last.leaf)) {
    throw misuse('the head given is not that of the log after the entries given', { size: state.head.size })
  }
  if (state.head.closed) throw misuse('nothing follows a CLOSE', { size: state.head.size })
  let { size: seq, leaf } = state.head
  let { unverifiedFrom } = state
  for (const entry of append) {
    const follows = entry.header.seq === seq && (seq === 0 || equalBytes(entry.prev, leaf))
    if (!follows || !equalBytes(entry.logId, change.logId)) throw misuse('an entry that does not follow', { seq })
    if (!entry.signatureChecked && unverifiedFrom === null) unverifiedFrom = seq
    writes.push([placeKey(SPACE.entries, state.number, seq), encodeEnvelope(entry)])
    leaf = entry.leaf
    seq++
  }
  writeNodes(state.number, state.head.size, head, change.nodes ?? [], writes)
  return { ...state, head, unverifiedFrom }
}

/** Every complete subtree of level 8, 16 … that the new entries filled must be among `nodes`: proofs rely on it. */
function writeNodes(log: number, sizeBefore: number, head: LogHead, nodes: readonly TreeNode[], writes: Writes): void {
  const stored = nodes.filter(({ level }) => isStoredLevel(level))
  let expected = 0
  for (let width = 2 ** TILE_LEVELS; width <= head.size; width *= 2 ** TILE_LEVELS) {
    expected += Math.floor(head.size / width) - Math.floor(sizeBefore / width)
  }
  if (stored.length !== expected) {
    throw misuse(`${stored.length} tree nodes given where ${expected} became complete`, { size: head.size })
  }
  for (const { level, index, hash } of stored) writes.push([nodeKey(log, level, index), hash])
}

function isStoredLevel(level: number): boolean {
  return level > 0 && level % TILE_LEVELS === 0
}

/** the entries behind become a branch, and what was indexed of them goes. */
async function rewound(state: LogState, work: Work): Promise<LogState> {
  const { draft, db, writes, change } = work
  if (change.rewind === undefined) return state
  const { size } = change.rewind
  if (size < 1 || size >= state.head.size || state.forks.length >= FORKS_MAX) {
    throw misuse('a log goes back to a shorter one that has its GENESIS', { size, held: state.head.size })
  }
  let moved = 0
  for await (const chunk of db.scan(entryRange(state.number, size))) {
    for (const [key, value] of chunk) {
      const { leaf } = parseEnvelope(value)
      writes.push([key, undefined], [branchKey(state.number, readU64(key, 5), leaf), value])
      moved++
    }
  }
  if (moved !== state.head.size - size)
    throw damaged(`${state.head.size - size} entries were to be there, ${moved} are`)
  removeNodes(state, size, writes)
  dropTombstones(state, size, draft, writes)
  draft.counts.waiting -= await removeFrom(SPACE.waiting, state.number, size, work)
  draft.counts.outbox -= await removeFrom(SPACE.outbox, state.number, size, work)
  await removeFrom(SPACE.grants, state.number, size, work)
  if (state.projected > size) draft.markStale()
  return {
    ...state,
    head: change.rewind,
    forks: [...state.forks, size],
    projected: Math.min(state.projected, size),
    unverifiedFrom: state.unverifiedFrom === null || state.unverifiedFrom >= size ? null : state.unverifiedFrom,
    branchEntries: state.branchEntries + moved,
  }
}

function removeNodes(state: LogState, size: number, writes: Writes): void {
  for (let level = TILE_LEVELS; 2 ** level <= state.head.size; level += TILE_LEVELS) {
    const count = Math.floor(state.head.size / 2 ** level)
    for (let i = Math.floor(size / 2 ** level); i < count; i++)
      writes.push([nodeKey(state.number, level, i), undefined])
  }
}

/** Keys of these spaces end with a log number and a seq. Answers how many went. */
async function removeFrom(space: number, log: number, size: number, { db, writes, draft }: Work): Promise<number> {
  let removed = 0
  for await (const chunk of db.scan(wholeSpace(space))) {
    for (const [key] of chunk) {
      const place = key.length - 12
      if (readU32(key, place) !== log || readU64(key, place + 4) < size) continue
      writes.push([key, undefined])
      draft.removed.add(latin1(key))
      removed++
    }
  }
  return removed
}

async function writeBodies(state: LogState, { change, db, writes }: Work): Promise<void> {
  const { bodies = [] } = change
  const keys = bodies.map(entry => placeKey(SPACE.entries, state.number, entry.header.seq))
  const held = await db.getMany(keys)
  for (const [i, entry] of bodies.entries()) {
    const bytes = held[i]
    if (bytes === undefined || !equalBytes(parseEnvelope(bytes).leaf, entry.leaf)) {
      throw misuse('a body for an entry that is not held', { seq: entry.header.seq })
    }
    writes.push([keys[i]!, encodeEnvelope(entry)])
  }
}

function marked(state: LogState, { change, draft }: Work): LogState {
  const { projected = state.projected, limit = state.limit } = change
  const { unverifiedFrom = state.unverifiedFrom } = change
  if (projected > state.head.size) throw misuse('projected beyond the log', { projected, size: state.head.size })
  if (limit !== state.limit && Math.min(limit, state.limit) < state.projected) draft.markStale()
  return { ...state, projected, limit, unverifiedFrom }
}

async function withStanding(state: LogState, work: Work): Promise<LogState> {
  const { head, limit } = state
  if (limit < head.size && limit === state.standing.size && work.change.rewind === undefined) return state
  if (limit >= head.size) return { ...state, standing: standingOf(head, limit, head.leaf) }
  if (limit === 0) return { ...state, standing: standingOf(head, limit, state.standing.head) }
  return { ...state, standing: standingOf(head, limit, await leafBefore(limit, state, work)) }
}

async function leafBefore(limit: number, state: LogState, { change, db }: Work): Promise<Hash> {
  const given = change.append?.find(entry => entry.header.seq === limit - 1)
  if (given !== undefined) return given.leaf
  const bytes = await db.get(placeKey(SPACE.entries, state.number, limit - 1))
  if (bytes === undefined) throw damaged(`entry ${limit - 1} of a log is not there`)
  return parseEnvelope(bytes).leaf
}

export function entryRange(log: number, from: number, to?: number): Range {
  const end = to === undefined ? placeKey(SPACE.entries, log + 1, 0) : placeKey(SPACE.entries, log, to)
  return { from: placeKey(SPACE.entries, log, from), to: end }
}
