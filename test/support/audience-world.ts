import { randomBytes } from 'node:crypto'
import { type NationId, parseAllianceId, parseEpochId, parseLogId, parseNationId } from '../../src/base/ids.ts'
import { createXWingKey, type XWingKey } from '../../src/crypto/xwing.ts'
import type { KnownGroup } from '../../src/indicator/group.ts'
import type { AudienceName } from '../../src/policy/audience-name.ts'
import { type Audience, type Circle, resolveAudience } from '../../src/policy/resolve-audience.ts'
import type { WithheldReason } from '../../src/registry/audience.ts'
import { kemKeyIdOf, SUITE_XWING } from '../../src/registry/kem-key.ts'
import { ROLE, STATUS, type Status } from '../../src/registry/registry-doc.ts'

/** Nations with KEM keys and nothing else, for what is decided and sealed without a registry. */

export interface WorldNation {
  readonly nation: NationId
  readonly key: XWingKey
}

export interface NationShape {
  readonly maxTlp?: number
  readonly status?: Status
  readonly roles?: readonly number[]
  readonly withheld?: WithheldReason
}

export const PLACE = {
  allianceId: parseAllianceId(new Uint8Array(32).fill(1)),
  logId: parseLogId(new Uint8Array(32).fill(2)),
  epochId: parseEpochId(new Uint8Array(16).fill(3)),
}

/** `AAA`, `AAB`, … */
export function createWorld(count: number): readonly WorldNation[] {
  return Array.from({ length: count }, (_, i) => ({ nation: nameOf(i), key: createXWingKey(randomBytes(32)) }))
}

/** The first nation is the own one. */
export function circleOf(
  world: readonly WorldNation[],
  shapes: Readonly<Record<string, NationShape>> = {},
  group?: KnownGroup,
): Circle {
  const shapeOf = (nation: NationId): NationShape => shapes[nation] ?? {}
  const members = world.map(({ nation }) => {
    const { maxTlp = 0, status = STATUS.ACTIVE, roles = [ROLE.PUBLISH, ROLE.RECEIVE] } = shapeOf(nation)
    return { nation, status, roles: new Set(roles), maxTlp }
  })
  const recipients = world
    .filter(({ nation }) => shapeOf(nation).withheld === undefined)
    .map(({ nation, key }) => ({
      nation,
      kemKeyId: kemKeyIdOf(SUITE_XWING, key.publicKey),
      kemPublicKey: key.publicKey,
      maxTlp: shapeOf(nation).maxTlp ?? 0,
    }))
  const withheld = world.flatMap(({ nation }) => {
    const reason = shapeOf(nation).withheld
    return reason === undefined ? [] : { nation, reason }
  })
  return { own: world[0]!.nation, members, sealable: { recipients, withheld }, group: () => group }
}

/** Throws where it is refused. */
export function resolved(name: AudienceName, circle: Circle, tlp = 0): Audience {
  const resolution = resolveAudience(name, tlp, circle)
  if (resolution.kind === 'refused') throw new Error(`${resolution.code}: ${resolution.reason}`)
  return resolution.audience
}

function nameOf(index: number): NationId {
  const letters = [Math.floor(index / 676), Math.floor(index / 26) % 26, index % 26]
  return parseNationId(letters.map(each => String.fromCharCode(65 + each)).join(''))
}
