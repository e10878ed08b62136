import type { NationId } from '../base/ids.ts'
import { nameOf, TLP_NAMES } from './describe.ts'
import { type BoundEffect, describeBoundsChange } from './describe-bounds-change.ts'
import { LOST_RESET_DELAY_MS } from './nation-history.ts'
import { keyName, listOf, momentOf, quoted, shortId } from './phrase.ts'
import { type NationRecord, RESET, ROLE, STATUS } from './registry-doc.ts'

export interface EntryChange {
  readonly before: NationRecord | undefined
  readonly after: NationRecord | undefined
  /** Of the registry versions that hold them. */
  readonly beforeIssuedMs: number | undefined
  readonly issuedMs: number
}

/** What changes for one nation from one registry version to the next, in sentences. */
export function describeEntryChange(change: EntryChange): string[] {
  const { before, after } = change
  if (after === undefined) return before === undefined ? [] : describeLeftOut(before)
  const { nation } = after
  return [
    ...(before === undefined ? [describeAdmission(after)] : describeMembership(before, after)),
    ...describeRoots(change, after),
    ...describeBoundsChange(nation, before?.bounds, after.bounds, boundEffect(before, after)),
    ...describeUnbounded(before, after),
    ...describePin(nation, before?.pin, after.pin),
  ]
}

function describeLeftOut({ nation }: NationRecord): string[] {
  return [`ATTENTION: ${nation} is left out, which expels it. ${EXPULSION}`, unboundedWarning(nation)]
}

const EXPULSION = 'Its connections close, nothing more is sealed to it, and its logs never grow again.'

function describeAdmission(entry: NationRecord): string {
  const { nation, label, status, roles, maxTlp } = entry
  const how = status === STATUS.ACTIVE ? 'is admitted' : `is entered as ${nameOf(STATUS, status)}`
  const does = roles.size === 0 ? 'may do nothing' : `may ${listOf(roleNames(roles))}`
  const sent = roles.has(ROLE.RECEIVE) ? ceilingOf(maxTlp) : 'it is sent nothing'
  return `${nation} (${quoted(label)}) ${how}: ${does}; ${sent}; ${rootsOf(entry)}.`
}

function describeMembership(before: NationRecord, after: NationRecord): string[] {
  const { nation } = after
  return [
    ...(before.status === after.status ? [] : [describeStatus(before, after)]),
    ...(before.label === after.label
      ? []
      : [`${nation} is now called ${quoted(after.label)}, not ${quoted(before.label)}.`]),
    ...describeRoles(before, after),
    ...(before.maxTlp === after.maxTlp
      ? []
      : [`For ${nation}: ${ceilingOf(after.maxTlp)}; before: ${ceilingOf(before.maxTlp)}.`]),
  ]
}

function describeStatus({ status: before }: NationRecord, { nation, status: after }: NationRecord): string {
  if (after === STATUS.EXPELLED) return `${nation} is EXPELLED. ${EXPULSION}`
  if (after === STATUS.SUSPENDED) {
    const from = before === STATUS.EXPELLED ? 'returns from expulsion, SUSPENDED' : 'is SUSPENDED'
    return `${nation} ${from}: while that lasts nothing is sealed to it and what its logs gain does not count.`
  }
  if (before === STATUS.EXPELLED)
    return `${nation} returns from expulsion: it takes part again with new logs; those from before stay bounded.`
  return `${nation} is suspended no longer: it takes part again, and what its logs gained meanwhile counts.`
}

function describeRoles({ roles: before }: NationRecord, { nation, roles: after }: NationRecord): string[] {
  const gained = roleNames(after.difference(before))
  const lost = roleNames(before.difference(after))
  return [
    ...(gained.length > 0 ? [`${nation} may now ${listOf(gained)}.`] : []),
    ...(lost.length > 0 ? [`${nation} may no longer ${listOf(lost, 'or')}.`] : []),
  ]
}

function roleNames(roles: ReadonlySet<number>): string[] {
  return [...roles].map(role => (isKnownRole(role) ? nameOf(ROLE, role).toLowerCase() : `do what role ${role} allows`))
}

function isKnownRole(role: number): boolean {
  return (Object.values(ROLE) as number[]).includes(role)
}

function ceilingOf(maxTlp: number): string {
  return maxTlp === 0 ? 'it may be sent everything' : `it is sent nothing above TLP:${TLP_NAMES[maxTlp]}`
}

/** `roots` is a threshold and the ids, as the registry compares them. */
function rootsOf({ roots }: NationRecord): string {
  const [threshold, ids = ''] = roots.split('/')
  const names = ids.split(',').map(keyName)
  return names.length === 1 ? `its root key is ${names[0]}` : `${threshold} of its root keys ${listOf(names)} must sign`
}

