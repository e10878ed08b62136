import { toHex, utf8 } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { sha256 } from '../base/hash.ts'
import type { NationId } from '../base/ids.ts'
import type { KnownGroup } from '../indicator/group.ts'
import { isTlp, TLP, tlpName } from '../indicator/marking.ts'
import type { Recipient, Audience as Sealable, WithheldReason } from '../registry/audience.ts'
import { quoted } from '../registry/phrase.ts'
import { type NationRecord, ROLE, STATUS } from '../registry/registry-doc.ts'
import { type AudienceName, type GroupName, groupKey } from './audience-name.ts'

declare const resolved: unique symbol

/** Whom an audience is at a time, for items up to a marking. Only `resolveAudience` makes one, and an epoch takes no other. */
export interface Audience {
  readonly [resolved]: true
  readonly name: AudienceName
  readonly group: KnownGroup | undefined
  /** The level it was resolved for; 0: unmarked. */
  readonly tlp: number
  /** NAMED where it is the whole alliance, else SEALED. */
  readonly sealed: boolean
  /** In the order of ids, the own nation among them where it can be sealed to. */
  readonly recipients: readonly Recipient[]
  /** Every other nation of the registry, in the order of ids. */
  readonly excluded: readonly Excluded[]
  /** Equal for equal mode, scope, recipients and KEM keys: one epoch serves them all. */
  readonly key: string
}

export interface Excluded {
  readonly nation: NationId
  readonly reason: ExclusionReason
}

export type ExclusionReason =
  | WithheldReason
  | 'not-named'
  | 'not-in-group'
  | 'ceiling'
  | 'no-role'
  | 'expelled'
  | 'unknown'

/** What is known of nations and groups at a time. */
export interface Circle {
  readonly own: NationId
  /** Every nation of the registry in force, in the order of ids. */
  readonly members: readonly Pick<NationRecord, 'nation' | 'status' | 'roles' | 'maxTlp'>[]
  readonly sealable: Sealable
  group(name: GroupName): KnownGroup | undefined
}

export type AudienceResolution =
  | { readonly kind: 'resolved'; readonly audience: Audience }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string }

/**
 * Who can read what is marked `tlp` (0: unmarked) and goes to `name`. A ceiling below the marking leaves a nation out of
 * the alliance or of a group, which makes the audience a narrower one; a nation that was named and is left out refuses
 * the whole, as its author counts on it.
 */
export function resolveAudience(name: AudienceName, tlp: number, circle: Circle): AudienceResolution {
  if (name.kind === 'alliance' && tlp === TLP.RED) {
    return refused('release-red-needs-recipients', 'TLP:RED names its recipients; it cannot go to the whole alliance')
  }
  const group = name.kind === 'group' ? circle.group(name) : undefined
  const obstacle = name.kind === 'group' ? groupObstacle(group, tlp, circle.own) : undefined
  if (obstacle !== undefined) return obstacle
  const reasons = exclusions(name, group, tlp, circle)
  if (name.kind === 'nations') {
    const missing = name.nations.find(nation => nation !== circle.own && reasons.get(nation) !== undefined)
    if (missing !== undefined) return namedIsExcluded(missing, reasons.get(missing)!, tlp)
  }
  const recipients: readonly Recipient[] = circle.sealable.recipients.filter(
    ({ nation }) => reasons.get(nation) === undefined,
  )
  const excluded: readonly Excluded[] = [...reasons].flatMap(([nation, reason]) =>
    reason === undefined ? [] : { nation, reason },
  )
  const sealed = name.kind !== 'alliance' || excluded.some(({ reason }) => reason === 'ceiling')
  const key = keyOf(name, sealed, recipients)
  return { kind: 'resolved', audience: { name, group, tlp, sealed, recipients, excluded, key } as Audience }
}

