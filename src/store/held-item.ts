import { compareBytes, EMPTY, equalBytes } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import { decodeLoose, encode } from '../wire/codec.ts'
import { ItemRecord, type ItemRef } from '../wire/gen/store.ts'
import { prefixRange, type Range, type ReadOptions, type Reads, type Writes } from './database.ts'
import type { ItemFace } from './item-face.ts'
import { itemKey, itemKeyParts, latin1 } from './keys.ts'

/** One opened item as it is kept: primary data. */
export interface HeldItem {
  readonly nation: NationId
  readonly face: ItemFace
  readonly hash: Uint8Array
  readonly item: Uint8Array
  /** Entries that carry it, earliest first. */
  readonly refs: readonly ItemRef[]
}

/** All that is held under one (nation, id). */
export interface IdGroup {
  readonly idKey: Uint8Array
  readonly items: readonly HeldItem[]
}

/** When what shows of an id changed last, and what showed then. */
export interface LastChange {
  /** 0: nothing of it showed yet. */
  readonly number: number
  /** As `toldOf` has it. */
  readonly told: Uint8Array
}

export const NEVER: LastChange = { number: 0, told: EMPTY }

/** The same, as it is kept. */
export interface HeldGroup extends IdGroup {
  readonly last: LastChange
}

/**
 * Mentions of one id kept of each log, those of withdrawals and others apart: the earliest of the log. An honest author
 * makes two, an assertion and its withdrawal. What stands of a log is its beginning, so that whoever holds a stolen key
 * can push out nothing that stands, and every node keeps the same, whatever the order of arrival.
 */
const MENTIONS_PER_LOG_MAX = 64
/** Items read under one id: far more than the logs of a nation can hold of it. */
const ITEMS_READ_MAX = 1_048_576

/** `items` with one more, or with one more entry for it; the same list where that was known. */
export function withItem(items: readonly HeldItem[], arrival: HeldItem): readonly HeldItem[] {
  const at = items.findIndex(item => equalBytes(item.hash, arrival.hash))
  const held = items[at]
  if (held === undefined) return mentioned([...items, arrival].sort(compareItems))
  const refs = withRefs(held.refs, arrival.refs)
  // A newer program may read more in the same bytes: what was filed by the older one follows.
  const face = equalBytes(held.face.subject, arrival.face.subject) ? held.face : arrival.face
  return refs === held.refs && face === held.face ? items : mentioned(items.with(at, { ...held, face, refs }))
}

function withRefs(refs: readonly ItemRef[], arriving: readonly ItemRef[]): readonly ItemRef[] {
  const fresh = arriving.filter(ref => !refs.some(held => isSameRef(held, ref)))
  if (fresh.length === 0) return refs
  // Of whom a mention was for more may be known by now than when it was filed.
  const kept = refs.filter(held => !fresh.some(ref => compareRefs(held, ref) === 0))
  return [...kept, ...fresh].sort(compareRefs)
}

/** Without the mentions that are too many, and without items that are mentioned nowhere then. */
function mentioned(items: readonly HeldItem[]): readonly HeldItem[] {
  const all = items.flatMap(item => item.refs.map(ref => ({ ref, group: mentionGroup(item, ref) })))
  if (all.length <= MENTIONS_PER_LOG_MAX) return items
  const kept = new Set<ItemRef>()
  for (const group of Map.groupBy(all, each => each.group).values()) {
    const refs = group.map(({ ref }) => ref).sort((a, b) => a.seq - b.seq || a.index - b.index)
    for (const ref of refs.slice(0, MENTIONS_PER_LOG_MAX)) kept.add(ref)
  }
  if (kept.size === all.length) return items
  return items.flatMap(item => {
    const refs = item.refs.filter(ref => kept.has(ref))
    if (refs.length === 0) return []
    return refs.length === item.refs.length ? item : { ...item, refs }
  })
}

function mentionGroup({ face }: HeldItem, { log, branch }: ItemRef): string {
  return `${face.kind === ITEM.WITHDRAWAL}/${log}/${branch}`
}

function compareRefs(a: ItemRef, b: ItemRef): number {
  return a.timeMs - b.timeMs || a.log - b.log || a.seq - b.seq || a.index - b.index || a.branch - b.branch
}

