import { EMPTY, equalBytes } from '../base/bytes.ts'
import type { AllianceId, EpochId, LogId, NationId } from '../base/ids.ts'
import { parseEpochId } from '../base/ids.ts'
import type { Random } from '../base/ports.ts'
import { audienceHash, commitOf, EPOCH_SECRET_BYTES, type EpochPlace, sealSlot } from '../crypto/epoch-slot.ts'
import { sealInfo } from '../crypto/sealed-info.ts'
import type { Recipient } from '../registry/audience.ts'
import type { KeyGrant, Slot } from '../wire/gen/tocsin.ts'
import { GRANT_SLOTS_MAX } from '../wire/limits.ts'
import { type AudienceScope, encodeAudienceInfo, scopeOf } from './audience-info.ts'
import type { Audience } from './resolve-audience.ts'
import { sealedSlotCount, sealedSlots } from './sealed-slots.ts'

/** An epoch of this author: what it seals with, and for whom. */
export interface OwnEpoch {
  readonly place: EpochPlace
  readonly secret: Uint8Array
  readonly audience: Audience
  readonly registryVersion: number
  readonly openedMs: number
  /** Messages sealed so far. */
  readonly messages: number
}

export interface EpochLimits {
  readonly maxAgeMs: number
  readonly maxMessages: number
}

const GRANT_MODE = { NAMED: 1, SEALED: 2 } as const
const GRANT_REASON = { NEW: 1, ROTATE: 2, HISTORY: 3 } as const
const SUITE_XWING = 1
const EPOCH_ID_BYTES = 16

/** Does the next message still go under `epoch`? Time and count decide; the audience is what it is looked up by. */
export function epochServes(epoch: OwnEpoch, logId: LogId, limits: EpochLimits, nowMs: number): boolean {
  return (
    epoch.messages < limits.maxMessages &&
    nowMs - epoch.openedMs < limits.maxAgeMs &&
    equalBytes(epoch.place.logId, logId)
  )
}

export interface EpochRequest {
  readonly allianceId: AllianceId
  readonly logId: LogId
  readonly audience: Audience
  readonly registryVersion: number
  readonly nowMs: number
}

export function createEpoch(request: EpochRequest, random: Random): OwnEpoch {
  const epochId: EpochId = parseEpochId(random.bytes(EPOCH_ID_BYTES))
  return {
    place: { allianceId: request.allianceId, logId: request.logId, epochId },
    secret: random.bytes(EPOCH_SECRET_BYTES),
    audience: request.audience,
    registryVersion: request.registryVersion,
    openedMs: request.nowMs,
    messages: 0,
  }
}

/**
 * The grants that hand the epoch to its audience: at most 48 slots each, one epoch id and commitment. `before`
 * is the author's NAMED epoch before; SEALED ones say nothing that links one to another.
 */
export function buildGrants(
  epoch: OwnEpoch,
  maxMessages: number,
  before: EpochId | undefined,
  random: Random,
): readonly KeyGrant[] {
  const { recipients, sealed } = epoch.audience
  if (sealed) {
    const readers = recipients.map(({ nation }) => nation)
    const grant = { ...epoch, maxMessages, readers, scope: scopeOf(epoch.audience.name), reason: GRANT_REASON.NEW }
    return buildSealedGrants(grant, recipients, random)
  }
  const slots = recipients.map(({ nation, kemKeyId, kemPublicKey }) => {
    return { nation, kemKeyId, ...sealSlot(kemPublicKey, epoch.place, epoch.secret) }
  })
  const nations = recipients.map(({ nation }) => nation)
  const shared = {
    ...sharedFields(epoch, maxMessages, nations),
    mode: GRANT_MODE.NAMED,
    sealedInfo: EMPTY,
    supersedes: before ?? EMPTY,
    reason: before === undefined ? GRANT_REASON.NEW : GRANT_REASON.ROTATE,
  }
  return inGrants(slots).map(part => ({ ...shared, slots: part }))
}

export interface HistoryRequest extends Pick<OwnEpoch, 'place' | 'secret' | 'registryVersion'> {
  readonly maxMessages: number
  readonly scope: AudienceScope
  /** Who could read it before. */
  readonly readers: readonly NationId[]
}

/** Hands an epoch that was to one more nation. What it says of the audience names the newcomer too. */
export function buildHistoryGrant(request: HistoryRequest, newcomer: Recipient, random: Random): KeyGrant {
  const readers = [...new Set([...request.readers, newcomer.nation])].sort()
  return buildSealedGrants({ ...request, readers, reason: GRANT_REASON.HISTORY }, [newcomer], random)[0]!
}

function buildSealedGrants(
  grant: HistoryRequest & { readonly reason: number },
  recipients: readonly Recipient[],
  random: Random,
): readonly KeyGrant[] {
  const { place, secret, readers, scope } = grant
  const info = encodeAudienceInfo({ ...scope, nations: readers })
  const slotCount = sealedSlotCount(readers.length)
  const shared = {
    ...sharedFields(grant, grant.maxMessages, readers),
    mode: GRANT_MODE.SEALED,
    sealedInfo: sealInfo(secret, place, info, slotCount, random),
    supersedes: EMPTY,
    reason: grant.reason,
  }
  const slots = sealedSlots(recipients, place, secret, random).map(slot => ({ nation: '', kemKeyId: EMPTY, ...slot }))
  return inGrants(slots).map(part => ({ ...shared, slots: part }))
}

function sharedFields(
  { place, secret, registryVersion }: Pick<OwnEpoch, 'place' | 'secret' | 'registryVersion'>,
  maxMessages: number,
  nations: readonly NationId[],
) {
  return {
    epochId: place.epochId,
    suite: SUITE_XWING,
    commit: commitOf(secret, place),
    registryVersion,
    audienceHash: audienceHash(secret, nations),
    maxMessages,
  }
}

function inGrants(slots: readonly Slot[]): readonly Slot[][] {
  const parts: Slot[][] = []
  for (let first = 0; first < slots.length; first += GRANT_SLOTS_MAX) {
    parts.push(slots.slice(first, first + GRANT_SLOTS_MAX))
  }
  return parts
}
