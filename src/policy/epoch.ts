import { EMPTY, toHex } from '../base/bytes.ts'
import type { AllianceId, EpochId, LogId } from '../base/ids.ts'
import { parseEpochId } from '../base/ids.ts'
import type { Random } from '../base/ports.ts'
import { audienceHash, commitOf, EPOCH_SECRET_BYTES, type EpochPlace, sealSlot } from '../crypto/epoch-slot.ts'
import type { KeyGrant } from '../wire/gen/tocsin.ts'
import { GRANT_SLOTS_MAX } from '../wire/limits.ts'
import type { Audience } from './release.ts'

/** An epoch of this author: what it seals with, and for whom. */
export interface OwnEpoch {
  readonly place: EpochPlace
  readonly secret: Uint8Array
  readonly audience: Audience
  readonly audienceKey: string
  readonly registryVersion: number
  readonly openedMs: number
  /** Messages sealed so far. */
  readonly messages: number
}

export interface EpochLimits {
  readonly maxAgeMs: number
  readonly maxMessages: number
}

const GRANT_MODE_NAMED = 1
const GRANT_REASON = { NEW: 1, ROTATE: 2 } as const
const SUITE_XWING = 1

/** Does the next message of this audience still go under `epoch`? Time, count, members and KEM keys decide. */
export function epochServes(
  epoch: OwnEpoch,
  logId: LogId,
  audience: Audience,
  limits: EpochLimits,
  nowMs: number,
): boolean {
  return (
    epoch.messages < limits.maxMessages &&
    nowMs - epoch.openedMs < limits.maxAgeMs &&
    epoch.audienceKey === audienceKeyOf(audience) &&
    toHex(epoch.place.logId) === toHex(logId)
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
  const epochId: EpochId = parseEpochId(random.bytes(16))
  return {
    place: { allianceId: request.allianceId, logId: request.logId, epochId },
    secret: random.bytes(EPOCH_SECRET_BYTES),
    audience: request.audience,
    audienceKey: audienceKeyOf(request.audience),
    registryVersion: request.registryVersion,
    openedMs: request.nowMs,
    messages: 0,
  }
}

/** The grants that hand the epoch to its audience: at most 48 slots each, one epoch id and commitment. */
export function buildGrants(epoch: OwnEpoch, maxMessages: number, before: OwnEpoch | undefined): KeyGrant[] {
  const { recipients } = epoch.audience
  const shared = {
    epochId: epoch.place.epochId,
    suite: SUITE_XWING,
    commit: commitOf(epoch.secret, epoch.place),
    registryVersion: epoch.registryVersion,
    mode: GRANT_MODE_NAMED,
    audienceHash: audienceHash(epoch.secret, new Set(recipients.map(recipient => recipient.nation))),
    maxMessages,
    sealedInfo: EMPTY,
    supersedes: before?.place.epochId ?? EMPTY,
    reason: before === undefined ? GRANT_REASON.NEW : GRANT_REASON.ROTATE,
  }
  const grants: KeyGrant[] = []
  for (let first = 0; first < recipients.length; first += GRANT_SLOTS_MAX) {
    const slots = recipients.slice(first, first + GRANT_SLOTS_MAX).map(recipient => ({
      nation: recipient.nation,
      kemKeyId: recipient.kemKeyId,
      ...sealSlot(recipient.kemPublicKey, epoch.place, epoch.secret),
    }))
    grants.push({ ...shared, slots })
  }
  return grants
}

function audienceKeyOf(audience: Audience): string {
  return audience.recipients
    .map(recipient => `${recipient.nation}:${toHex(recipient.kemKeyId)}`)
    .sort()
    .join(' ')
}
