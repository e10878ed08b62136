import { assertProtocol } from '../base/errors.ts'
import { type EpochId, type NationId, parseEpochId, parseNationId } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import { KeyGrant, type Slot } from '../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX, GRANT_SLOTS_MAX, HPKE_ENC_BYTES, SLOT_CT_BYTES } from '../wire/limits.ts'
import { assertLength, assertRange, decodeStrict } from '../wire/strict.ts'

const SUITE_1 = 1
const GRANT_MODE = { NAMED: 1, SEALED: 2 } as const
const GRANT_REASON = { NEW: 1, ROTATE: 2, HISTORY: 3 } as const

export interface GrantSlot {
  /** Whom the slot is for; undefined when SEALED. */
  readonly recipient: { readonly nation: NationId; readonly kemKeyId: Uint8Array } | undefined
  /** 1,120 bytes. */
  readonly enc: Uint8Array
  /** 48 bytes. */
  readonly ct: Uint8Array
}

export interface KeyGrantContent {
  readonly epochId: EpochId
  readonly commit: Uint8Array
  readonly registryVersion: number
  readonly sealed: boolean
  readonly audienceHash: Uint8Array
  readonly maxMessages: number
  readonly sealedInfo: Uint8Array
  /** 1 to 48. */
  readonly slots: readonly GrantSlot[]
  readonly supersedes: EpochId | undefined
  readonly reason: number
}

/** Body bytes. Throws as `parseKeyGrant` does, so that nobody signs what nobody accepts. */
export function encodeKeyGrant(grant: KeyGrant): Uint8Array {
  const body = encode(KeyGrant, grant)
  parseKeyGrant(body)
  return body
}

/** The form of a KEY_GRANT body; undefined where its suite is not known here. Throws ProtocolError. */
export function parseKeyGrant(body: Uint8Array): KeyGrantContent | undefined {
  const grant = decodeStrict(KeyGrant, body, BODY_BYTES_MAX)
  if (grant.suite !== SUITE_1) return undefined
  assertLength(grant.commit, 32, 'commit')
  assertLength(grant.audienceHash, 32, 'audience_hash')
  assertRange(grant.mode, GRANT_MODE.NAMED, GRANT_MODE.SEALED, 'mode')
  assertRange(grant.reason, GRANT_REASON.NEW, GRANT_REASON.HISTORY, 'reason')
  assertRange(grant.slots.length, 1, GRANT_SLOTS_MAX, 'number of slots')
  const sealed = grant.mode === GRANT_MODE.SEALED
  return {
    epochId: parseEpochId(grant.epochId),
    commit: grant.commit,
    registryVersion: grant.registryVersion,
    sealed,
    audienceHash: grant.audienceHash,
    maxMessages: grant.maxMessages,
    sealedInfo: grant.sealedInfo,
    slots: grant.slots.map(slot => parseSlot(slot, sealed)),
    supersedes: grant.supersedes.length === 0 ? undefined : parseEpochId(grant.supersedes),
    reason: grant.reason,
  }
}

function parseSlot(slot: Slot, sealed: boolean): GrantSlot {
  const { enc, ct } = slot
  assertLength(enc, HPKE_ENC_BYTES, 'enc')
  assertLength(ct, SLOT_CT_BYTES, 'ct')
  if (!sealed) {
    assertLength(slot.kemKeyId, 32, 'kem_key_id')
    return { recipient: { nation: parseNationId(slot.nation), kemKeyId: slot.kemKeyId }, enc, ct }
  }
  // a name or a key id would tell who is in the audience.
  assertProtocol(
    slot.nation === '' && slot.kemKeyId.length === 0,
    'content-body-malformed',
    'a SEALED slot names its nation',
  )
  return { recipient: undefined, enc, ct }
}
