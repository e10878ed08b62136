import { compareBytes, equalBytes, toHex } from '../base/bytes.ts'
import type { Hash, NationId } from '../base/ids.ts'
import type { GroupDoc } from '../wire/gen/tocsin.ts'

/** A GroupDoc as it was opened. */
export interface AuthoredGroup {
  readonly author: NationId
  /** SHA-256 of its item. */
  readonly hash: Hash
  readonly doc: GroupDoc
}

/** A sharing group as it is known here: its owner is the nation that speaks of it. */
export interface KnownGroup {
  readonly owner: NationId
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly version: number
  /** Of the item that shows, for the version after it. */
  readonly hash: Hash
  readonly name: string
  /** Ascending, the owner among them. */
  readonly members: readonly NationId[]
  /** Highest TLP level of what goes to it; 0: no ceiling. */
  readonly maxTlp: number
  /** The owner said two things under one version number: to be told to people. */
  readonly conflict: boolean
}

/**
 * The groups by owner and id. Of each the highest version shows, and of two of one number the one with the lesser
 * hash; a version that does not follow one of its predecessor's, where these are known, has no effect. Whoever joined
 * later knows none of the versions before. A function of the set: order and repetition change nothing.
 */
export function foldGroups(documents: Iterable<AuthoredGroup>): readonly KnownGroup[] {
  const byGroup = Map.groupBy(documents, ({ author, doc }) => `${author}/${toHex(doc.id)}`)
  const groups = [...byGroup.entries()].sort(([a], [b]) => (a < b ? -1 : 1))
  return groups.flatMap(([, versions]) => newestOf(versions) ?? [])
}

function newestOf(documents: readonly AuthoredGroup[]): KnownGroup | undefined {
  const distinct = [...new Map(documents.map(each => [toHex(each.hash), each])).values()]
  const byVersion = Map.groupBy(distinct, ({ doc }) => doc.version)
  const versions = [...byVersion.keys()].sort((a, b) => a - b)
  let shown: AuthoredGroup | undefined
  let conflict = false
  for (const version of versions) {
    const following = byVersion.get(version)!.filter(each => follows(each, byVersion.get(version - 1)))
    if (following.length === 0) continue
    following.sort((a, b) => compareBytes(a.hash, b.hash))
    shown = following[0]!
    conflict = following.length > 1
  }
  return shown && knownGroup(shown, conflict)
}

function follows({ doc }: AuthoredGroup, before: readonly AuthoredGroup[] | undefined): boolean {
  return before === undefined || before.some(({ hash }) => equalBytes(hash, doc.prevHash))
}

function knownGroup({ author, hash, doc }: AuthoredGroup, conflict: boolean): KnownGroup {
  const { id, version, name, maxTlp } = doc
  const members = membersOf(author, doc.members as NationId[])
  return { owner: author, id, version, hash, name, members, maxTlp, conflict }
}

/** The owner is one of them, named or not. */
export function membersOf(owner: NationId, members: Iterable<NationId>): readonly NationId[] {
  return [...new Set([owner, ...members])].sort()
}
