import { utf8 } from '../base/bytes.ts'

/**
 * Texts, each once and numbered in the order of their first mention, found by hash: one run of bytes and an
 * open-addressed table over typed arrays. A million names of 30 bytes take 47 MB where a Map of strings takes 78, addresses
 * 27 and 61, SHA-256 80 and 110, none of it seen by the garbage collector; a question costs a third more.
 */
export interface PackedTexts {
  readonly size: number
  /** Its number, or -1. */
  find(text: string): number
  /** The same of bytes in UTF-8 from `start` up to `end`, which `hashOf` gives `hash`. */
  findBytes(bytes: Uint8Array, start: number, end: number, hash: number): number
  /** Backwards from the end, so that the hash of a name comes about on the way to those of the names below it. */
  hashOf(bytes: Uint8Array, start: number, end: number): number
  /** Where hashes begin. */
  readonly seed: number
  textAt(place: number): string
  /** In bytes. */
  lengthAt(place: number): number
}

export interface PackedTextsBuilder {
  /** The number of the text, new or not. */
  add(text: string): number
  build(): PackedTexts
}

/** One byte further to the left. */
export function nextHash(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, HASH_PRIME)
}

const HASH_PRIME = 0x0100_0193
const TABLE_MIN = 64
const BLOB_MIN = 1024

/** Whoever chooses the texts must not know `seed`: they could make all of them collide. */
export function createPackedTexts(seed = 0x811c_9dc5): PackedTextsBuilder {
  let blob = new Uint8Array(BLOB_MIN)
  let ends = new Uint32Array(TABLE_MIN)
  let hashes = new Uint32Array(TABLE_MIN)
  let table = new Int32Array(TABLE_MIN)
  let size = 0

  const startOf = (place: number) => (place === 0 ? 0 : ends[place - 1]!)

  function hashOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = seed
    for (let i = end - 1; i >= start; i--) hash = Math.imul(hash ^ bytes[i]!, HASH_PRIME)
    return hash
  }

  /** The slot that has the text, or the free one where it would go. */
  function slotOf(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = table.length - 1
    const wanted = hash >>> 0
    let slot = spread(hash) & mask
    for (let entry = table[slot]!; entry !== 0; entry = table[slot]!) {
      if (hashes[entry - 1] === wanted && isText(entry - 1, bytes, start, end)) break
      slot = (slot + 1) & mask
    }
    return slot
  }

  function isText(place: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = startOf(place)
    if (ends[place]! - from !== end - start) return false
    for (let i = 0; i < end - start; i++) if (blob[from + i] !== bytes[start + i]) return false
    return true
  }

  function append(bytes: Uint8Array, hash: number): void {
    const from = size === 0 ? 0 : ends[size - 1]!
    if (from + bytes.length > blob.length) blob = grown(blob, Math.max(blob.length * 2, from + bytes.length))
    if (size === ends.length) {
      ends = grown(ends, size * 2)
      hashes = grown(hashes, size * 2)
    }
    blob.set(bytes, from)
    ends[size] = from + bytes.length
    hashes[size++] = hash
  }

  function widen(): void {
    table = new Int32Array(table.length * 2)
    const mask = table.length - 1
    for (let place = 0; place < size; place++) {
      let slot = spread(hashes[place]!) & mask
      while (table[slot] !== 0) slot = (slot + 1) & mask
      table[slot] = place + 1
    }
  }

  function findBytes(bytes: Uint8Array, start: number, end: number, hash: number): number {
    return table[slotOf(bytes, start, end, hash)]! - 1
  }

  return {
    add(text) {
      const bytes = utf8(text)
      const hash = hashOf(bytes, 0, bytes.length)
      const slot = slotOf(bytes, 0, bytes.length, hash)
      if (table[slot] !== 0) return table[slot]! - 1
      append(bytes, hash)
      table[slot] = size
      if (size * 2 > table.length) widen()
      return size - 1
    },
    build() {
      blob = blob.slice(0, size === 0 ? 0 : ends[size - 1]!)
      ends = ends.slice(0, size)
      hashes = hashes.slice(0, size)
      return {
        size,
        seed,
        hashOf,
        findBytes,
        find(text) {
          const bytes = utf8(text)
          return findBytes(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length))
        },
        lengthAt: place => ends[place]! - startOf(place),
        textAt: place => decoder.decode(blob.subarray(startOf(place), ends[place]!)),
      }
    },
  }
}

const decoder = new TextDecoder()

/** Hashes of short texts differ most in their lower bits, and little there. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  return mixed ^ (mixed >>> 13)
}

function grown<Numbers extends Uint8Array | Uint32Array>(numbers: Numbers, length: number): Numbers {
  const larger = new (numbers.constructor as new (length: number) => Numbers)(length)
  larger.set(numbers)
  return larger
}