/** One plain clause: `its ceiling in the registry is below TLP:RED`. */
export function exclusionText(reason: ExclusionReason, tlp: number): string {
  switch (reason) {
    case 'not-named':
      return 'it is not named'
    case 'not-in-group':
      return 'it is not a member of the group'
    case 'ceiling':
      return `its ceiling in the registry is below ${levelName(tlp)}`
    case 'no-role':
      return 'it does not have the role RECEIVE'
    case 'expelled':
      return 'it is expelled'
    case 'unknown':
      return 'it is no member of the alliance'
    case 'suspended':
      return 'it is suspended'
    case 'split':
      return 'the governors contradict each other, and one side excludes it'
    case 'no-document':
      return 'it has no nation document in force'
    case 'document-expired':
      return 'its nation document expired more than 30 days ago'
    case 'no-kem-key':
      return 'it has no key to seal to at this time'
  }
}

/** Why each nation cannot read; undefined for who can. */
function exclusions(name: AudienceName, group: KnownGroup | undefined, tlp: number, circle: Circle) {
  const withheld = new Map(circle.sealable.withheld.map(({ nation, reason }) => [nation, reason]))
  const meant = meantBy(name, group)
  const reasons = new Map<NationId, ExclusionReason | undefined>()
  for (const member of circle.members) {
    const { nation } = member
    const isMeant = meant === undefined || meant.has(nation) || nation === circle.own
    const otherwise = name.kind === 'group' ? 'not-in-group' : 'not-named'
    const standing = standingExclusion(member, nation === circle.own ? 0 : tlp) ?? withheld.get(nation)
    reasons.set(nation, isMeant ? standing : otherwise)
  }
  for (const nation of meant ?? []) if (!reasons.has(nation)) reasons.set(nation, 'unknown')
  return reasons
}

/** By the registry alone. A nation reads what it wrote whatever its ceiling: then `tlp` is 0. */
function standingExclusion(
  { status, roles, maxTlp }: Circle['members'][number],
  tlp: number,
): ExclusionReason | undefined {
  if (status === STATUS.EXPELLED) return 'expelled'
  if (!roles.has(ROLE.RECEIVE)) return 'no-role'
  return maxTlp !== 0 && maxTlp < tlp ? 'ceiling' : undefined
}

/** Undefined: everybody. */
function meantBy(name: AudienceName, group: KnownGroup | undefined): ReadonlySet<NationId> | undefined {
  if (name.kind === 'alliance') return undefined
  return new Set(name.kind === 'group' ? group!.members : name.nations)
}

function groupObstacle(group: KnownGroup | undefined, tlp: number, own: NationId): AudienceResolution | undefined {
  if (group === undefined) return refused('group-unknown', 'no such group is known here')
  const called = quoted(group.name)
  if (!group.members.includes(own))
    return refused('group-unknown', `this nation is not a member of the group ${called}`)
  if (group.maxTlp === 0 || tlp <= group.maxTlp) return undefined
  const reason = `the item is ${levelName(tlp)}, and the group ${called} takes nothing above ${levelName(group.maxTlp)}`
  return refused('release-above-group-ceiling', reason)
}

function namedIsExcluded(nation: NationId, reason: ExclusionReason, tlp: number): AudienceResolution {
  const code = reason === 'ceiling' ? 'release-above-ceiling' : 'release-recipient-excluded'
  return refused(code, `${nation} is named and cannot read it: ${exclusionText(reason, tlp)}`)
}

function refused(code: ErrorCode, reason: string): AudienceResolution {
  return { kind: 'refused', code, reason }
}

function keyOf(name: AudienceName, sealed: boolean, recipients: readonly Recipient[]): string {
  const scope = name.kind === 'group' ? groupKey(name) : name.kind
  const readers = recipients.map(({ nation, kemKeyId }) => `${nation}:${toHex(kemKeyId)}`)
  return toHex(sha256(utf8([sealed ? 'sealed' : 'named', scope, ...readers].join(' '))))
}

function levelName(tlp: number): string {
  return isTlp(tlp) ? tlpName(tlp) : `TLP ${tlp}`
}
