import { type Material, mutateBytes } from './byte-mutation.ts'

/** Changes to the fields of a protobuf message that leave the lengths around them right. */

interface Field {
  readonly number: number
  readonly wireType: number
  /** Of a field of wire type 2 its content, else the value as it is written. */
  readonly payload: Uint8Array
}

const LENGTH_DELIMITED = 2
const DEPTH_MAX = 6
const ODD_VARINTS = [0n, 1n, 2n, 127n, 128n, 255n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n]

/** Undefined where the bytes are no message. */
function readFields(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = []
  let at = 0
  const varint = (): bigint | undefined => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) return undefined
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    return undefined
  }
  while (at < bytes.length) {
    const tag = varint()
    if (tag === undefined || tag < 8n || tag >= 2n ** 32n) return undefined
    const [number, wireType] = [Number(tag >> 3n), Number(tag & 7n)]
    let from = at
    if (wireType === 0) {
      if (varint() === undefined) return undefined
    } else if (wireType === LENGTH_DELIMITED) {
      const length = varint()
      if (length === undefined || length > bytes.length - at) return undefined
      from = at
      at += Number(length)
    } else if (wireType === 1 || wireType === 5) {
      at += wireType === 1 ? 8 : 4
    } else {
      return undefined
    }
    if (at > bytes.length) return undefined
    fields.push({ number, wireType, payload: bytes.subarray(from, at) })
  }
  return fields
}

function encodeVarint(value: bigint): Uint8Array {
  const out: number[] = []
  let rest = value
  do {
    out.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Uint8Array.from(out)
}

function writeFields(fields: readonly Field[]): Uint8Array {
  const parts = fields.flatMap(({ number, wireType, payload }) => [
    encodeVarint((BigInt(number) << 3n) | BigInt(wireType)),
    ...(wireType === LENGTH_DELIMITED ? [encodeVarint(BigInt(payload.length))] : []),
    payload,
  ])
  return Uint8Array.from(Buffer.concat(parts))
}

/** Changes one field, or a field within it; bytes that are no message are changed as bytes. */
export function mutateProtobuf(bytes: Uint8Array, material: Material, depth = 0): Uint8Array {
  const fields = readFields(bytes)
  if (fields === undefined || fields.length === 0) return mutateBytes(bytes, material)
  const { choice, corpus } = material
  const at = choice.below(fields.length)
  const field = fields[at]!
  const changes: readonly (() => readonly Field[])[] = [
    () => fields.with(at, changedField(field, material, depth)),
    () => fields.with(at, changedField(field, material, depth)),
    () => fields.with(at, changedField(field, material, depth)),
    () => fields.toSpliced(at, 1),
    () => fields.toSpliced(at, 0, field),
    () => fields.toSpliced(choice.below(fields.length), 0, field).toSpliced(at + 1, 1),
    () =>
      fields.with(at, { ...field, number: choice.oneIn(2) ? 1 + choice.below(24) : choice.pick([1023, 2 ** 29 - 1]) }),
    () => fields.toSpliced(at, 0, { number: 1 + choice.below(24), wireType: 0, payload: oddVarint(material) }),
    () => fields.toSpliced(at, 0, { number: 1 + choice.below(24), wireType: LENGTH_DELIMITED, payload: field.payload }),
    () => {
      const others = corpus.length === 0 ? undefined : readFields(choice.pick(corpus))
      return others === undefined || others.length === 0 ? fields : fields.toSpliced(at, 0, choice.pick(others))
    },
  ]
  return writeFields(choice.pick(changes)())
}

function changedField(field: Field, material: Material, depth: number): Field {
  const { payload, wireType } = field
  const { choice, corpus } = material
  if (wireType === 0) return { ...field, payload: oddVarint(material) }
  if (wireType !== LENGTH_DELIMITED) return { ...field, payload: payload.map(() => choice.below(256)) }
  // A message within; what only looks like one is changed as bytes as often.
  if (depth < DEPTH_MAX && choice.oneIn(2) && payload.length > 1) {
    return { ...field, payload: mutateProtobuf(payload, material, depth + 1) }
  }
  const kinds: readonly (() => Uint8Array)[] = [
    () => mutateBytes(payload, material),
    () => new Uint8Array(0),
    () => payload.subarray(0, Math.max(0, payload.length - 1)),
    () => new Uint8Array(payload.length).fill(choice.pick([0, 0xff])),
    () => (corpus.length === 0 ? payload : choice.pick(corpus)),
  ]
  return { ...field, payload: choice.pick(kinds)() }
}

function oddVarint({ choice }: Material): Uint8Array {
  // Overlong, too: the same value in more bytes than it needs.
  if (choice.oneIn(12)) return Uint8Array.of(0x81, 0x80, 0x00)
  return encodeVarint(choice.oneIn(3) ? BigInt(choice.below(64)) : choice.pick(ODD_VARINTS))
}
