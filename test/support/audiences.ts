import type { NationId } from '../../src/base/ids.ts'
import type { KnownGroup } from '../../src/indicator/group.ts'
import { ALLIANCE, type AudienceName } from '../../src/policy/audience-name.ts'
import { type Audience, type Circle, resolveAudience } from '../../src/policy/resolve-audience.ts'
import type { Directory } from '../../src/registry/directory.ts'

function circleOf(directory: Directory, own: NationId, group?: KnownGroup): Circle {
  return { own, members: directory.members(), sealable: directory.audience(Date.now()), group: () => group }
}

/** As of now. Throws where it is refused. */
export function audienceOf(directory: Directory, own: NationId, name: AudienceName = ALLIANCE, tlp = 0): Audience {
  const resolution = resolveAudience(name, tlp, circleOf(directory, own))
  if (resolution.kind === 'resolved') return resolution.audience
  throw new Error(`${resolution.code}: ${resolution.reason}`)
}
