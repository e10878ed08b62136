import { concat, u64be, utf8 } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { AllianceId, EpochId, LogId } from '../base/ids.ts'
import type { Random } from '../base/ports.ts'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, aeadOpen, aeadSeal } from './aead.ts'
import { hkdfExpand, hmacSha256 } from './hkdf.ts'
import { pad, unpad } from './padding.ts'

/** Sealing and opening the body of a BATCH under its epoch secret. */

const SALT_BYTES = 32

const MESSAGE_LABEL = utf8('tocsin/msg/v1\0')
const AAD_LABEL = utf8('tocsin/aad/v1\0')
const SALT_LABEL = utf8('tocsin/salt/v1\0')
/** Each key seals one message, so the nonce says nothing. */
const NONCE = new Uint8Array(AEAD_NONCE_BYTES)

/** The place of a body in the chain, to which the ciphertext is bound. */
export interface BodyPlace {
  readonly allianceId: AllianceId
  readonly logId: LogId
  readonly seq: number
  readonly epochId: EpochId
  readonly registryVersion: number
}

export interface SealedBody {
  /** 32 bytes, for the header. */
  readonly salt: Uint8Array
  /** Ciphertext of the padded content with its 16-byte tag, at most 64 KiB. */
  readonly body: Uint8Array
}

/** Seals `content` under the 32-byte epoch `secret`. Throws `content-too-large`. */
export function sealBody(secret: Uint8Array, place: BodyPlace, content: Uint8Array, random: Random): SealedBody {
  const plaintext = pad(content)
  const salt = messageSalt(secret, random.bytes(SALT_BYTES), plaintext)
  const key = messageKey(secret, place.logId, place.seq, salt)
  return { salt, body: aeadSeal(key, NONCE, bodyAad(place), plaintext) }
}

/**
 * The content of a sealed body. Throws `seal-invalid` where it was not sealed with this secret for this place, and
 * `padding-invalid`; the author is at fault, for its signature covers salt and body.
 */
export function openBody(secret: Uint8Array, place: BodyPlace, salt: Uint8Array, body: Uint8Array): Uint8Array {
  const key = messageKey(secret, place.logId, place.seq, salt)
  const plaintext = aeadOpen(key, NONCE, bodyAad(place), body)
  if (plaintext === null) {
    throw new ProtocolError('seal-invalid', 'the body does not open with the key of its epoch', {
      data: { seq: place.seq },
    })
  }
  return unpad(plaintext)
}

/** `K` of, 32 bytes. */
export function messageKey(secret: Uint8Array, logId: LogId, seq: number, salt: Uint8Array): Uint8Array {
  return hkdfExpand(secret, [MESSAGE_LABEL, logId, u64be(seq), salt], AEAD_KEY_BYTES)
}

/**
 * The salt of a message: an author who was rolled back and draws the same random bytes again still gets another key
 * for another plaintext, and the salt tells nothing about either. `plaintext` is the padded content.
 */
export function messageSalt(secret: Uint8Array, random: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return hmacSha256(hkdfExpand(secret, [SALT_LABEL], AEAD_KEY_BYTES), random, plaintext)
}

function bodyAad(place: BodyPlace): Uint8Array {
  const { allianceId, logId, seq, epochId, registryVersion } = place
  return concat(AAD_LABEL, allianceId, logId, u64be(seq), epochId, u64be(registryVersion))
}
