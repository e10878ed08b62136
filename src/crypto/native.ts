import { createHash, hash, verify } from 'node:crypto'
import { useNativeBytes } from '../base/bytes.ts'
import { type RunningSha256, useSha256 } from '../base/hash.ts'
import { verifyEd25519Native } from './ed25519-native.ts'
import { writeLatin1 } from './latin1.ts'
import { useNativeVerifiers, type VerifySignature } from './native-verifiers.ts'
import { importPublicKey } from './raw-key.ts'

/** SHA-256 by OpenSSL in one shot, 32 bytes. Asking for a string and copying it out is twice as fast as a Buffer. */
export function nativeSha256(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(32)
  writeLatin1(hash('sha256', data, 'binary'), out, 0)
  return out
}

function runningSha256(): RunningSha256 {
  const running = createHash('sha256')
  return {
    update: data => void running.update(data),
    digest: () => Uint8Array.from(running.digest()),
  }
}

const equalNative = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0

const hexNative = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')

const mlDsaNative =
  (type: 'ml-dsa-44' | 'ml-dsa-65'): VerifySignature =>
  (publicKey, message, signature) =>
    verify(null, message, importPublicKey(type, publicKey), signature)

/** Makes hashing, bytes and signature checks use what node brings. Called first by whatever starts on node. */
export function installNative(): void {
  useSha256(nativeSha256, runningSha256)
  useNativeBytes({ equal: equalNative, hex: hexNative })
  useNativeVerifiers({
    ed25519: verifyEd25519Native,
    mlDsa44: mlDsaNative('ml-dsa-44'),
    mlDsa65: mlDsaNative('ml-dsa-65'),
  })
}
