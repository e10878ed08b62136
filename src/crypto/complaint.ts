import { concat, EMPTY, isZero, readU32be, u32be, u64be, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/hash.ts'
import type { AllianceId, LogId } from '../base/ids.ts'
import { type HpkeMessage, hpkeOpen, hpkeSeal } from './hpke.ts'
import type { XWingKey } from './xwing.ts'

/** What is sealed in a COMPLAINT, to a KEM key of the author of the grant. */

const COMPLAINT_LABEL = utf8('tocsin/complaint/v1\0')
const LENGTH_BYTES = 4
/** All complaints have one size. */
const PADDED_BYTES = 64

/** Where the complaint stands: taken elsewhere, it does not open. */
export interface ComplaintPlace {
  readonly allianceId: AllianceId
  readonly logId: LogId
  readonly seq: number
}

/** `content` is at most 60 bytes. Throws `key-invalid`. */
export function sealComplaint(kemPublicKey: Uint8Array, place: ComplaintPlace, content: Uint8Array): HpkeMessage {
  const padded = new Uint8Array(PADDED_BYTES)
  padded.set(u32be(content.length))
  padded.set(content, LENGTH_BYTES)
  return hpkeSeal(kemPublicKey, infoOf(place, kemPublicKey), EMPTY, padded)
}

/** The content; null where it is not for this key. */
export function openComplaint(kem: XWingKey, place: ComplaintPlace, message: HpkeMessage): Uint8Array | null {
  const padded = hpkeOpen(kem, message.enc, infoOf(place, kem.publicKey), EMPTY, message.ct)
  if (padded?.length !== PADDED_BYTES) return null
  const end = LENGTH_BYTES + readU32be(padded)
  return end <= PADDED_BYTES && isZero(padded.subarray(end)) ? padded.subarray(LENGTH_BYTES, end) : null
}

function infoOf({ allianceId, logId, seq }: ComplaintPlace, kemPublicKey: Uint8Array): Uint8Array {
  return concat(COMPLAINT_LABEL, allianceId, logId, u64be(seq), sha256(kemPublicKey))
}
