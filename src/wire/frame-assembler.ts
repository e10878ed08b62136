import { readU32be } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'

const HEADER_BYTES = 4
/** What a frame costs in memory besides its bytes, so that a flood of empty ones is bounded too. */
const FRAME_OVERHEAD_BYTES = 128

/**
 * Puts frames together from chunks as they come, whatever their bounds. Copies, so that a frame never keeps a larger
 * buffer alive. Pure; the caller stops pushing when `heldBytes` is too much.
 */
export class FrameAssembler {
  readonly #frameBytesMax: number
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerFilled = 0
  #body: Uint8Array | null = null
  #bodyFilled = 0
  #whole: Uint8Array[] = []
  #taken = 0
  #heldBytes = 0

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax
  }

  /** Memory of the whole frames that wait to be taken. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether a frame has begun and is not complete. */
  get within(): boolean {
    return this.#headerFilled > 0
  }

  /** Throws 'frame-too-large' as soon as a header says so. */
  push(chunk: Uint8Array): void {
    let offset = 0
    while (offset < chunk.length) {
      offset += this.#body === null ? this.#fillHeader(chunk, offset) : this.#fillBody(this.#body, chunk, offset)
    }
  }

  /** The next whole frame, or null. */
  take(): Uint8Array | null {
    const frame = this.#whole[this.#taken]
    if (frame === undefined) return null
    this.#taken++
    if (this.#taken === this.#whole.length) {
      this.#whole = []
      this.#taken = 0
    }
    this.#heldBytes -= frame.length + FRAME_OVERHEAD_BYTES
    return frame
  }

  clear(): void {
    this.#whole = []
    this.#taken = 0
    this.#heldBytes = 0
    this.#body = null
    this.#headerFilled = 0
  }

  #fillHeader(chunk: Uint8Array, offset: number): number {
    const part = chunk.subarray(offset, offset + HEADER_BYTES - this.#headerFilled)
    this.#header.set(part, this.#headerFilled)
    this.#headerFilled += part.length
    if (this.#headerFilled === HEADER_BYTES) this.#begin(readU32be(this.#header))
    return part.length
  }

  #begin(length: number): void {
    if (length > this.#frameBytesMax) {
      throw new ProtocolError('frame-too-large', `a frame of ${length} bytes is over ${this.#frameBytesMax}`)
    }
    this.#body = new Uint8Array(length)
    this.#bodyFilled = 0
    if (length === 0) this.#finish(this.#body)
  }

  #fillBody(body: Uint8Array, chunk: Uint8Array, offset: number): number {
    const part = chunk.subarray(offset, offset + body.length - this.#bodyFilled)
    body.set(part, this.#bodyFilled)
    this.#bodyFilled += part.length
    if (this.#bodyFilled === body.length) this.#finish(body)
    return part.length
  }

  #finish(body: Uint8Array): void {
    this.#whole.push(body)
    this.#heldBytes += body.length + FRAME_OVERHEAD_BYTES
    this.#body = null
    this.#headerFilled = 0
  }
}
