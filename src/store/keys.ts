import type { NationId } from '../base/ids.ts'

/**
 * The key layout. The first byte says which space a key belongs to; all integers are big-endian, so that keys sort as
 * what they mean. Logs go by a small local number instead of their 32-byte id.
 */
export const SPACE = {
  /** name → FormatRecord, CountsRecord, ViewRecord, AuditHeadRecord */
  meta: 0x01,
  /** hash32 → DocumentRecord */
  documents: 0x02,
  /** hash32 → DocumentRecord */
  evidence: 0x03,
  /** u32 log → LogRecord */
  logs: 0x04,
  /** u32 log, u64 seq → Envelope, as it is served */
  entries: 0x05,
  /** u32 log, u8 level (8, 16 …), u64 index → Merkle hash of a complete subtree */
  nodes: 0x06,
  /** u32 log, u64 seq, leaf32 → Envelope of a branch that does not stand */
  branches: 0x07,
  /** epoch16, u32 log, u64 seq → nothing */
  waiting: 0x08,
  /** epoch16, u32 log, u64 seq → nothing */
  grants: 0x09,
  /** log id32, u64 seq → unsigned header and body */
  intents: 0x0a,
  /** u64 number → a publish not signed yet */
  queue: 0x0b,
  /** u32 log, u64 seq → nothing */
  outbox: 0x0c,
  /** log id32, u64 seq: what is named; u32 log, u64 seq: the TOMBSTONE that does → TombstoneRecord */
  tombstones: 0x0d,
  /** name → value */
  notes: 0x0e,
  /** id16 → HeldRecord: what waits for a second person */
  held: 0x0f,
  /** nation \0 id16 → ItemRecord, the first of an id; nation \0 id16 u32 kind hash32 → ItemRecord, each further one */
  items: 0x10,
  /** u64 number → AuditRecord */
  audit: 0x11,
  /** u32 log, u64 seq → ids of the items opened from that entry, 16 bytes each */
  opened: 0x12,
  /** u64 number → ChangesRecord */
  changes: 0x13,
  /** The view: this byte plus its generation, 0 or 1, and then a VIEW space. */
  view: 0x20,
} as const

/** Spaces within a view. A subject is `type \0 value \0`. */
export const VIEW = {
  /** subject → IndicatorRecord */
  indicators: 0x01,
  /** subject, u32 kind, nation \0 id16 → ShownRecord, where an IndicatorRecord does not hold them itself */
  spilled: 0x02,
  /** u64 time, u32 kind, nation \0 id16 → nothing, or ShownRecord where there is no subject; nothing for a trace too */
  time: 0x03,
  /** subject, u32 kind, nation \0 id16 → nothing: an item that is about it by an assertion that does not show */
  traces: 0x04,
  /** subject of an observable, indicator id16 of a pattern → nothing, while there is a record of the pattern */
  observables: 0x05,
  /** indicator id16 of a pattern → its subject */
  patterns: 0x06,
  /** u8 bits of an address, u8 prefix length → u64 how many ranges have a record */
  lengths: 0x07,
} as const

/** What a key of the view begins with: generation and view space. */
export const VIEW_KEY_PREFIX_BYTES = 2

export type Generation = 0 | 1

const ID_BYTES = 16

function writeU64(target: Buffer, value: number, offset: number): number {
  target.writeUInt32BE(Math.floor(value / 0x1_0000_0000), offset)
  return target.writeUInt32BE(value % 0x1_0000_0000, offset + 4)
}

export function readU64(source: Uint8Array, offset: number): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength)
  return view.getUint32(offset) * 0x1_0000_0000 + view.getUint32(offset + 4)
}

export function readU32(source: Uint8Array, offset: number): number {
  return new DataView(source.buffer, source.byteOffset, source.byteLength).getUint32(offset)
}

export function spaceKey(space: number, rest: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(1 + rest.length)
  key[0] = space
  key.set(rest, 1)
  return key
}

export function nameKey(space: number, name: string): Buffer {
  return spaceKey(space, Buffer.from(name, 'utf8'))
}

export function logKey(log: number): Buffer {
  const key = Buffer.allocUnsafe(5)
  key[0] = SPACE.logs
  key.writeUInt32BE(log, 1)
  return key
}

/** A key of `space` for an entry. */
export function placeKey(space: number, log: number, seq: number): Buffer {
  const key = Buffer.allocUnsafe(13)
  key[0] = space
  key.writeUInt32BE(log, 1)
  writeU64(key, seq, 5)
  return key
}

export function tombstoneKey(target: Uint8Array, targetSeq: number, log: number, seq: number): Buffer {
  const key = Buffer.allocUnsafe(53)
  key[0] = SPACE.tombstones
  key.set(target, 1)
  writeU64(key, targetSeq, 33)
  key.writeUInt32BE(log, 41)
  writeU64(key, seq, 45)
  return key
}

export function nodeKey(log: number, level: number, index: number): Buffer {
  const key = Buffer.allocUnsafe(14)
  key[0] = SPACE.nodes
  key.writeUInt32BE(log, 1)
  key[5] = level
  writeU64(key, index, 6)
  return key
}

export function branchKey(log: number, seq: number, leaf: Uint8Array): Buffer {
  return Buffer.concat([placeKey(SPACE.branches, log, seq), leaf])
}

