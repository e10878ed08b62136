import { EMPTY } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type NationId, parseNationId } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import { AudienceInfo } from '../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX, NATIONS_MAX } from '../wire/limits.ts'
import { assertLength, assertRange, decodeStrict } from '../wire/strict.ts'
import { ALLIANCE, type AudienceName, type GroupName, nationsAudience } from './audience-name.ts'

/** What kind of audience an epoch has, as its recipients learn it from `sealed_info`. */
export type AudienceScope =
  | { readonly kind: 'alliance' | 'nations'; readonly group?: undefined }
  | { readonly kind: 'group'; readonly group: GroupName }

export type AudienceStatement = AudienceScope & {
  /** All that can read, ascending. */
  readonly nations: readonly NationId[]
}

const SCOPE = { ALLIANCE: 1, GROUP: 2, NATIONS: 3 } as const
const GROUP_ID_BYTES = 16

export function scopeOf(name: AudienceName): AudienceScope {
  return name.kind === 'group' ? { kind: 'group', group: { owner: name.owner, id: name.id } } : { kind: name.kind }
}

/** The name under which the same can be said again. */
export function audienceNameOf(statement: AudienceStatement): AudienceName {
  switch (statement.kind) {
    case 'alliance':
      return ALLIANCE
    case 'group':
      return { kind: 'group', ...statement.group }
    case 'nations':
      return nationsAudience(statement.nations)
  }
}

export function encodeAudienceInfo({ kind, nations, group }: AudienceStatement): Uint8Array {
  const scope = { alliance: SCOPE.ALLIANCE, group: SCOPE.GROUP, nations: SCOPE.NATIONS }[kind]
  return encode(AudienceInfo, {
    scope,
    nations: [...nations],
    groupOwner: group?.owner ?? '',
    groupId: group?.id ?? EMPTY,
  })
}

/** Throws ProtocolError. */
export function parseAudienceInfo(bytes: Uint8Array): AudienceStatement {
  const info = decodeStrict(AudienceInfo, bytes, BODY_BYTES_MAX)
  assertRange(info.scope, SCOPE.ALLIANCE, SCOPE.NATIONS, 'scope')
  assertRange(info.nations.length, 1, NATIONS_MAX, 'number of nations')
  const nations = info.nations.map(parseNationId)
  if (nations.some((nation, i) => i > 0 && nation <= nations[i - 1]!)) {
    throw new ProtocolError('wire-text', 'the nations of an audience are not in ascending order')
  }
  const isGroup = info.scope === SCOPE.GROUP
  assertLength(info.groupId, isGroup ? GROUP_ID_BYTES : 0, 'group_id')
  if (isGroup) return { kind: 'group', nations, group: { owner: parseNationId(info.groupOwner), id: info.groupId } }
  if (info.groupOwner !== '') throw new ProtocolError('wire-text', 'an audience that is no group has a group_owner')
  return { kind: info.scope === SCOPE.ALLIANCE ? 'alliance' : 'nations', nations }
}
