import { concat, EMPTY, equalBytes, u8, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/hash.ts'
import type { AllianceId, EpochId, Hash, LogId, NationId } from '../base/ids.ts'
import { hkdfExpand, hmacSha256 } from './hkdf.ts'
import { type HpkeMessage, hpkeOpen, hpkeSeal } from './hpke.ts'
import type { XWingKey } from './xwing.ts'

/** How an epoch secret goes from its author to a recipient: one slot of a KEY_GRANT, and what binds it. */

export const EPOCH_SECRET_BYTES = 32

const GRANT_LABEL = utf8('tocsin/grant/v1\0')
const COMMIT_LABEL = utf8('tocsin/commit/v1\0')
const AUDIENCE_LABEL = utf8('tocsin/audience/v1\0')

export interface EpochPlace {
  readonly allianceId: AllianceId
  readonly logId: LogId
  readonly epochId: EpochId
}

/** A slot of somebody else is expected where slots carry no names; a wrong commitment is the author's fraud. */
export type OpenedSlot =
  | { readonly kind: 'opened'; readonly secret: Uint8Array }
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'wrong-commit' }

/** The commitment of, without which one ciphertext could open in two ways. */
export function commitOf(secret: Uint8Array, place: EpochPlace): Hash {
  return hkdfExpand(secret, [COMMIT_LABEL, place.allianceId, place.logId, place.epochId], 32) as Hash
}

/** Seals the 32-byte epoch `secret` to a KEM public key (1216 bytes). Throws `key-invalid`. */
export function sealSlot(kemPublicKey: Uint8Array, place: EpochPlace, secret: Uint8Array): HpkeMessage {
  const info = slotInfo(place, commitOf(secret, place), kemPublicKey)
  return hpkeSeal(kemPublicKey, info, EMPTY, secret)
}

/** Tries a slot with a key of ours, and holds what comes out against the `commit` of the grant. */
export function openSlot(kem: XWingKey, place: EpochPlace, commit: Hash, slot: HpkeMessage): OpenedSlot {
  const secret = hpkeOpen(kem, slot.enc, slotInfo(place, commit, kem.publicKey), EMPTY, slot.ct)
  if (secret === null) return { kind: 'not-ours' }
  if (secret.length !== EPOCH_SECRET_BYTES || !equalBytes(commitOf(secret, place), commit)) {
    return { kind: 'wrong-commit' }
  }
  return { kind: 'opened', secret }
}

/** `audience_hash` of: tells members of an audience that they see the same one, and others nothing. */
export function audienceHash(secret: Uint8Array, nations: Iterable<NationId>): Hash {
  const sorted = [...new Set(nations)].sort()
  return hmacSha256(secret, AUDIENCE_LABEL, ...sorted.flatMap(nation => [u8(nation.length), utf8(nation)])) as Hash
}

function slotInfo(place: EpochPlace, commit: Uint8Array, kemPublicKey: Uint8Array): Uint8Array {
  return concat(GRANT_LABEL, place.allianceId, place.logId, place.epochId, commit, sha256(kemPublicKey))
}
