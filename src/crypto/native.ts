import { hash } from 'node:crypto'
import { useNativeBytes } from '../base/bytes.ts'
import { useSha256 } from '../base/hash.ts'
import { writeLatin1 } from './latin1.ts'

/** SHA-256 by OpenSSL in one shot, 32 bytes. Asking for a string and copying it out is twice as fast as a Buffer. */
export function nativeSha256(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(32)
  writeLatin1(hash('sha256', data, 'binary'), out, 0)
  return out
}

const equalNative = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0

const hexNative = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')

/** Makes the base layer use what node brings. Called once, by whatever starts on node. */
export function installNative(): void {
  useSha256(nativeSha256)
  useNativeBytes({ equal: equalNative, hex: hexNative })
}
