import { hash } from 'node:crypto'
import { useSha256 } from '../base/hash.ts'
import { writeLatin1 } from './latin1.ts'

/** SHA-256 by OpenSSL in one shot, 32 bytes. Asking for a string and copying it out is twice as fast as a Buffer. */
export function nativeSha256(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(32)
  writeLatin1(hash('sha256', data, 'binary'), out, 0)
  return out
}

/** Makes `sha256` of the base layer use OpenSSL. Called once, by whatever starts on node. */
export function installNativeSha256(): void {
  useSha256(nativeSha256)
}
