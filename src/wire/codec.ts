import protobuf from 'protobufjs/minimal.js'

/** One message of `proto/`, as generated into `wire/gen/`. */
export interface Codec<T> {
  readonly name: string
  /** The message with every field at its default. */
  empty(): T
  encode(message: T, writer: protobuf.Writer): protobuf.Writer
  /** Reads up to `end`. Unknown fields throw, or are skipped when `lenient` (header versions above 1, R-0.4). */
  decode(reader: protobuf.Reader, end: number, lenient: boolean): T
}

// 64-bit integers as numbers: the protocol keeps them at or below 2^53-1, and strict decoding checks that.
protobuf.util.Long = undefined as never
protobuf.configure()

export function skipUnknown(reader: protobuf.Reader, tag: number, lenient: boolean): void {
  if (!lenient) throw new RangeError(`field ${tag >>> 3} is not in version 1`)
  reader.skipType(tag & 7)
}

export function readUint64(reader: protobuf.Reader): number {
  const value: unknown = reader.uint64()
  if (!Number.isSafeInteger(value)) throw new RangeError('an integer is above 2^53-1')
  return value as number
}

/** Canonical bytes of `message`. */
export function encode<T>(codec: Codec<T>, message: T): Uint8Array {
  const bytes = codec.encode(message, protobuf.Writer.create()).finish()
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Decodes without the canonical check; the byte fields are views into `bytes`. Throws what the reader throws. */
export function decodeLoose<T>(codec: Codec<T>, bytes: Uint8Array, lenient: boolean): T {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  return codec.decode(protobuf.Reader.create(plain), plain.length, lenient)
}
