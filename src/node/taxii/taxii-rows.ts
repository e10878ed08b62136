import { hash } from 'node:crypto'

/** Of an object that is none: rows that count no more keep their place. */
export const NO_FACE = 0
export const NO_ROW = -1

const CHUNK_BITS = 16
const CHUNK = 1 << CHUNK_BITS
const SLOTS_MIN = 1 << 12

export interface NewRow {
  /** When it was added; higher than that of every row before. */
  readonly addedUs: number
  /** The number of the change that tells of it. */
  readonly change: number
  /** The item that it is of; undefined where another row tells of that, too. */
  readonly itemKey: bigint | undefined
  /** The STIX id that it has. */
  readonly stixKey: bigint
  readonly face: number
}

/** One line for each object in the order in which they were added, in columns: some 60 bytes each. */
export class TaxiiRows {
  #length = 0
  readonly #added = createColumn(Float64Array)
  readonly #change = createColumn(Float64Array)
  readonly #face = createColumn(Uint32Array)
  readonly #stixKey = createColumn(BigUint64Array)
  /** The row before it of the same STIX id, plus 1. */
  readonly #before = createColumn(Uint32Array)
  readonly #byItem = new RowTable()
  readonly #byStixId = new RowTable()

  get length(): number {
    return this.#length
  }

  lastAddedUs(): number {
    return this.#length === 0 ? 0 : this.addedAt(this.#length - 1)
  }

  addedAt(row: number): number {
    return this.#added.get(row)
  }

  changeAt(row: number): number {
    return this.#change.get(row)
  }

  faceAt(row: number): number {
    return this.#face.get(row)
  }

  append({ addedUs, change, itemKey, stixKey, face }: NewRow): number {
    const row = this.#length++
    this.#added.set(row, addedUs)
    this.#change.set(row, change)
    this.#face.set(row, face)
    this.#stixKey.set(row, stixKey)
    this.#before.set(row, this.#byStixId.put(stixKey, row) + 1)
    if (itemKey !== undefined) this.#byItem.put(itemKey, row)
    return row
  }

  /** The row that tells of the item as it was last. */
  ofItem(itemKey: bigint): number {
    return this.#byItem.get(itemKey)
  }

  /** Those of a STIX id that count, the newest first. */
  ofStixId(stixKey: bigint): readonly number[] {
    const rows: number[] = []
    for (let row = this.#byStixId.get(stixKey); row !== NO_ROW; row = this.#before.get(row) - 1) {
      if (this.faceAt(row) !== NO_FACE) rows.push(row)
    }
    return rows
  }

  stixKeyOf(row: number): bigint {
    return this.#stixKey.get(row)
  }

  /** It counts no more. */
  drop(row: number): void {
    this.#face.set(row, NO_FACE)
    let after = NO_ROW
    for (let each = this.#byStixId.get(this.stixKeyOf(row)); each !== NO_ROW; each = this.#before.get(each) - 1) {
      if (each === row && after !== NO_ROW) this.#before.set(after, this.#before.get(row))
      after = each
    }
  }

  /** The first row that was added later. */
  firstAfter(addedUs: number): number {
    return firstWhere(this.#length, row => this.addedAt(row) > addedUs)
  }
}

/** The least index for which `isPast` holds, which holds for all after it. */
export function firstWhere(length: number, isPast: (index: number) => boolean): number {
  let from = 0
  for (let to = length; from < to; ) {
    const middle = (from + to) >>> 1
    if (isPast(middle)) to = middle
    else from = middle + 1
  }
  return from
}

/** 64 bits of a keyed hash, so that nobody can choose what collides. */
export function createKeyOf(secret: Uint8Array): (text: string) => bigint {
  const prefix = Buffer.from(secret).toString('hex')
  return text => hash('sha256', `${prefix} ${text}`, 'buffer').readBigUInt64BE()
}

interface Column<T> {
  get(at: number): T
  set(at: number, value: T): void
}

type Chunk<T> = { [at: number]: T }

/** Grows without being copied. */
function createColumn<T>(Type: new (length: number) => Chunk<T>): Column<T> {
  const chunks: Chunk<T>[] = []
  return {
    get: at => chunks[at >>> CHUNK_BITS]![at & (CHUNK - 1)]!,
    set(at, value) {
      const number = at >>> CHUNK_BITS
      if (number === chunks.length) chunks.push(new Type(CHUNK))
      chunks[number]![at & (CHUNK - 1)] = value
    },
  }
}

/** The last row of each key, in open addressing. */
class RowTable {
  #keys = new BigUint64Array(SLOTS_MIN)
  /** Plus 1; 0: free. */
  #rows = new Uint32Array(SLOTS_MIN)
  #taken = 0

  get(key: bigint): number {
    return this.#rows[this.#slotOf(key)]! - 1
  }

  /** Returns the row that it had before. */
  put(key: bigint, row: number): number {
    if (this.#taken * 2 > this.#rows.length) this.#grow()
    const slot = this.#slotOf(key)
    const before = this.#rows[slot]! - 1
    if (before === NO_ROW) this.#taken++
    this.#keys[slot] = key
    this.#rows[slot] = row + 1
    return before
  }

  #slotOf(key: bigint): number {
    const mask = this.#rows.length - 1
    let slot = Number(key & 0xffff_ffffn) & mask
    while (this.#rows[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [keys, rows] = [this.#keys, this.#rows]
    this.#keys = new BigUint64Array(keys.length * 2)
    this.#rows = new Uint32Array(rows.length * 2)
    for (const [i, row] of rows.entries()) {
      if (row === 0) continue
      const slot = this.#slotOf(keys[i]!)
      this.#keys[slot] = keys[i]!
      this.#rows[slot] = row
    }
  }
}
