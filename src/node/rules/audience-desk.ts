import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { type NationId, parseNationId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import { membersOf } from '../../indicator/group.ts'
import { itemHash, parseItem } from '../../indicator/item.ts'
import { ITEM } from '../../indicator/item-type.ts'
import { ALLIANCE, type AudienceName, encodeAudienceName, nationsAudience } from '../../policy/audience-name.ts'
import { checkGroupDoc } from '../../policy/group-change.ts'
import { type AudienceResolution, type Circle, resolveAudience } from '../../policy/resolve-audience.ts'
import type { Directory } from '../../registry/directory.ts'
import type { GroupDoc, Item } from '../../wire/gen/tocsin.ts'
import type { GroupBook } from '../opening/group-book.ts'
import type { AudienceText } from '../orders/node-service.ts'

/** Who an audience is by now, as registry, nation documents and groups stand. */
export interface AudienceDesk {
  /** Throws UserError or ProtocolError. */
  nameOf(text: AudienceText | undefined): AudienceName
  /** Throws UserError where this nation cannot publish it as the next version of a group. */
  assertNextGroup(doc: GroupDoc): void
  resolve(name: AudienceName, tlp: number): AudienceResolution
  /** For an item; a GroupDoc goes to the members that it names itself. */
  resolveFor(item: Item, name: AudienceName, tlp: number): AudienceResolution
}

export interface AudienceDeskOptions {
  readonly nation: NationId
  readonly directory: () => Directory
  readonly groups: Pick<GroupBook, 'get' | 'find' | 'all' | 'revision'>
  readonly clock: Clock
}

/** KEM windows begin and documents expire by the clock: as long as an answer may be kept. */
const FRESH_MS = 1000
/** Audiences kept for the next item; an import asks for a few, again and again. */
const RESOLUTIONS_MAX = 1024

export function createAudienceDesk({ nation, directory, groups, clock }: AudienceDeskOptions): AudienceDesk {
  let circle: Circle & { readonly of: Directory; readonly revision: number; readonly atMs: number } = readCircle()
  let kept = new Map<string, AudienceResolution>()

  function readCircle() {
    const of = directory()
    const atMs = clock.now()
    const sealable = of.audience(atMs)
    return { of, atMs, revision: groups.revision(), own: nation, members: of.members(), sealable, group: groups.get }
  }

  function current(): Circle {
    const age = clock.now() - circle.atMs
    if (circle.of === directory() && circle.revision === groups.revision() && age >= 0 && age < FRESH_MS) return circle
    circle = readCircle()
    kept = new Map()
    return circle
  }

  function resolve(name: AudienceName, tlp: number): AudienceResolution {
    const now = current()
    const key = `${tlp}/${toHex(encodeAudienceName(name))}`
    const known = kept.get(key)
    if (known !== undefined) return known
    const resolution = resolveAudience(name, tlp, now)
    if (kept.size < RESOLUTIONS_MAX) kept.set(key, resolution)
    return resolution
  }

  return {
    nameOf(text) {
      if (text === undefined) return ALLIANCE
      if ('to' in text) return nationsAudience(text.to.map(parseNationId))
      if ('of' in text)
        throw new UserError('usage-invalid', 'who got an item is asked for where something is published')
      const { owner, id } = groups.find(text.group)
      return { kind: 'group', owner, id }
    },
    assertNextGroup(doc) {
      const nations = new Set<string>(directory().registry.nations.keys())
      const refusal = checkGroupDoc(doc, { own: nation, groups: groups.all(), nations })
      if (refusal !== undefined) throw new UserError(refusal.code, refusal.reason)
    },
    resolve,
    resolveFor(item, name, tlp) {
      if (item.type !== ITEM.GROUP) return resolve(name, tlp)
      const parsed = parseItem(item)
      if (parsed.kind !== 'group') return resolve(name, tlp)
      const { id, version, maxTlp, members } = parsed.group
      const group = {
        ...{ owner: nation, id, version, name: parsed.group.name, maxTlp, conflict: false, hash: itemHash(item) },
        members: membersOf(nation, members as NationId[]),
      }
      return resolveAudience({ kind: 'group', owner: nation, id }, tlp, { ...current(), group: () => group })
    },
  }
}
