/** The raw format of Snappy (google/snappy, format_description.txt), as LevelDB packs blocks with it. */

/** Far above any block that LevelDB makes. */
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024

/** Undefined where the bytes are not of this format. */
export function unpackSnappy(packed: Uint8Array): Uint8Array | undefined {
  const length = readVarint(packed, 0)
  if (length === undefined || length.value > UNPACKED_BYTES_MAX) return undefined
  const out = new Uint8Array(length.value)
  let from = length.end
  let to = 0
  while (from < packed.length) {
    const step = readElement(packed, from)
    if (step === undefined || to + step.length > out.length) return undefined
    if (step.offset === 0) {
      if (step.end + step.length > packed.length) return undefined
      out.set(packed.subarray(step.end, step.end + step.length), to)
      from = step.end + step.length
    } else {
      if (step.offset > to) return undefined
      // Byte by byte: a copy may overlap what it makes.
      for (let i = 0; i < step.length; i++) out[to + i] = out[to + i - step.offset]!
      from = step.end
    }
    to += step.length
  }
  return to === out.length ? out : undefined
}

interface Element {
  readonly length: number
  /** How far back the bytes are to be copied from; 0: they follow. */
  readonly offset: number
  readonly end: number
}

function readElement(bytes: Uint8Array, at: number): Element | undefined {
  const tag = bytes[at]!
  const upper = tag >>> 2
  const kind = tag & 3
  if (kind === 0) {
    const extra = Math.max(0, upper - 59)
    if (at + 1 + extra > bytes.length) return undefined
    const length = extra === 0 ? upper : littleEndian(bytes, at + 1, extra)
    return { length: length + 1, offset: 0, end: at + 1 + extra }
  }
  const extra = kind === 1 ? 1 : kind === 2 ? 2 : 4
  if (at + 1 + extra > bytes.length) return undefined
  const low = littleEndian(bytes, at + 1, extra)
  const offset = kind === 1 ? (tag >>> 5) * 256 + low : low
  if (offset === 0) return undefined
  return { length: kind === 1 ? (upper & 7) + 4 : upper + 1, offset, end: at + 1 + extra }
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!
  return value
}

/** A protobuf-like varint of at most five bytes; undefined where it does not end. */
export function readVarint(
  bytes: Uint8Array,
  at: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, end: at + i + 1 }
  }
  return undefined
}
