import { compareBytes, concat, EMPTY, toHex, u8, utf8 } from '../base/bytes.ts'
import { assertProtocol, ProtocolError } from '../base/errors.ts'
import { type NationId, parseNationId } from '../base/ids.ts'
import { NATIONS_MAX } from '../wire/limits.ts'

/** For whom something is meant, as its author says it. Who that is at a time, `resolveAudience` tells. */
export type AudienceName =
  | { readonly kind: 'alliance' }
  | ({ readonly kind: 'group' } & GroupName)
  /** Distinct, ascending, at least one. The own nation reads in any case. */
  | { readonly kind: 'nations'; readonly nations: readonly NationId[] }

/** A sharing group. An id alone names none: another nation may use the same. */
export interface GroupName {
  readonly owner: NationId
  /** 16 bytes. */
  readonly id: Uint8Array
}

export const ALLIANCE: AudienceName = { kind: 'alliance' }

const KIND = { ALLIANCE: 1, GROUP: 2, NATIONS: 3 } as const
const GROUP_ID_BYTES = 16

/** Throws ProtocolError `wire-field-range` for none or too many. */
export function nationsAudience(nations: Iterable<NationId>): AudienceName {
  const sorted = [...new Set(nations)].sort()
  if (sorted.length === 0 || sorted.length > NATIONS_MAX) {
    throw new ProtocolError(
      'wire-field-range',
      `an audience of ${sorted.length} nations; allowed are 1 to ${NATIONS_MAX}`,
    )
  }
  return { kind: 'nations', nations: sorted }
}

/** A map key. */
export function groupKey({ owner, id }: GroupName): string {
  return `${owner}/${toHex(id)}`
}

/** One kind byte, then what it asks for; a nation is `u8 length || ASCII`. One name has one encoding. */
export function encodeAudienceName(name: AudienceName): Uint8Array {
  switch (name.kind) {
    case 'alliance':
      return u8(KIND.ALLIANCE)
    case 'group':
      return concat(u8(KIND.GROUP), nationBytes(name.owner), name.id)
    case 'nations':
      return concat(u8(KIND.NATIONS), ...name.nations.map(nationBytes))
  }
}

/** Throws ProtocolError for what `encodeAudienceName` does not give. */
export function decodeAudienceName(bytes: Uint8Array): AudienceName {
  const name = readName(bytes)
  assertProtocol(compareBytes(encodeAudienceName(name), bytes) === 0, 'wire-not-canonical', 'the name of an audience')
  return name
}

function readName(bytes: Uint8Array): AudienceName {
  switch (bytes[0]) {
    case KIND.ALLIANCE:
      return ALLIANCE
    case KIND.GROUP: {
      const { nation: owner, end } = readNation(bytes, 1)
      const id = bytes.slice(end)
      assertProtocol(id.length === GROUP_ID_BYTES, 'wire-field-length', 'the id of a group is not 16 bytes long')
      return { kind: 'group', owner, id }
    }
    case KIND.NATIONS: {
      const nations: NationId[] = []
      for (let at = 1; at < bytes.length; ) {
        const { nation, end } = readNation(bytes, at)
        nations.push(nation)
        at = end
      }
      return nationsAudience(nations)
    }
    default:
      throw new ProtocolError('wire-undecodable', 'the name of an audience is of no known kind')
  }
}

function nationBytes(nation: NationId): Uint8Array {
  return concat(u8(nation.length), utf8(nation))
}

function readNation(bytes: Uint8Array, at: number): { readonly nation: NationId; readonly end: number } {
  const end = at + 1 + (bytes[at] ?? 0)
  return { nation: parseNationId(asciiOf(end > bytes.length ? EMPTY : bytes.subarray(at + 1, end))), end }
}

/** Bytes above ASCII become characters that no nation id has. */
function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
