import type { NationId } from '../base/ids.ts'
import type { Clock, Random } from '../base/ports.ts'
import { decodeLoose, encode } from '../wire/codec.ts'
import { ChangesRecord } from '../wire/gen/store.ts'
import { type Reads, type Writes, wholeSpace } from './database.ts'
import { changesKey, readU64, SPACE } from './keys.ts'
import type { ItemId } from './store.ts'

/**
 * The journal of changes: each has a number, which is the time of its commit in microseconds since the Unix epoch, or
 * more where the clock went back: no two are the same and later ones are greater. A reader who sees some of the items of
 * a commit sees their numbers: these lie at random in a window of fixed width, so that they tell nothing of how many more
 * there are.
 */

/** What numbers are made from. */
export interface Numbering {
  readonly clock: Clock
  readonly random: Random
}

export interface NumberedChange extends ItemId {
  readonly number: number
}

/** Numbers of a record: a commit every 4 ms keeps up with the clock. */
export const WINDOW_US = 4096
/** A quarter of a window, so that random places are soon found. */
const CHANGES_PER_RECORD = 1024
/** 2112: beyond it integers would in time not be exact any more. */
const LATEST_US = 2 ** 52
const ID_BYTES = 16

/** Of what is to come; changed by numbering. */
export interface ChangeCounter {
  /** The least number that may be given. */
  nextChange: number
}

/** Writes down that what shows of `ids` changed. Returns their numbers, ascending. */
export function writeChanges(
  ids: readonly ItemId[],
  counter: ChangeCounter,
  { clock, random }: Numbering,
  writes: Writes,
): number[] {
  const numbers: number[] = []
  for (let at = 0; at < ids.length; ) {
    const { nation } = ids[at]!
    const some = ofNation(nation, ids.slice(at, at + CHANGES_PER_RECORD))
    const start = Math.max(Math.min(clock.now() * 1000, LATEST_US) + 1, counter.nextChange)
    const offsets = randomOffsets(some.length, random)
    writes.push([changesKey(start), encodeChanges(nation, some, offsets)])
    for (const offset of offsets) numbers.push(start + offset)
    counter.nextChange = start + WINDOW_US
    at += some.length
  }
  return numbers
}

function ofNation(nation: NationId, ids: readonly ItemId[]): readonly ItemId[] {
  const other = ids.findIndex(id => id.nation !== nation)
  return other < 0 ? ids : ids.slice(0, other)
}

/** `count` different ones below WINDOW_US, ascending. */
function randomOffsets(count: number, random: Random): readonly number[] {
  const taken = new Set<number>()
  while (taken.size < count) {
    const bytes = random.bytes(2 * (count - taken.size))
    for (let i = 0; i < bytes.length; i += 2) taken.add(((bytes[i]! << 8) | bytes[i + 1]!) % WINDOW_US)
  }
  return [...taken].sort((a, b) => a - b)
}

export function encodeChanges(
  nation: NationId,
  ids: readonly Pick<ItemId, 'id'>[],
  offsets: readonly number[],
): Uint8Array {
  const offsetBytes = Buffer.allocUnsafe(2 * offsets.length)
  for (const [i, offset] of offsets.entries()) offsetBytes.writeUInt16BE(offset, 2 * i)
  return encode(ChangesRecord, { nation, ids: Buffer.concat(ids.map(({ id }) => id)), offsets: offsetBytes })
}

/** The changes of a record, ascending. */
export function decodeChanges([key, value]: readonly [Uint8Array, Uint8Array]): NumberedChange[] {
  const start = readU64(key, 1)
  const { nation, ids, offsets } = decodeLoose(ChangesRecord, value, false)
  return Array.from({ length: ids.length / ID_BYTES }, (_, i) => ({
    number: start + ((offsets[2 * i]! << 8) | offsets[2 * i + 1]!),
    nation: nation as NationId,
    id: ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES),
  }))
}

/** The least number that may be given after what is held. */
export async function nextChangeAfter(db: Pick<Reads, 'range'>): Promise<number> {
  const [last] = await db.range(wholeSpace(SPACE.changes), 1, { reverse: true })
  return last === undefined ? 1 : readU64(last[0], 1) + WINDOW_US
}
