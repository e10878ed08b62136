import { EMPTY, toHex } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { logIdHex, type NationId } from '../base/ids.ts'
import type { LogBound, NationEntry, RegistryDoc } from '../wire/gen/tocsin.ts'
import { NATIONS_MAX } from '../wire/limits.ts'
import { isGovernor } from './change-council.ts'
import {
  assertOfNation,
  type NationRoots,
  requestedRoots,
  rootFields,
  rootsInEntry,
  withoutReset,
  withPin,
  withReset,
} from './change-roots.ts'
import type { Bound, DocHashHex } from './doc-fields.ts'
import { isLower } from './nation-history.ts'
import { nationBase, type RegistryBase } from './registry-base.ts'
import { firstRoles, RESET, ROLE, STATUS, type Status } from './registry-doc.ts'

/** Changes of one nation's place. */
export type MemberChange =
  /** With the roles PUBLISH, RECEIVE and WITNESS, and no ceiling. */
  | { readonly kind: 'admit'; readonly request: NationRoots }
  /** without a bound the largest quorate checkpoint of each of its logs counts. */
  | { readonly kind: 'suspend' | 'expel'; readonly nation: NationId; readonly bounds: readonly Bound[] }
  /** Corrected, or given later: the newest of a log counts, whether it is lower or higher. */
  | { readonly kind: 'bounds'; readonly nation: NationId; readonly bounds: readonly Bound[] }
  | { readonly kind: 'resume'; readonly nation: NationId }
  /** With the keys it had or, by its `request`, with others. */
  | { readonly kind: 'readmit'; readonly nation: NationId; readonly request: NationRoots | undefined }
  | { readonly kind: 'roles'; readonly nation: NationId; readonly roles: readonly number[] }
  /** 1 CLEAR to 5 RED; 0: no ceiling. */
  | { readonly kind: 'ceiling'; readonly nation: NationId; readonly maxTlp: number }
  /** `fromVersion`: the first nation document of the new roots; undefined: the next one. Bounds: COMPROMISED only. */
  | {
      readonly kind: 'reset'
      readonly nation: NationId
      readonly reset: 'LOST' | 'COMPROMISED'
      readonly request: NationRoots
      readonly fromVersion: number | undefined
      readonly bounds: readonly Bound[]
    }
  /** The nation has objected: a LOST reset that is not in effect yet is taken back. */
  | { readonly kind: 'reset-withdraw'; readonly nation: NationId }
  /** of several documents of one version the one that counts. */
  | { readonly kind: 'pin'; readonly nation: NationId; readonly hash: DocHashHex }

const ROLES_KNOWN: readonly number[] = Object.values(ROLE)
const TLP_MAX = 5

/** Throws UserError `change-*` or `nation-doc-expired`. `issuedMs` is the date of the new version. */
export function changeMember(
  doc: RegistryDoc,
  change: MemberChange,
  base: RegistryBase,
  issuedMs: number,
): RegistryDoc {
  switch (change.kind) {
    case 'admit':
      return admit(doc, change.request)
    case 'suspend':
      return withEntry(doc, change.nation, ['ACTIVE'], entry => suspended(entry, change.bounds, base))
    case 'expel':
      assertNoGovernor(doc, change.nation)
      return withEntry(doc, change.nation, ['ACTIVE', 'SUSPENDED'], entry => ({
        ...suspended(entry, change.bounds, base),
        status: STATUS.EXPELLED,
      }))
    case 'bounds':
      return withEntry(doc, change.nation, ['ACTIVE', 'SUSPENDED', 'EXPELLED'], entry => ({
        ...entry,
        bounds: withBounds(entry, change.bounds),
      }))
    case 'resume':
      assertDocumentValid(base, change.nation, issuedMs)
      return withEntry(doc, change.nation, ['SUSPENDED'], entry => resumed(entry, base))
    case 'readmit':
      return withEntry(doc, change.nation, ['EXPELLED'], entry =>
        readmitted(doc, entry, change.request, base, issuedMs),
      )
    case 'roles':
      return withEntry(doc, change.nation, ['ACTIVE', 'SUSPENDED'], entry => withRoles(entry, change.roles))
    case 'ceiling':
      return withEntry(doc, change.nation, ['ACTIVE', 'SUSPENDED'], entry => withCeiling(entry, change.maxTlp))
    case 'reset':
      return withEntry(doc, change.nation, ['ACTIVE', 'SUSPENDED'], entry => {
        const reset = withReset(doc, entry, change.request, RESET[change.reset], change.fromVersion, base)
        return { ...reset, bounds: mergeBounds(entry, change.bounds, base) }
      })
    case 'reset-withdraw':
      return withEntry(doc, change.nation, ['ACTIVE', 'SUSPENDED'], entry => withoutReset(entry, base))
    case 'pin':
      return withEntry(doc, change.nation, ['ACTIVE', 'SUSPENDED', 'EXPELLED'], entry =>
        withPin(entry, change.hash, base),
      )
  }
}