/** */
function describeRoots(change: EntryChange, after: NationRecord): string[] {
  const { before } = change
  const { nation, reset, docMinVersion } = after
  const isRenamed = before?.roots !== after.roots || before.docMinVersion !== docMinVersion
  if (reset !== RESET.NONE) {
    if (isRenamed || before?.reset !== reset) return describeReset(change, after)
    return reset === RESET.LOST ? [describeCarriedReset(change, after)] : []
  }
  if (before === undefined) return docMinVersion <= 1 ? [] : [describeUnboundRoots(after)]
  const fate = before.reset === RESET.LOST ? 'is withdrawn, unless it is in effect already' : 'stays in effect'
  const ended = `The reset of ${nation}'s root keys as ${nameOf(RESET, before.reset)} is no longer carried: it ${fate}.`
  return [
    ...(before.reset === RESET.NONE ? [] : [ended]),
    ...(isRenamed ? [docMinVersion <= 1 ? describeFirstRoots(after) : describeUnboundRoots(after)] : []),
  ]
}

/** `root_key_ids` bind a first document, whatever was bound before: to add keys here is to let them speak. */
function describeFirstRoots(entry: NationRecord): string {
  return `ATTENTION: other keys may sign a first document of ${entry.nation}: ${rootsOf(entry)}.`
}

function describeUnboundRoots(entry: NationRecord): string {
  const { nation, docMinVersion } = entry
  return `The entry of ${nation} names keys from version ${docMinVersion} of its document on, without a reset, so they bind nothing: ${rootsOf(entry)}.`
}

function describeReset({ issuedMs }: EntryChange, after: NationRecord): string[] {
  const { nation, reset, docMinVersion } = after
  const what = `from version ${docMinVersion} of its document on ${rootsOf(after)}, and documents by other keys are void`
  if (reset === RESET.COMPROMISED) {
    return [
      `ATTENTION: ${nation}'s root keys are reset as COMPROMISED, in effect at once: ${what}. Compare the new keys with ${nation} by telephone.`,
    ]
  }
  const from = momentOf(issuedMs + LOST_RESET_DELAY_MS)
  return [
    `ATTENTION: ${nation}'s root keys are reset as LOST: ${what}. Compare the new keys with ${nation} by telephone.`,
    `This takes effect with the first version issued 14 days after this one, on ${from} or later, that still carries it. Until then ${nation} can object.`,
  ]
}

/** Only the whole chain tells when the reset came; these two versions tell the latest day. */
function describeCarriedReset({ beforeIssuedMs, issuedMs }: EntryChange, { nation }: NationRecord): string {
  const isDue = beforeIssuedMs !== undefined && issuedMs - beforeIssuedMs >= LOST_RESET_DELAY_MS
  const when = isDue
    ? 'it is in effect with this version'
    : 'it takes effect with the first version issued 14 days after the one that brought it, if that still carries it'
  return `The reset of ${nation}'s root keys as LOST is carried on: ${when}.`
}

/** the newest bound of a log lasts; one given with a suspension ends with it, unless it ends in expulsion. */
function boundEffect(before: NationRecord | undefined, after: NationRecord): BoundEffect {
  const isPassing = before?.status === STATUS.SUSPENDED && after.status === STATUS.ACTIVE
  return {
    last: after.status === STATUS.SUSPENDED ? 'while it is suspended' : 'for good',
    dropped: isPassing ? 'and ends with the suspension' : 'but holds on',
  }
}

/** without a bound the largest quorate checkpoint counts. */
function describeUnbounded(before: NationRecord | undefined, after: NationRecord): string[] {
  if (before === undefined || after.bounds.size > 0) return []
  const ends = before.status === STATUS.ACTIVE && after.status !== STATUS.ACTIVE
  const isCompromised = before.reset !== RESET.COMPROMISED && after.reset === RESET.COMPROMISED
  return ends || isCompromised ? [unboundedWarning(after.nation)] : []
}

function unboundedWarning(nation: NationId): string {
  return `ATTENTION: no bound is given for a log of ${nation}: of each, what a quorum of witnesses has seen stays trusted.`
}

function describePin(nation: NationId, before: NationRecord['pin'], after: NationRecord['pin']): string[] {
  if (before?.hash === after?.hash && before?.version === after?.version) return []
  if (after === undefined) return [`No document of ${nation} is pinned in this version; earlier pins last.`]
  const what = `${after.version} of ${nation} is pinned (hash ${shortId(after.hash)})`
  if (before === undefined || after.version > before.version) return [`Document ${what}.`]
  return [
    `ATTENTION: document ${what}, where version ${before.version} (hash ${shortId(before.hash)}) was pinned before.`,
  ]
}
