import { type LogId, parseLogId } from '../base/ids.ts'
import type { LogHead } from '../chain/log-head.ts'
import { decodeLoose, encode } from '../wire/codec.ts'
import { TombstoneRecord } from '../wire/gen/store.ts'
import { type Reads, wholeSpace } from './database.ts'
import { damaged } from './failures.ts'
import { latin1, readU32, readU64, SPACE } from './keys.ts'
import type { LogState } from './log-state.ts'
import type { EntryPosition } from './store.ts'
import type { StoredTombstone, Tombstone } from './tombstone.ts'

/** What TOMBSTONEs name, held in memory: whether one stands hangs on the limit of its log, which moves. */
export interface Tombstones {
  readonly size: number
  of(target: EntryPosition): readonly StoredTombstone[]
  all(): IteratorObject<StoredTombstone>
}

/** What of the logs decides whether a tombstone stands. */
export interface LogStates {
  log(logId: LogId): LogState | undefined
}

export class TombstoneTable implements Tombstones {
  readonly #byTarget = new Map<string, readonly StoredTombstone[]>()
  size = 0

  of(target: EntryPosition): readonly StoredTombstone[] {
    return this.#byTarget.get(nameOf(target)) ?? []
  }

  *all(): Generator<StoredTombstone> {
    for (const list of this.#byTarget.values()) yield* list
  }

  set(target: EntryPosition, list: readonly StoredTombstone[]): void {
    this.size += list.length - this.of(target).length
    if (list.length === 0) this.#byTarget.delete(nameOf(target))
    else this.#byTarget.set(nameOf(target), list)
  }
}

/** The table as a commit is about to make it. */
export class TombstoneDraft implements Tombstones {
  readonly #before: Tombstones
  readonly #changed = new Map<string, { readonly target: EntryPosition; readonly list: readonly StoredTombstone[] }>()
  size: number

  constructor(before: Tombstones) {
    this.#before = before
    this.size = before.size
  }

  get before(): Tombstones {
    return this.#before
  }

  of(target: EntryPosition): readonly StoredTombstone[] {
    return this.#changed.get(nameOf(target))?.list ?? this.#before.of(target)
  }

  *all(): Generator<StoredTombstone> {
    for (const { list } of this.#changed.values()) yield* list
    for (const each of this.#before.all()) if (!this.#changed.has(nameOf(each.target))) yield each
  }

  set(target: EntryPosition, list: readonly StoredTombstone[]): void {
    this.size += list.length - this.of(target).length
    this.#changed.set(nameOf(target), { target, list })
  }

  publish(table: TombstoneTable): void {
    for (const { target, list } of this.#changed.values()) table.set(target, list)
  }
}

export function isErased(
  tombstones: Tombstones,
  log: Pick<LogHead, 'logId' | 'nation'>,
  seq: number,
  logs: LogStates,
): boolean {
  if (tombstones.size === 0) return false
  return tombstones.of({ logId: log.logId, seq }).some(each => standsFor(each, log, logs))
}

export function withStanding(tombstone: StoredTombstone, logs: LogStates): Tombstone {
  const target = logs.log(tombstone.target.logId)?.head
  return { ...tombstone, stands: target !== undefined && standsFor(tombstone, target, logs) }
}

/** A log of the author's nation erases, and what does not stand erases nothing. */
function standsFor({ by }: StoredTombstone, { nation }: Pick<LogHead, 'nation'>, logs: LogStates): boolean {
  const author = logs.log(by.logId)
  return author !== undefined && author.head.nation === nation && by.seq < author.standing.size
}

export async function loadTombstones(
  db: Reads,
  table: TombstoneTable,
  logAt: (number: number) => LogState | undefined,
): Promise<void> {
  for await (const chunk of db.scan(wholeSpace(SPACE.tombstones))) {
    for (const [key, value] of chunk) {
      const author = logAt(readU32(key, 41))
      if (author === undefined) throw damaged(`a tombstone names log number ${readU32(key, 41)}, which is not held`)
      const target = { logId: parseLogId(key.slice(1, 33)), seq: readU64(key, 33) }
      const by = { logId: author.head.logId, seq: readU64(key, 45) }
      table.set(target, [...table.of(target), { target, by, ...decodeTombstone(value) }])
    }
  }
}

export function encodeTombstone({ reason, sinceRanMs, purgedMs }: StoredTombstone): Uint8Array {
  const sinceRanPlus1 = sinceRanMs === undefined ? 0 : sinceRanMs + 1
  return encode(TombstoneRecord, { reason, sinceRanPlus1, purgedMs })
}

function decodeTombstone(bytes: Uint8Array): Pick<StoredTombstone, 'reason' | 'sinceRanMs' | 'purgedMs'> {
  const { reason, sinceRanPlus1, purgedMs } = decodeLoose(TombstoneRecord, bytes, false)
  return { reason, sinceRanMs: sinceRanPlus1 === 0 ? undefined : sinceRanPlus1 - 1, purgedMs }
}

/** For use as a map key. */
export function nameOf({ logId, seq }: EntryPosition): string {
  return `${latin1(logId)} ${seq}`
}
