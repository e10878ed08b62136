import { concat, isZero, readU32be, u32be, utf8 } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_TAG_BYTES, aeadOpen, aeadSeal } from './aead.ts'
import type { EpochPlace } from './epoch-slot.ts'
import { hkdfExpand, hmacSha256 } from './hkdf.ts'

/**
 * `sealed_info` of a SEALED grant: `salt || ciphertext || tag`, for whoever holds the epoch secret. Its size
 * follows from the number of slots alone, which everybody sees, so that it tells nothing more.
 */

const SALT_BYTES = 32
const LENGTH_BYTES = 4
const INFO_LABEL = utf8('tocsin/info/v1\0')
const SALT_LABEL = utf8('tocsin/info-salt/v1\0')
/** Each key seals one content, so the nonce says nothing. */
const NONCE = new Uint8Array(AEAD_NONCE_BYTES)

const BASE_BYTES = 64
/** A nation id of 16 characters with its tag and length. */
const SLOT_BYTES = 18
/** With more the grant would be larger than a body; nation ids are shorter than that in truth. */
const SLOTS_COUNTED_MAX = 480

/** The padded content of the info of a grant whose epoch has `slots` slots, dummies included. */
function paddedInfoSize(slots: number): number {
  return BASE_BYTES + SLOT_BYTES * Math.min(slots, SLOTS_COUNTED_MAX)
}

/** Throws UserError `audience-too-large`. */
export function sealInfo(
  secret: Uint8Array,
  place: EpochPlace,
  content: Uint8Array,
  slots: number,
  random: Random,
): Uint8Array {
  const padded = new Uint8Array(paddedInfoSize(slots))
  if (content.length + LENGTH_BYTES > padded.length) {
    throw new UserError('audience-too-large', 'the names of so many nations do not fit into a grant', {
      fix: 'Name fewer nations.',
    })
  }
  padded.set(u32be(content.length))
  padded.set(content, LENGTH_BYTES)
  const salt = hmacSha256(hkdfExpand(secret, [SALT_LABEL], AEAD_KEY_BYTES), random.bytes(SALT_BYTES), padded)
  return concat(salt, aeadSeal(infoKey(secret, place, salt), NONCE, aad(place), padded))
}

/** The content, or null where it was not sealed with this secret for this epoch or is not padded as above. */
export function openInfo(secret: Uint8Array, place: EpochPlace, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < SALT_BYTES + LENGTH_BYTES + AEAD_TAG_BYTES) return null
  const salt = sealed.subarray(0, SALT_BYTES)
  const padded = aeadOpen(infoKey(secret, place, salt), NONCE, aad(place), sealed.subarray(SALT_BYTES))
  if (padded === null) return null
  const end = LENGTH_BYTES + readU32be(padded)
  return end <= padded.length && isZero(padded.subarray(end)) ? padded.subarray(LENGTH_BYTES, end) : null
}

function infoKey(secret: Uint8Array, place: EpochPlace, salt: Uint8Array): Uint8Array {
  return hkdfExpand(secret, [INFO_LABEL, place.logId, place.epochId, salt], AEAD_KEY_BYTES)
}

function aad({ allianceId, logId, epochId }: EpochPlace): Uint8Array {
  return concat(INFO_LABEL, allianceId, logId, epochId)
}
