import { EMPTY } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { encodeEnvelope, KIND, parseEnvelope } from '../wire/entry.ts'
import type { Reads, Writes } from './database.ts'
import type { Draft } from './draft.ts'
import { misuse } from './failures.ts'
import { epochKey, itemIdKey, latin1, placeKey, SPACE, tombstoneKey } from './keys.ts'
import type { LogState } from './log-state.ts'
import type { EntryPosition } from './store.ts'
import type { StoredTombstone } from './tombstone.ts'
import { encodeTombstone, nameOf } from './tombstones.ts'

/** What an erasure does to the opened items. */
export interface Touched {
  /** Ids of which something shows that is to hide, or the other way round. */
  readonly idKeys: readonly Uint8Array[]
  /** Entries whose items go. */
  readonly purged: readonly { readonly log: LogState; readonly seq: number }[]
}

/** TOMBSTONEs that are new here, or about which something else is known now. */
export async function writeTombstones(
  tombstones: readonly StoredTombstone[],
  draft: Draft,
  db: Reads,
  writes: Writes,
): Promise<Touched> {
  const named: EntryPosition[] = []
  for (const tombstone of tombstones) {
    const { target, by } = tombstone
    const author = draft.log(by.logId)
    if (author === undefined || by.seq >= author.head.size) throw misuse('a tombstone that is not held')
    const others = draft.tombstones.of(target).filter(other => nameOf(other.by) !== nameOf(by))
    draft.tombstones.set(target, [...others, tombstone])
    writes.push([tombstoneKey(target.logId, target.seq, author.number, by.seq), encodeTombstone(tombstone)])
    named.push(target)
  }
  return { idKeys: (await openedFrom(named, draft, db)).flat(), purged: [] }
}

/** What a log that goes back to `size` entries does not say any more. */
export function dropTombstones(author: LogState, size: number, draft: Draft, writes: Writes): void {
  const name = latin1(author.head.logId)
  const gone = [...draft.tombstones.all()].filter(({ by }) => by.seq >= size && latin1(by.logId) === name)
  for (const { target, by } of gone) {
    const left = draft.tombstones.of(target).filter(other => nameOf(other.by) !== nameOf(by))
    draft.tombstones.set(target, left)
    writes.push([tombstoneKey(target.logId, target.seq, author.number, by.seq), undefined])
  }
}

/** Takes the body of each entry, and that it waits for a grant; what was opened from it is for the caller to take. */
export async function writePurges(
  entries: readonly EntryPosition[],
  draft: Draft,
  db: Reads,
  writes: Writes,
): Promise<Touched> {
  const purged = entries.map(({ logId, seq }) => {
    const log = draft.log(logId)
    if (log === undefined || seq >= log.head.size) throw misuse('an entry that is not held is to be destroyed', { seq })
    return { log, seq }
  })
  const keys = purged.map(({ log, seq }) => placeKey(SPACE.entries, log.number, seq))
  const held = await db.getMany(keys)
  for (const [i, { log, seq }] of purged.entries()) {
    const bytes = held[i]
    if (bytes === undefined) throw misuse('an entry that is not held is to be destroyed', { seq })
    const entry = parseEnvelope(bytes)
    const { kind, epochId } = entry.header
    if (kind !== KIND.BATCH) throw misuse('nothing but a BATCH is destroyed', { seq, kind })
    writes.push([keys[i]!, encodeEnvelope({ ...entry, body: EMPTY })])
    if (epochId.length > 0) await dropWaiting(epochKey(SPACE.waiting, epochId, log.number, seq), draft, db, writes)
  }
  const opened = await openedFrom(entries, draft, db)
  for (const { log, seq } of purged) writes.push([placeKey(SPACE.opened, log.number, seq), undefined])
  return { idKeys: opened.flat(), purged }
}

async function dropWaiting(key: Uint8Array, draft: Draft, db: Reads, writes: Writes): Promise<void> {
  const [waits] = await db.hasMany([key])
  if (!waits) return
  writes.push([key, undefined])
  draft.removed.add(latin1(key))
  draft.counts.waiting--
}

const ID_BYTES = 16

/** Keys of what is held under the ids that were opened from each of these entries. */
async function openedFrom(entries: readonly EntryPosition[], draft: Draft, db: Reads): Promise<Uint8Array[][]> {
  const logs = entries.flatMap(({ logId, seq }) => {
    const log = draft.log(logId)
    return log === undefined ? [] : [{ nation: log.head.nation, key: placeKey(SPACE.opened, log.number, seq) }]
  })
  const records = await db.getMany(logs.map(({ key }) => key))
  return logs.map(({ nation }, i) => idKeysOf(nation, records[i] ?? EMPTY))
}

function idKeysOf(nation: NationId, ids: Uint8Array): Uint8Array[] {
  const keys: Uint8Array[] = []
  for (let at = 0; at < ids.length; at += ID_BYTES) keys.push(itemIdKey(nation, ids.subarray(at, at + ID_BYTES)))
  return keys
}