export function epochKey(space: number, epochId: Uint8Array, log: number, seq: number): Buffer {
  const key = Buffer.allocUnsafe(1 + ID_BYTES + 12)
  key[0] = space
  key.set(epochId, 1)
  key.writeUInt32BE(log, 1 + ID_BYTES)
  writeU64(key, seq, 5 + ID_BYTES)
  return key
}

export function intentKey(logId: Uint8Array, seq: number): Buffer {
  const key = Buffer.allocUnsafe(41)
  key[0] = SPACE.intents
  key.set(logId, 1)
  writeU64(key, seq, 33)
  return key
}

export function queueKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(9)
  key[0] = SPACE.queue
  writeU64(key, number, 1)
  return key
}

export function changesKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(9)
  key[0] = SPACE.changes
  writeU64(key, number, 1)
  return key
}

export function auditKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(9)
  key[0] = SPACE.audit
  writeU64(key, number, 1)
  return key
}

/** Where the first item of an id is; the prefix of all of them. */
export function itemIdKey(nation: NationId, id: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(2 + nation.length + ID_BYTES)
  key[0] = SPACE.items
  key.write(nation, 1, 'latin1')
  key[1 + nation.length] = 0
  key.set(id, 2 + nation.length)
  return key
}

export function itemKey(idKey: Uint8Array, kind: number, hash: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(idKey.length + 36)
  key.set(idKey, 0)
  key.writeUInt32BE(kind, idKey.length)
  key.set(hash, idKey.length + 4)
  return key
}

export interface ItemKeyParts {
  readonly nation: NationId
  readonly id: Uint8Array
  /** Bytes of the key that all items of the id share. */
  readonly idKeyLength: number
}

export function itemKeyParts(key: Uint8Array): ItemKeyParts {
  const { nation, id } = nationAndIdAt(key, 1)
  return { nation, id, idKeyLength: 1 + nation.length + 1 + ID_BYTES }
}

export function nationAndIdAt(key: Uint8Array, at: number): { readonly nation: NationId; readonly id: Uint8Array } {
  const end = key.indexOf(0, at)
  const nation = latin1(key.subarray(at, end)) as NationId
  return { nation, id: new Uint8Array(key.buffer, key.byteOffset + end + 1, ID_BYTES) }
}

export function viewPrefix(generation: Generation, space?: number): Buffer {
  return Buffer.from(space === undefined ? [SPACE.view + generation] : [SPACE.view + generation, space])
}

export function indicatorKey(generation: Generation, subject: Uint8Array): Buffer {
  return viewKey(generation, VIEW.indicators, subject)
}

export function spilledPrefix(generation: Generation, subject: Uint8Array, kind?: number): Buffer {
  return viewKey(generation, VIEW.spilled, kind === undefined ? subject : ofKind(subject, kind))
}

export function tracePrefix(generation: Generation, subject: Uint8Array, kind: number): Buffer {
  return viewKey(generation, VIEW.traces, ofKind(subject, kind))
}

function ofKind(subject: Uint8Array, kind: number): Buffer {
  const rest = Buffer.allocUnsafe(subject.length + 4)
  rest.set(subject, 0)
  rest.writeUInt32BE(kind, subject.length)
  return rest
}

/** What stands behind a prefix of a kind. */
export function nationAndId(nation: NationId, id: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${nation}\0`, 'latin1'), id])
}

export function spilledKey(
  generation: Generation,
  subject: Uint8Array,
  kind: number,
  nation: NationId,
  id: Uint8Array,
): Buffer {
  return Buffer.concat([spilledPrefix(generation, subject, kind), nationAndId(nation, id)])
}

const TIME_FIXED_BYTES = 2 + 8 + 4

export function timeKey(
  generation: Generation,
  timeMs: number,
  kind: number,
  nation: NationId,
  id: Uint8Array,
): Buffer {
  const key = Buffer.allocUnsafe(TIME_FIXED_BYTES + nation.length + 1 + ID_BYTES)
  key[0] = SPACE.view + generation
  key[1] = VIEW.time
  writeU64(key, timeMs, 2)
  key.writeUInt32BE(kind, 10)
  key.write(nation, TIME_FIXED_BYTES, 'latin1')
  key[TIME_FIXED_BYTES + nation.length] = 0
  key.set(id, TIME_FIXED_BYTES + nation.length + 1)
  return key
}

/** Where the keys of `timeMs` and later begin. */
export function timePrefix(generation: Generation, timeMs: number): Buffer {
  const key = Buffer.from([SPACE.view + generation, VIEW.time, 0, 0, 0, 0, 0, 0, 0, 0])
  writeU64(key, timeMs, 2)
  return key
}

export interface TimeKeyParts {
  readonly timeMs: number
  readonly kind: number
  readonly nation: NationId
  readonly id: Uint8Array
}

export function timeKeyParts(key: Uint8Array): TimeKeyParts {
  return { timeMs: readU64(key, 2), kind: timeKeyKind(key), ...nationAndIdAt(key, TIME_FIXED_BYTES) }
}

export function timeKeyKind(key: Uint8Array): number {
  return readU32(key, 10)
}

function viewKey(generation: Generation, space: number, rest: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(2 + rest.length)
  key[0] = SPACE.view + generation
  key[1] = space
  key.set(rest, 2)
  return key
}

/** The least key above all keys that begin with `prefix`. */
export function prefixEnd(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix)
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i]! < 0xff) {
      end[i]! += 1
      return end.subarray(0, i + 1)
    }
  }
  throw new RangeError('no key is above this prefix')
}

/** One character a byte: for nations, and for keys as keys of Map and Set. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
