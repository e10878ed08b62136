/** Choices that a seed decides. */
export interface Choice {
  /** A whole number from 0 to `count - 1`. */
  below(count: number): number
  oneIn(count: number): boolean
  pick<T>(list: readonly T[]): T
}

export function choiceFrom(random: () => number): Choice {
  const below = (count: number) => Math.floor(random() * count)
  return { below, oneIn: count => below(count) === 0, pick: list => list[below(list.length)]! }
}

/** What a mutation may draw on. */
export interface Material {
  readonly choice: Choice
  /** Other inputs, to splice from. */
  readonly corpus: readonly Uint8Array[]
  readonly tokens: readonly Uint8Array[]
}

export type Mutation = (bytes: Uint8Array, material: Material) => Uint8Array

const COPIES_MAX = 4096
const ODD_BYTES = [0, 1, 0x0a, 0x20, 0x22, 0x7f, 0x80, 0xc0, 0xfe, 0xff]
const ODD_WORDS = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff]

function spliced(bytes: Uint8Array, from: number, to: number, middle: Uint8Array): Uint8Array {
  const out = new Uint8Array(from + middle.length + bytes.length - to)
  out.set(bytes.subarray(0, from))
  out.set(middle, from)
  out.set(bytes.subarray(to), from + middle.length)
  return out
}

/** A place to put something at, or a stretch to take away, mostly short. */
function stretch(bytes: Uint8Array, choice: Choice): { readonly from: number; readonly to: number } {
  const from = choice.below(bytes.length + 1)
  const longest = choice.oneIn(4) ? bytes.length : 16
  return { from, to: Math.min(bytes.length, from + 1 + choice.below(longest + 1)) }
}

export function put(bytes: Uint8Array, middle: Uint8Array, { choice }: Material): Uint8Array {
  const { from, to } = stretch(bytes, choice)
  return spliced(bytes, from, choice.oneIn(2) ? from : to, middle)
}

export function changed(bytes: Uint8Array, { choice }: Material, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes
  const copy = bytes.slice()
  const at = choice.below(copy.length)
  copy[at] = change(copy[at]!)
  return copy
}

export const BYTE_MUTATIONS: readonly Mutation[] = [
  (bytes, material) => changed(bytes, material, byte => byte ^ (1 << material.choice.below(8))),
  (bytes, material) => changed(bytes, material, () => material.choice.pick(ODD_BYTES)),
  (bytes, material) => changed(bytes, material, byte => byte + material.choice.pick([-1, 1])),
  (bytes, { choice }) => {
    const { from, to } = stretch(bytes, choice)
    return spliced(bytes, from, to, new Uint8Array(0))
  },
  (bytes, material) => {
    const { choice } = material
    return put(
      bytes,
      Uint8Array.from({ length: 1 + choice.below(8) }, () => choice.below(256)),
      material,
    )
  },
  function repeat(bytes, { choice }) {
    const { from, to } = stretch(bytes, choice)
    const times = choice.oneIn(64) ? COPIES_MAX : 1 + choice.below(4)
    const piece = bytes.subarray(from, to)
    const middle = new Uint8Array(piece.length * times)
    for (let i = 0; i < times; i++) middle.set(piece, i * piece.length)
    return spliced(bytes, to, to, middle)
  },
  function borrow(bytes, material) {
    const { choice, corpus } = material
    if (corpus.length === 0) return bytes
    const other = choice.pick(corpus)
    const { from, to } = stretch(other, choice)
    return put(bytes, other.subarray(from, to), material)
  },
  function cross(bytes, { choice, corpus }) {
    if (corpus.length === 0) return bytes
    const other = choice.pick(corpus)
    return spliced(bytes, choice.below(bytes.length + 1), bytes.length, other.subarray(choice.below(other.length + 1)))
  },
  function editLength(bytes, { choice }) {
    const width = choice.pick([2, 4])
    if (bytes.length < width) return bytes
    const copy = bytes.slice()
    const view = new DataView(copy.buffer)
    const at = choice.below(copy.length - width + 1)
    const before = width === 2 ? view.getUint16(at) : view.getUint32(at)
    const value = choice.oneIn(2) ? choice.pick(ODD_WORDS) : before + choice.pick([-1, 1])
    if (width === 2) view.setUint16(at, value)
    else view.setUint32(at, value)
    return copy
  },
  (bytes, material) =>
    material.tokens.length === 0 ? bytes : put(bytes, material.choice.pick(material.tokens), material),
]

/** A change that knows no form. */
export function mutateBytes(bytes: Uint8Array, material: Material): Uint8Array {
  return material.choice.pick(BYTE_MUTATIONS)(bytes, material)
}
