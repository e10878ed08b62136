import { toHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import { describeBoundsChange } from './describe-bounds-change.ts'
import { describeEntryChange, type EntryChange } from './describe-entry-change.ts'
import { describeKemsChange, describeNodesChange } from './describe-node-change.ts'
import { describePolicyChange, describeQuorumChange } from './describe-policy-change.ts'
import { DAY_MS } from './doc-fields.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import { countOf, keyName, momentOf, quoted } from './phrase.ts'
import { DEFAULT_POLICY } from './policy.ts'
import { type GovernorRecord, type ParsedRegistryDoc, STATUS } from './registry-doc.ts'
import type { RootKeyRecord } from './root-key.ts'

/**
 * What a registry document changes, in plain sentences for who is to sign or accept it: the first says which version it
 * is, then one a change, and "ATTENTION:" begins what may harm. Every field that differs is told. Without `before`: all
 * that `after` says, as at a founding.
 */
export function describeRegistryChange(
  before: ParsedRegistryDoc | undefined,
  after: ParsedRegistryDoc,
): readonly string[] {
  return [
    registryHead(before, after),
    ...describeOddStep(before, after),
    ...describeNameChange(before, after),
    ...describeGovernorsChange(before, after),
    ...describeEntries(before, after),
    ...describePolicyChange(before?.policy ?? DEFAULT_POLICY, after.policy),
    ...describeQuorumChange(before, after),
  ]
}

/** The nations whose entry or governor keys differ, in the order of ids. */
export function concernedNations(before: ParsedRegistryDoc | undefined, after: ParsedRegistryDoc): NationId[] {
  const namesOf = (doc: ParsedRegistryDoc | undefined) => [
    ...(doc?.nations.keys() ?? []),
    ...(doc?.governors.map(({ nation }) => nation) ?? []),
  ]
  const keysOf = (doc: ParsedRegistryDoc | undefined, nation: NationId) =>
    doc?.governors
      .find(governor => governor.nation === nation)
      ?.keys.map(({ idHex }) => idHex)
      .join()
  const isConcerned = (nation: NationId) =>
    keysOf(before, nation) !== keysOf(after, nation) ||
    describeEntryChange(entryChange(before, after, nation)).length > 0
  return [...new Set([...namesOf(before), ...namesOf(after)])].sort().filter(isConcerned)
}

/** What a document changes in its nation, as `describeRegistryChange`. */
export function describeNationChange(before: ParsedNationDoc | undefined, after: ParsedNationDoc): readonly string[] {
  const { nation } = after
  return [
    `Document ${after.version} of ${nation}: ${periodOf(after)}.`,
    ...describeOddStep(before, after),
    ...describeRootsChange(before, after),
    ...describeNodesChange(nation, before?.nodes ?? [], after.nodes),
    ...describeKemsChange(nation, before?.kems ?? [], after),
    ...describeBoundsChange(nation, before?.bounds, after.bounds, OWN_BOUNDS),
    ...describeContactsChange(before, after),
  ]
}

/** */
const OWN_BOUNDS = { last: 'for good', dropped: 'so nobody will accept the document' }

type Versioned = Pick<ParsedRegistryDoc, 'allianceId' | 'hash' | 'prevHash' | 'version' | 'issuedMs' | 'expiresMs'>

function registryHead(before: ParsedRegistryDoc | undefined, after: ParsedRegistryDoc): string {
  const name = quoted(after.name)
  if (before !== undefined) return `Registry version ${after.version} of ${name}: ${periodOf(after)}.`
  const what = after.version === 1 ? `The alliance ${name} is founded` : `The alliance ${name}`
  return `${what}: registry version ${after.version}, ${periodOf(after)}.`
}

function periodOf({ issuedMs, expiresMs }: Versioned): string {
  const days = Math.round((expiresMs - issuedMs) / DAY_MS)
  return `issued ${momentOf(issuedMs)}, valid until ${momentOf(expiresMs)} (${countOf(days, 'day')})`
}

/** Version and period themselves stand in the first sentence. Between two versions there may be others. */
function describeOddStep(before: Versioned | undefined, after: Versioned): string[] {
  if (before === undefined) return []
  const isNext = after.version === before.version + 1
  const warnings: readonly (readonly [isOdd: boolean, sentence: string])[] = [
    [toHex(after.allianceId) !== toHex(before.allianceId), 'it is of another alliance.'],
    [after.version <= before.version, `version ${after.version} does not follow version ${before.version}.`],
    [isNext && after.prevHash !== before.hash, `it builds on another version ${before.version} than the one here.`],
    [after.issuedMs < before.issuedMs, `it is issued before the one that it follows (${momentOf(before.issuedMs)}).`],
    [after.expiresMs < before.expiresMs, `it expires before the one that it follows (${momentOf(before.expiresMs)}).`],
  ]
  return warnings.flatMap(([isOdd, sentence]) => (isOdd ? [`ATTENTION: ${sentence}`] : []))
}

function describeNameChange(before: ParsedRegistryDoc | undefined, after: ParsedRegistryDoc): string[] {
  if (before === undefined || before.name === after.name) return []
  return [`The alliance ${quoted(before.name)} is renamed to ${quoted(after.name)}.`]
}

function describeGovernorsChange(before: ParsedRegistryDoc | undefined, after: ParsedRegistryDoc): string[] {
  const old = new Map((before?.governors ?? []).map(governor => [governor.nation, governor]))
  const next = new Map(after.governors.map(governor => [governor.nation, governor]))
  return [
    ...describeThresholdChange(before, after),
    ...[...next.values()].flatMap(governor => describeGovernorChange(old.get(governor.nation), governor)),
    ...[...old.keys()]
      .filter(nation => !next.has(nation))
      .map(nation => `ATTENTION: ${nation} governs no longer: its governor keys sign nothing after this version.`),
    ...after.governors.flatMap(({ nation }) => describeOddGovernor(nation, before, after)),
  ]
}

function describeThresholdChange(before: ParsedRegistryDoc | undefined, after: ParsedRegistryDoc): string[] {
  const rule = `${after.threshold} of ${after.governors.length}`
  const all = after.governors.length > 1 && after.threshold === after.governors.length
  const warning = 'ATTENTION: every governor must sign: one that is lost, or refuses, ends all change of the registry.'
  if (before === undefined) {
    const deciding = after.governors.length === 1 ? 'One governor decides alone on' : `${rule} governors must sign`
    return [`${deciding} a change of the registry.`, ...(all ? [warning] : [])]
  }
  const oldRule = `${before.threshold} of ${before.governors.length}`
  if (rule === oldRule) return []
  if (after.threshold < before.threshold)
    return [`ATTENTION: the governors' threshold falls from ${oldRule} to ${rule}: fewer can change the registry.`]
  const verb = after.threshold > before.threshold ? 'rises' : 'changes'
  return [`The governors' threshold ${verb} from ${oldRule} to ${rule}.`, ...(all ? [warning] : [])]
}

function describeGovernorChange(before: GovernorRecord | undefined, { nation, keys }: GovernorRecord): string[] {
  const [primary, recovery] = keys
  if (before === undefined) {
    const more = recovery === undefined ? 'it has no recovery key' : `its recovery key is ${keyName(recovery.idHex)}`
    return [`${nation} governs: its key is ${keyName(primary!.idHex)}, ${more}.`]
  }
  const [oldPrimary, oldRecovery] = before.keys
  const isNew = (key: RootKeyRecord | undefined) => before.keys.every(old => old.idHex !== key?.idHex)
  const both = isNew(primary) && isNew(recovery)
  return [
    ...describeKeyChange(`governor key of ${nation}`, oldPrimary, primary),
    ...describeKeyChange(`recovery key of governor ${nation}`, oldRecovery, recovery),
    ...(both ? [`ATTENTION: no key that ${nation} governed by until now stays: ask it by telephone.`] : []),
  ]
}

function describeKeyChange(what: string, before: RootKeyRecord | undefined, after: RootKeyRecord | undefined) {
  if (before?.idHex === after?.idHex) return []
  if (before === undefined) return [`A ${what} is added: ${keyName(after!.idHex)}.`]
  if (after === undefined) return [`The ${what} ${keyName(before.idHex)} is removed, and none replaces it.`]
  return [`The ${what} is now ${keyName(after.idHex)}, no longer ${keyName(before.idHex)}.`]
}

/** lets anybody govern; that one who does is no active member should be meant so. */
function describeOddGovernor(
  nation: GovernorRecord['nation'],
  before: ParsedRegistryDoc | undefined,
  after: ParsedRegistryDoc,
): string[] {
  const isActive = (doc: ParsedRegistryDoc) => doc.nations.get(nation)?.status === STATUS.ACTIVE
  const governed = before?.governors.some(governor => governor.nation === nation) === true
  if (isActive(after) || (before !== undefined && governed && !isActive(before))) return []
  return [`ATTENTION: ${nation} governs though it is no active member.`]
}

function describeEntries(before: ParsedRegistryDoc | undefined, after: ParsedRegistryDoc): string[] {
  const nations = new Set([...(before?.nations.keys() ?? []), ...after.nations.keys()])
  return [...nations].sort().flatMap(nation => describeEntryChange(entryChange(before, after, nation)))
}

function entryChange(before: ParsedRegistryDoc | undefined, after: ParsedRegistryDoc, nation: NationId): EntryChange {
  return {
    before: before?.nations.get(nation),
    after: after.nations.get(nation),
    beforeIssuedMs: before?.issuedMs,
    issuedMs: after.issuedMs,
  }
}

function describeRootsChange(before: ParsedNationDoc | undefined, after: ParsedNationDoc): string[] {
  const { nation } = after
  const namesOf = (doc: ParsedNationDoc | undefined) =>
    new Map((doc?.roots ?? []).map(({ idHex }) => [idHex, keyName(idHex)]))
  const old = namesOf(before)
  const next = namesOf(after)
  const added = [...next].filter(([id]) => !old.has(id)).map(([, name]) => `Root key ${name} speaks for ${nation}.`)
  const removed = [...old]
    .filter(([id]) => !next.has(id))
    .map(([, name]) => `Root key ${name} speaks for ${nation} no longer.`)
  return [...added, ...removed, ...describeRootThreshold(before, after)]
}

function describeRootThreshold(before: ParsedNationDoc | undefined, after: ParsedNationDoc): string[] {
  const ruleOf = (doc: ParsedNationDoc) => `${doc.rootThreshold} of ${doc.roots.length} root keys`
  const rule = ruleOf(after)
  if (before === undefined) return [`${rule} must sign each document of ${after.nation}.`]
  if (rule === ruleOf(before)) return []
  const falls = after.rootThreshold < before.rootThreshold
  return [`${falls ? 'ATTENTION: ' : ''}${rule} must sign the next document; until now ${ruleOf(before)}.`]
}

function describeContactsChange(before: ParsedNationDoc | undefined, after: ParsedNationDoc): string[] {
  const contactsOf = (doc: ParsedNationDoc | undefined) =>
    (doc?.contacts ?? []).map(
      ({ name, duty, reach }) => `${quoted(name)}, ${quoted(duty)}, reached at ${quoted(reach)}`,
    )
  const old = contactsOf(before)
  const next = contactsOf(after)
  return [
    ...next.filter(contact => !old.includes(contact)).map(contact => `A contact is named: ${contact}.`),
    ...old.filter(contact => !next.includes(contact)).map(contact => `A contact is removed: ${contact}.`),
  ]
}
