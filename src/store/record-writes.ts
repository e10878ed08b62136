import { EMPTY } from '../base/bytes.ts'
import type { LogId } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import { encodeEnvelope } from '../wire/entry.ts'
import { DocumentRecord } from '../wire/gen/store.ts'
import { BRANCH_ENTRIES_MAX } from './caps.ts'
import type { Reads, Writes } from './database.ts'
import type { Draft } from './draft.ts'
import { misuse } from './failures.ts'
import { branchKey, epochKey, intentKey, latin1, nameKey, placeKey, queueKey, SPACE, spaceKey } from './keys.ts'
import type { LogState } from './log-state.ts'
import type { Changes, EntryPosition, EpochPosition, StoreBatch, StoredDocument, StoredEvidence } from './store.ts'

export interface RecordsOutcome {
  readonly queued: readonly number[]
  readonly branchesRefused: number
}

/** All spaces that are no log and no item: each is a set of keys, some of them counted. */
export async function writeRecords(
  batch: StoreBatch,
  draft: Draft,
  db: Reads,
  writes: Writes,
): Promise<RecordsOutcome> {
  const space = new SpaceWriter(draft, db, writes)
  const { counts } = draft
  counts.documents += await space.change(documentRecords(SPACE.documents, batch.documents))
  counts.evidence += await space.change(documentRecords(SPACE.evidence, batch.evidence))
  counts.waiting += await space.change(epochRecords(SPACE.waiting, batch.waiting, draft))
  counts.outbox += await space.change(outboxRecords(batch.outbox, draft))
  await space.change(epochRecords(SPACE.grants, batch.grants, draft))
  await space.change(intentRecords(batch.intents))
  await space.change(heldRecords(batch.held))
  writeNotes(batch.notes, writes)

  const queue = queueRecords(batch.queue, draft)
  counts.queued += await space.change(queue)
  const branchesRefused = await writeBranches(batch.branches, draft, space)
  return { queued: queue.numbers, branchesRefused }
}

interface KeyChanges {
  readonly add: readonly (readonly [key: Uint8Array, value: Uint8Array])[]
  readonly remove: readonly Uint8Array[]
}

class SpaceWriter {
  readonly #draft: Draft
  readonly #db: Reads
  readonly #writes: Writes
  /** What this commit has already made of a key. */
  readonly #present = new Map<string, boolean>()

  constructor(draft: Draft, db: Reads, writes: Writes) {
    this.#draft = draft
    this.#db = db
    this.#writes = writes
  }

  /** Removes, then adds. Answers by how many keys the space grows, whatever was said twice or was there already. */
  async change({ add, remove }: KeyChanges): Promise<number> {
    if (add.length + remove.length === 0) return 0
    const keys = [...remove, ...add.map(([key]) => key)]
    const held = await this.#db.hasMany(keys)
    const names = keys.map(latin1)
    const present = new Set(names.filter((name, i) => this.#isPresent(name, held[i]!)))
    const before = present.size
    remove.forEach((key, i) => {
      present.delete(names[i]!)
      this.#writes.push([key, undefined])
    })
    add.forEach(([key, value], i) => {
      present.add(names[remove.length + i]!)
      this.#writes.push([key, value])
    })
    for (const name of names) this.#present.set(name, present.has(name))
    return present.size - before
  }

  #isPresent(name: string, held: boolean): boolean {
    return this.#present.get(name) ?? (held && !this.#draft.removed.has(name))
  }
}

function documentRecords(
  space: number,
  changes: Changes<StoredDocument | StoredEvidence, Uint8Array> = {},
): KeyChanges {
  return {
    add: (changes.add ?? []).map(({ type, hash, bytes }) => [
      spaceKey(space, hash),
      encode(DocumentRecord, { type, bytes }),
    ]),
    remove: (changes.remove ?? []).map(hash => spaceKey(space, hash)),
  }
}

function epochRecords(space: number, changes: Changes<EpochPosition, EpochPosition> = {}, draft: Draft): KeyChanges {
  const key = ({ epochId, logId, seq }: EpochPosition) => epochKey(space, epochId, numberOf(logId, draft), seq)
  return { add: (changes.add ?? []).map(place => [key(place), EMPTY]), remove: (changes.remove ?? []).map(key) }
}

function outboxRecords(changes: Changes<EntryPosition, EntryPosition> = {}, draft: Draft): KeyChanges {
  const key = ({ logId, seq }: EntryPosition) => placeKey(SPACE.outbox, numberOf(logId, draft), seq)
  return { add: (changes.add ?? []).map(place => [key(place), EMPTY]), remove: (changes.remove ?? []).map(key) }
}

/** By log id: the first intent of a log is there before the log is. */
function intentRecords(changes: NonNullable<StoreBatch['intents']> = {}): KeyChanges {
  return {
    add: (changes.add ?? []).map(({ logId, seq, bytes }) => [intentKey(logId, seq), bytes]),
    remove: (changes.remove ?? []).map(({ logId, seq }) => intentKey(logId, seq)),
  }
}

function heldRecords(changes: NonNullable<StoreBatch['held']> = {}): KeyChanges {
  return {
    add: (changes.add ?? []).map(({ id, bytes }) => [spaceKey(SPACE.held, id), bytes]),
    remove: (changes.remove ?? []).map(id => spaceKey(SPACE.held, id)),
  }
}

function queueRecords(
  changes: NonNullable<StoreBatch['queue']> = {},
  draft: Draft,
): KeyChanges & { numbers: number[] } {
  const numbers = (changes.add ?? []).map(() => draft.nextQueueNumber++)
  return {
    numbers,
    add: (changes.add ?? []).map((bytes, i) => [queueKey(numbers[i]!), bytes]),
    remove: (changes.remove ?? []).map(queueKey),
  }
}

function writeNotes(notes: StoreBatch['notes'], writes: Writes): void {
  for (const [name, value] of notes ?? []) {
    writes.push([nameKey(SPACE.notes, name), value.length === 0 ? undefined : value])
  }
}

async function writeBranches(changes: StoreBatch['branches'] = {}, draft: Draft, space: SpaceWriter): Promise<number> {
  let refused = 0
  for (const { logId, seq, leaf } of changes.remove ?? []) {
    const log = stateOf(logId, draft)
    const grown = await space.change({ add: [], remove: [branchKey(log.number, seq, leaf)] })
    draft.setLog({ ...log, branchEntries: log.branchEntries + grown })
  }
  for (const entry of changes.add ?? []) {
    const log = stateOf(entry.logId, draft)
    if (log.branchEntries >= BRANCH_ENTRIES_MAX) {
      refused++
      continue
    }
    const key = branchKey(log.number, entry.header.seq, entry.leaf)
    const grown = await space.change({ add: [[key, encodeEnvelope(entry)]], remove: [] })
    draft.setLog({ ...log, branchEntries: log.branchEntries + grown })
  }
  return refused
}

function numberOf(logId: LogId, draft: Draft): number {
  return stateOf(logId, draft).number
}

function stateOf(logId: LogId, draft: Draft): LogState {
  const state = draft.log(logId)
  if (state === undefined) throw misuse('a record about a log that is not held')
  return state
}
