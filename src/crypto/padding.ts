import { isZero, readU32be, u32be } from '../base/bytes.ts'
import { ProtocolError, UserError } from '../base/errors.ts'

/**
 * Hides how long a sealed content is: `u32 length || content || zeros`, up to the next Padmé size and at least
 * 512 bytes. Padmé (Nikitin et al., PETS 2019) lets a size leak O(log log n) bits for at most 12 % more bytes.
 */

const LENGTH_BYTES = 4
const PADDED_BYTES_MIN = 512
/** The largest Padmé size whose ciphertext, with its 16-byte tag, is within the 64 KiB of a body. */
export const PADDED_BYTES_MAX = 63_488
/** What a BATCH may come to before it is sealed. */
export const CONTENT_BYTES_MAX = PADDED_BYTES_MAX - LENGTH_BYTES

/** The smallest Padmé size that is not below `length`, a number below 2^31. */
export function padme(length: number): number {
  if (length < 2) return length
  const exponent = floorLog2(length)
  const unit = 2 ** (exponent - (floorLog2(exponent) + 1))
  return Math.ceil(length / unit) * unit
}

/** The padded size of a content of `contentLength` bytes. */
export function paddedSize(contentLength: number): number {
  return Math.max(PADDED_BYTES_MIN, padme(LENGTH_BYTES + contentLength))
}

/** Throws `content-too-large` above `CONTENT_BYTES_MAX`. */
export function pad(content: Uint8Array): Uint8Array {
  if (content.length > CONTENT_BYTES_MAX) {
    throw new UserError('content-too-large', `${content.length} bytes do not fit into one message`, {
      fix: `Publish less at once: at most ${CONTENT_BYTES_MAX} bytes go into a message.`,
      data: { bytes: content.length, bytesMax: CONTENT_BYTES_MAX },
    })
  }
  const padded = new Uint8Array(paddedSize(content.length))
  padded.set(u32be(content.length))
  padded.set(content, LENGTH_BYTES)
  return padded
}

/** A view of the content. Throws `padding-invalid` where `pad` would not have given these very bytes. */
export function unpad(padded: Uint8Array): Uint8Array {
  if (padded.length < PADDED_BYTES_MIN) throw invalid('is shorter than any padded content')
  const end = LENGTH_BYTES + readU32be(padded)
  if (end > padded.length) throw invalid('claims more content than there is')
  if (paddedSize(end - LENGTH_BYTES) !== padded.length) throw invalid('is not of the size its content asks for')
  if (!isZero(padded.subarray(end))) throw invalid('has bytes other than zero behind the content')
  return padded.subarray(LENGTH_BYTES, end)
}

function floorLog2(value: number): number {
  return 31 - Math.clz32(value)
}

function invalid(fault: string): ProtocolError {
  return new ProtocolError('padding-invalid', `the opened body ${fault}`)
}
