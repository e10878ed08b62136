import { randomBytes } from 'node:crypto'
import type { Random } from '../../base/ports.ts'

/** The operating system's generator, through OpenSSL. */
export const systemRandom: Random = {
  bytes: length => new Uint8Array(randomBytes(length)),
}