function admit(doc: RegistryDoc, request: NationRoots): RegistryDoc {
  const known = doc.nations.find(entry => entry.nation === request.nation)
  if (known !== undefined) {
    const fix =
      known.status === STATUS.EXPELLED
        ? `It was expelled; to take it back: tocsin alliance propose readmit ${request.nation}`
        : 'There is nothing to do. If its root keys are lost: tocsin alliance propose reset'
    throw new UserError('change-member-already', `${request.nation} stands in the registry already`, { fix })
  }
  if (doc.nations.length >= NATIONS_MAX) {
    throw new UserError('change-too-many', `a registry has at most ${NATIONS_MAX} nations`, {
      fix: 'An alliance of this size is to be divided.',
    })
  }
  const entry: NationEntry = {
    nation: request.nation,
    label: request.label,
    status: STATUS.ACTIVE,
    roles: firstRoles(request.observer),
    ...rootFields(doc, request),
    reset: RESET.NONE,
    docMinVersion: 0,
    bounds: [],
    maxTlp: 0,
    pinVersion: 0,
    pinHash: EMPTY,
  }
  return { ...doc, nations: [...doc.nations, entry] }
}

function suspended(entry: NationEntry, bounds: readonly Bound[], base: RegistryBase): NationEntry {
  return { ...entry, status: STATUS.SUSPENDED, bounds: mergeBounds(entry, bounds, base) }
}

/** bounds given with a suspension end with it; carried on, they would last for good. */
function resumed(entry: NationEntry, base: RegistryBase): NationEntry {
  const lasting = nationBase(base, entry.nation)?.history.bounds ?? new Map<string, Bound>()
  return { ...entry, status: STATUS.ACTIVE, bounds: [...lasting.values()] }
}

/** its logs stay bounded, and it opens new ones. */
function readmitted(
  doc: RegistryDoc,
  entry: NationEntry,
  request: NationRoots | undefined,
  base: RegistryBase,
  issuedMs: number,
): NationEntry {
  const back = { ...entry, status: STATUS.ACTIVE }
  const inForce = nationBase(base, entry.nation)?.line.at(-1)?.rootSet
  const isKnown = request === undefined || [inForce, rootsInEntry(entry)].includes(requestedRoots(request))
  if (!isKnown) return withReset(doc, back, request, RESET.COMPROMISED, undefined, base)
  if (request !== undefined) assertOfNation(request, entry.nation)
  assertDocumentValid(base, entry.nation, issuedMs)
  return back
}

function withRoles(entry: NationEntry, roles: readonly number[]): NationEntry {
  const sorted = [...new Set(roles)].sort((a, b) => a - b)
  if (sorted.length > 0 && sorted.every(role => ROLES_KNOWN.includes(role))) return { ...entry, roles: sorted }
  throw new UserError('change-value', `a member has at least one of the roles ${Object.keys(ROLE).join(', ')}`, {
    fix: 'To take all of them from it for a time: tocsin alliance propose suspend',
  })
}

function withCeiling(entry: NationEntry, maxTlp: number): NationEntry {
  if (Number.isInteger(maxTlp) && maxTlp >= 0 && maxTlp <= TLP_MAX) return { ...entry, maxTlp }
  throw new UserError('change-value', `${maxTlp} is no ceiling`, { fix: 'It is 1 CLEAR to 5 RED, or 0 for none.' })
}

/** a bounded log never grows again, so that what a suspension, expulsion or reset says does not raise what lasts. */
function mergeBounds(entry: NationEntry, given: readonly Bound[], base: RegistryBase): LogBound[] {
  const lasting = nationBase(base, entry.nation)?.history.bounds
  return withBounds(
    entry,
    given.filter(bound => isLower(bound, lasting?.get(logIdHex(bound.logId)))),
  )
}

function withBounds({ bounds }: NationEntry, given: readonly Bound[]): LogBound[] {
  return [...new Map([...bounds, ...given].map(bound => [toHex(bound.logId), bound])).values()]
}

function withEntry(
  doc: RegistryDoc,
  nation: NationId,
  allowed: readonly (keyof typeof STATUS)[],
  change: (entry: NationEntry) => NationEntry,
): RegistryDoc {
  const entry = doc.nations.find(each => each.nation === nation)
  if (entry === undefined) {
    throw new UserError('change-not-member', `${nation} is no member of the alliance`, {
      fix: 'To take it in: tocsin alliance propose admit REQUEST',
    })
  }
  if (!allowed.some(name => STATUS[name] === entry.status)) throw statusOther(nation, entry.status as Status, allowed)
  return { ...doc, nations: doc.nations.map(each => (each === entry ? change(entry) : each)) }
}

function statusOther(nation: NationId, status: Status, allowed: readonly string[]): UserError {
  const name = Object.entries(STATUS).find(([, value]) => value === status)![0]
  return new UserError('change-status', `${nation} is ${name}; this is for a nation that is ${allowed.join(' or ')}`, {
    fix: 'Look at "tocsin alliance show".',
    data: { nation, status: name },
  })
}

/** 30 days after its document expired nobody would seal to it, so that it returns in name only. */
function assertDocumentValid(base: RegistryBase, nation: string, issuedMs: number): void {
  const doc = nationBase(base, nation)?.line.at(-1)
  if (doc === undefined || doc.expiresMs > issuedMs) return
  const day = new Date(doc.expiresMs).toISOString().slice(0, 10)
  throw new UserError('nation-doc-expired', `the document of ${nation} expired on ${day}`, {
    fix: 'Ask the nation for the file that "tocsin nation renew" writes, apply it here, and propose again.',
    data: { nation, version: doc.version },
  })
}

function assertNoGovernor(doc: RegistryDoc, nation: NationId): void {
  if (!isGovernor(doc, nation)) return
  throw new UserError('change-governor', `${nation} is a governor, and who is expelled cannot govern`, {
    fix: `First: tocsin alliance propose governor-remove ${nation}; then expel it with --onto that proposal.`,
  })
}
