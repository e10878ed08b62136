const SHOWN_BYTES_MAX = 512
const TAIL_BYTES = 128
const lenient = new TextDecoder()

/** Bytes of one stretch of the input; beyond `bytesMax` it only remembers that there were more. */
export class ByteCapture {
  readonly bytesMax: number
  overflowed = false
  #buffer = new Uint8Array(4096)
  #length = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  clear(): void {
    this.#length = 0
    this.overflowed = false
  }

  add(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.bytesMax) {
      this.overflowed = true
      return
    }
    if (this.#length + bytes.length > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.bytesMax, 2 * (this.#length + bytes.length)))
      grown.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = grown
    }
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Valid until the next change. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  endsWith(pattern: RegExp): boolean {
    return pattern.test(lenient.decode(this.#buffer.subarray(Math.max(0, this.#length - TAIL_BYTES), this.#length)))
  }

  shown(): string {
    return lenient.decode(this.#buffer.subarray(0, Math.min(this.#length, SHOWN_BYTES_MAX)))
  }
}
