import { equalBytes } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import type { NationId } from '../base/ids.ts'
import type { KnownGroup } from '../indicator/group.ts'
import { quoted } from '../registry/phrase.ts'
import type { GroupDoc } from '../wire/gen/tocsin.ts'

/** What is known when a nation is about to speak of a group. */
export interface GroupScene {
  readonly own: NationId
  readonly groups: readonly KnownGroup[]
  /** Of the registry in force. */
  readonly nations: ReadonlySet<string>
}

export interface GroupRefusal {
  readonly code: ErrorCode
  readonly reason: string
}

/** Why this nation cannot publish `doc` as the next version of a group; undefined where it can. */
export function checkGroupDoc(doc: GroupDoc, { own, groups, nations }: GroupScene): GroupRefusal | undefined {
  const stranger = doc.members.find(member => !nations.has(member))
  if (stranger !== undefined) {
    return { code: 'group-member-unknown', reason: `${stranger} is no member of the alliance` }
  }
  const ofId = groups.filter(({ id }) => equalBytes(id, doc.id))
  const current = ofId.find(({ owner }) => owner === own)
  const foreign = ofId.find(({ owner }) => owner !== own)
  if (current === undefined && foreign !== undefined) {
    const reason = `the group ${quoted(foreign.name)} is ${foreign.owner}'s, and changed by it alone`
    return { code: 'group-not-owner', reason }
  }
  const namesake = groups.find(group => group.owner === own && group !== current && group.name === doc.name)
  if (namesake !== undefined) {
    return { code: 'group-exists', reason: `this nation has a group ${quoted(doc.name)} already` }
  }
  return versionRefusal(doc, current)
}

function versionRefusal(
  { version, prevHash, name }: GroupDoc,
  current: KnownGroup | undefined,
): GroupRefusal | undefined {
  if (current === undefined) {
    return version === 1 ? undefined : { code: 'group-unknown', reason: `no group ${quoted(name)} is known here` }
  }
  if (version === current.version + 1 && equalBytes(prevHash, current.hash)) return undefined
  const reason = `the group ${quoted(current.name)} is at version ${current.version} by now`
  return { code: 'group-outdated', reason }
}
