import { concat, EMPTY, u8, utf8 } from '../base/bytes.ts'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, aeadOpen, aeadSeal } from './aead.ts'
import { hkdfExpand, hkdfExtract } from './hkdf.ts'
import { encapsulateXWing, type XWingKey } from './xwing.ts'

/**
 * HPKE (RFC 9180) in base mode, one message to a context, for the one suite of: KEM 0x647a (X-Wing),
 * KDF 0x0001 (HKDF-SHA256), AEAD 0x0003 (ChaCha20-Poly1305).
 */

const SUITE_ID = concat(utf8('HPKE'), Uint8Array.of(0x64, 0x7a, 0x00, 0x01, 0x00, 0x03))
const VERSION = utf8('HPKE-v1')
const MODE_BASE = u8(0)

/** Base mode has neither a pre-shared key nor an id for it. */
const PSK_ID_HASH = labelledExtract(EMPTY, 'psk_id_hash', EMPTY)

export interface HpkeMessage {
  /** 1120 bytes. */
  readonly enc: Uint8Array
  /** The ciphertext with its 16-byte tag. */
  readonly ct: Uint8Array
}

/** Seals to `publicKey` (1216 bytes); throws `key-invalid` where it is none. */
export function hpkeSeal(publicKey: Uint8Array, info: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): HpkeMessage {
  const { secret, enc } = encapsulateXWing(publicKey)
  const { key, nonce } = schedule(secret, info)
  return { enc, ct: aeadSeal(key, nonce, aad, plaintext) }
}

/** The plaintext, or null where the message is not for this key or was changed. */
export function hpkeOpen(
  key: XWingKey,
  enc: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  ct: Uint8Array,
): Uint8Array | null {
  const secret = key.decapsulate(enc)
  if (secret === null) return null
  const { key: aeadKey, nonce } = schedule(secret, info)
  return aeadOpen(aeadKey, nonce, aad, ct)
}

/** RFC 9180 section 5.1, for the first message of the context. */
function schedule(sharedSecret: Uint8Array, info: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const context = concat(MODE_BASE, PSK_ID_HASH, labelledExtract(EMPTY, 'info_hash', info))
  const secret = labelledExtract(sharedSecret, 'secret', EMPTY)
  return {
    key: labelledExpand(secret, 'key', context, AEAD_KEY_BYTES),
    nonce: labelledExpand(secret, 'base_nonce', context, AEAD_NONCE_BYTES),
  }
}

function labelledExtract(salt: Uint8Array, label: string, inputKey: Uint8Array): Uint8Array {
  return hkdfExtract(salt, concat(VERSION, SUITE_ID, utf8(label), inputKey))
}

function labelledExpand(key: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  return hkdfExpand(key, [Uint8Array.of(length >> 8, length & 0xff), VERSION, SUITE_ID, utf8(label), info], length)
}
