import { fromHex, toHex, utf8 } from '../base/bytes.ts'
import type { VerifySignatureAsync } from '../chain/verify-entry.ts'
import { isSoundEncoding } from '../crypto/ed25519-encoding.ts'
import { ED25519_EDGES } from '../crypto/self-test-vectors.ts'

/** What this needs of `crypto.subtle`, for Ed25519. */
export interface SubtleEd25519<Key = unknown> {
  /** Rejects with a DataError, or takes it and verifies nothing, where `publicKey` is no point. */
  importKey(publicKey: Uint8Array): Promise<Key>
  verify(key: Key, signature: Uint8Array, message: Uint8Array): Promise<boolean>
}

const PUBLIC_KEYS_MAX = 4096

/**
 * The browser's own Ed25519 behind the encoding checks of, which is several times as fast as the portable code.
 * Browsers do not all compute the same equation: undefined where there is none, or where it gives another verdict than
 * on one of the edge cases that tell the variants apart.
 */
export async function openWebCryptoEd25519(
  subtle: SubtleEd25519 | undefined,
): Promise<VerifySignatureAsync | undefined> {
  if (subtle === undefined) return undefined
  const verify = createVerifier(subtle)
  try {
    for (const { publicKey, message, signature, accepted } of ED25519_EDGES) {
      if ((await verify(fromHex(publicKey), utf8(message), fromHex(signature))) !== accepted) return undefined
    }
  } catch {
    return undefined
  }
  return verify
}

function createVerifier<Key>(subtle: SubtleEd25519<Key>): VerifySignatureAsync {
  const keys = new Map<string, Promise<Key | undefined>>()
  const importKey = (publicKey: Uint8Array): Promise<Key | undefined> => {
    const id = toHex(publicKey)
    let key = keys.get(id)
    if (key === undefined) {
      if (keys.size >= PUBLIC_KEYS_MAX) keys.clear()
      key = subtle.importKey(publicKey).catch(refusedKey)
      keys.set(id, key)
    }
    return key
  }
  return async (publicKey, message, signature) => {
    if (!isSoundEncoding(publicKey, signature)) return false
    const key = await importKey(publicKey)
    return key !== undefined && subtle.verify(key, signature, message)
  }
}

function refusedKey(error: unknown): undefined {
  if (error instanceof Error && error.name === 'DataError') return undefined
  throw error
}