function isSameRef(a: ItemRef, b: ItemRef): boolean {
  return compareRefs(a, b) === 0 && equalBytes(a.audience, b.audience)
}

/** Withdrawals first, then by hash. */
function compareItems(a: HeldItem, b: HeldItem): number {
  const rank = (item: HeldItem) => (item.face.kind === ITEM.WITHDRAWAL ? 0 : 1)
  return rank(a) - rank(b) || compareBytes(a.hash, b.hash)
}

/** Reads what is held under each of `idKeys`, in their order. One read a key where nothing or one item is held. */
export async function loadGroups(
  db: Reads,
  idKeys: readonly Uint8Array[],
  options: ReadOptions = {},
): Promise<HeldGroup[]> {
  const firsts = await db.getMany(idKeys, options)
  return Promise.all(
    idKeys.map(async (idKey, i) => {
      const first = firsts[i]
      if (first === undefined) return { idKey, items: [], last: NEVER }
      const record = decodeLoose(ItemRecord, first, false)
      const last = lastChangeOf(record)
      if (record.more === 0) return { idKey, items: [heldItem(idKey, record)], last }
      const rows = await db.range(prefixRange(idKey), ITEMS_READ_MAX, options)
      return { idKey, items: rows.map(([key, value]) => heldItem(key, decodeLoose(ItemRecord, value, false))), last }
    }),
  )
}

/** All groups of a range of item keys, ascending. */
export async function* scanGroups(db: Reads, range: Range, options: ReadOptions = {}): AsyncGenerator<HeldGroup> {
  let idKey: Uint8Array | undefined
  let last = NEVER
  let items: HeldItem[] = []
  for await (const chunk of db.scan(range, options)) {
    for (const [key, value] of chunk) {
      const { idKeyLength } = itemKeyParts(key)
      const record = decodeLoose(ItemRecord, value, false)
      if (key.length === idKeyLength) {
        if (idKey !== undefined) yield { idKey, items, last }
        idKey = key
        items = []
        last = lastChangeOf(record)
      }
      items.push(heldItem(key, record))
    }
  }
  if (idKey !== undefined) yield { idKey, items, last }
}

/** The item of a record, and of the key that it is kept under. */
export function heldItem(key: Uint8Array, record: ItemRecord): HeldItem {
  const { nation, id } = itemKeyParts(key)
  const { hash, item, refs, kind, subject } = record
  return { nation, face: { kind, id, subject, void: record.void === 1 }, hash, item, refs }
}

function lastChangeOf({ changed, told }: ItemRecord): LastChange {
  return { number: changed, told }
}

/** Writes what changed of a group. The first item of an id has the short key, which is all that a reader needs to try. */
export function writeGroup(before: HeldGroup, items: readonly HeldItem[], last: LastChange, writes: Writes): void {
  if (before.items.length === 0 && items.length === 1) {
    writes.push([before.idKey, itemRecord(items[0]!, false, last)])
    return
  }
  const held = new Map(before.items.map((item, i) => [latin1(keyAt(before.idKey, item, i)), item]))
  const firstChanged = before.items.length > 1 !== items.length > 1 || last !== before.last
  items.forEach((item, i) => {
    const key = keyAt(before.idKey, item, i)
    const unchanged = held.get(latin1(key)) === item && !(i === 0 && firstChanged)
    held.delete(latin1(key))
    if (!unchanged) writes.push([key, itemRecord(item, i === 0 && items.length > 1, i === 0 ? last : NEVER)])
  })
  for (const key of held.keys()) writes.push([Buffer.from(key, 'latin1'), undefined])
}

function itemRecord({ hash, item, refs, face }: HeldItem, more: boolean, last: LastChange): Uint8Array {
  const { kind, subject } = face
  const said = { kind, void: face.void ? 1 : 0, subject, changed: last.number, told: last.told }
  return encode(ItemRecord, { hash, item, refs, more: more ? 1 : 0, ...said })
}

function keyAt(idKey: Uint8Array, { face, hash }: HeldItem, position: number): Uint8Array {
  return position === 0 ? idKey : itemKey(idKey, face.kind, hash)
}
