import { assertProtocol, ProtocolError } from '../base/errors.ts'
import { labelledHash } from '../base/hash.ts'
import type { AllianceId, LogIdHex, NationId } from '../base/ids.ts'
import { parseAllianceId, parseHash, parseNationId } from '../base/ids.ts'
import { type Governor, type NationEntry, RegistryDoc } from '../wire/gen/tocsin.ts'
import { GOVERNORS_MAX, LABEL_LENGTH_MAX, NATIONS_MAX, ROOT_KEYS_MAX, SIGNED_DOC_BYTES_MAX } from '../wire/limits.ts'
import { assertRange, assertText, decodeStrict } from '../wire/strict.ts'
import {
  assertAscending,
  assertCount,
  assertPeriod,
  type Bound,
  type DocHashHex,
  docHashHex,
  parseBounds,
  parsePrevHash,
} from './doc-fields.ts'
import { type AlliancePolicy, parsePolicy } from './policy.ts'
import { assertKeysDistinct, parseRootKey, type RootKeyRecord } from './root-key.ts'
import { type RootSet, rootSetOf } from './root-set.ts'
import { DOC_TYPE, type ParsedSignedDoc } from './signed-doc.ts'

export const REGISTRY_FORMAT = 1
export const STATUS = { ACTIVE: 1, SUSPENDED: 2, EXPELLED: 3 } as const
export type Status = (typeof STATUS)[keyof typeof STATUS]
/** Roles of later versions are kept as the numbers they are. */
export const ROLE = { PUBLISH: 1, RECEIVE: 2, WITNESS: 3, OBSERVE: 4 } as const
export const RESET = { NONE: 0, LOST: 1, COMPROMISED: 2 } as const
export type Reset = (typeof RESET)[keyof typeof RESET]

/** What a nation may do from its admission on, as it asks for in its request. */
export function firstRoles(observer: boolean | undefined): readonly number[] {
  return observer === true ? [ROLE.OBSERVE] : [ROLE.PUBLISH, ROLE.RECEIVE, ROLE.WITNESS]
}

const ROLE_MAX = 255
/** 1 CLEAR to 5 RED; 0 is no ceiling. */
const TLP_MAX = 5

/** Either key signs for the governor; both together still count once. */
export interface GovernorRecord {
  readonly nation: NationId
  readonly keys: readonly RootKeyRecord[]
}

export interface NationRecord {
  readonly nation: NationId
  readonly label: string
  readonly status: Status
  readonly roles: ReadonlySet<number>
  readonly rootThreshold: number
  /** Binds NationDoc version 1, or after a reset version `docMinVersion`. */
  readonly roots: RootSet
  readonly reset: Reset
  readonly docMinVersion: number
  /** Log positions up to which the governors trust logs of this nation. */
  readonly bounds: ReadonlyMap<LogIdHex, Bound>
  /** Highest TLP level it may be sent, 1 CLEAR to 5 RED; 0: no ceiling. */
  readonly maxTlp: number
  /** The newest NationDoc that the signers held. */
  readonly pin: { readonly version: number; readonly hash: DocHashHex } | undefined
}

/** A RegistryDoc of right form. Who signed it is not known yet. */
export interface ParsedRegistryDoc {
  readonly signed: ParsedSignedDoc
  readonly hash: DocHashHex
  readonly allianceId: AllianceId
  /** As the document has it: empty in version 1. */
  readonly allianceIdField: Uint8Array
  readonly version: number
  readonly prevHash: DocHashHex | undefined
  readonly issuedMs: number
  readonly expiresMs: number
  readonly threshold: number
  readonly governors: readonly GovernorRecord[]
  readonly nations: ReadonlyMap<NationId, NationRecord>
  readonly policy: AlliancePolicy
  readonly name: string
}

/** `SHA256("tocsin/alliance/v1\0" || doc of v1)`, R-1.1. */
export function allianceIdOf(firstDocBytes: Uint8Array): AllianceId {
  return parseAllianceId(labelledHash('tocsin/alliance/v1', firstDocBytes))
}

/** Checks every field of a RegistryDoc. Throws ProtocolError `wire-*`, `doc-*` or `key-invalid`. */
export function parseRegistryDoc(signed: ParsedSignedDoc): ParsedRegistryDoc {
  assertProtocol(signed.type === DOC_TYPE.REGISTRY, 'doc-type', 'this is no registry document')
  const doc = decodeStrict(RegistryDoc, signed.docBytes, SIGNED_DOC_BYTES_MAX)
  if (doc.format !== REGISTRY_FORMAT) {
    throw new ProtocolError('doc-format', `registry documents of format ${doc.format} are not known here`, {
      fix: 'Update this software.',
    })
  }
  const prevHash = parsePrevHash(doc.version, doc.prevHash)
  assertPeriod(doc.issuedMs, doc.expiresMs)
  assertName(doc.name, 'alliance name')
  return {
    signed,
    hash: docHashHex(signed.hash),
    allianceId: parseAllianceField(doc, signed.docBytes),
    allianceIdField: doc.allianceId,
    version: doc.version,
    prevHash: prevHash && docHashHex(prevHash),
    issuedMs: doc.issuedMs,
    expiresMs: doc.expiresMs,
    threshold: doc.threshold,
    governors: parseGovernors(doc.governors, doc.threshold),
    nations: parseNations(doc.nations),
    policy: parsePolicy(doc.policy),
    name: doc.name,
  }
}

function parseAllianceField(doc: RegistryDoc, docBytes: Uint8Array): AllianceId {
  if (doc.version > 1) return parseAllianceId(doc.allianceId)
  assertProtocol(doc.allianceId.length === 0, 'wire-field-length', 'registry version 1 has no alliance_id')
  return allianceIdOf(docBytes)
}

/** at most 31, of distinct nations, no key twice, threshold more than half. */
function parseGovernors(governors: readonly Governor[], threshold: number): GovernorRecord[] {
  assertCount(governors, 1, GOVERNORS_MAX, 'governors')
  const parsed = governors.map(parseGovernor)
  assertNationsDistinct(parsed, 'governors')
  const keys = parsed.flatMap(governor => governor.keys)
  assertKeysDistinct(
    keys.flatMap(key => [key.edPk, key.mldsa65Pk]),
    'the list of governors',
  )
  if (2 * threshold <= parsed.length || threshold > parsed.length) {
    throw new ProtocolError('doc-threshold-range', `${threshold} of ${parsed.length} governors is no majority`)
  }
  return parsed
}

function parseGovernor({ nation, primary, recovery }: Governor): GovernorRecord {
  assertProtocol(primary !== undefined, 'wire-field-length', `governor ${nation} has no primary key`)
  const keys = recovery === undefined ? [primary] : [primary, recovery]
  return { nation: parseNationId(nation), keys: keys.map(parseRootKey) }
}

function parseNations(entries: readonly NationEntry[]): ReadonlyMap<NationId, NationRecord> {
  assertCount(entries, 0, NATIONS_MAX, 'nations')
  const parsed = entries.map(parseNationEntry)
  assertNationsDistinct(parsed, 'nations')
  return new Map(parsed.map(record => [record.nation, record]))
}

function parseNationEntry(entry: NationEntry): NationRecord {
  const nation = parseNationId(entry.nation)
  assertText(entry.label, LABEL_LENGTH_MAX, `label of ${nation}`)
  assertRange(entry.status, STATUS.ACTIVE, STATUS.EXPELLED, `status of ${nation}`)
  assertAscending(entry.roles, 1, ROLE_MAX, `role of ${nation}`)
  assertCount(entry.rootKeyIds, 1, ROOT_KEYS_MAX, `root key ids of ${nation}`)
  const ids = entry.rootKeyIds.map(id => parseHash(id, 'root_key_id'))
  assertKeysDistinct(ids, `the entry of ${nation}`)
  assertRootThreshold(entry.rootThreshold, ids.length)
  assertRange(entry.reset, RESET.NONE, RESET.COMPROMISED, `reset of ${nation}`)
  assertRange(entry.docMinVersion, entry.reset === RESET.NONE ? 0 : 1, Number.MAX_SAFE_INTEGER, 'doc_min_version')
  assertRange(entry.maxTlp, 0, TLP_MAX, `max_tlp of ${nation}`)
  return {
    nation,
    label: entry.label,
    status: entry.status as Status,
    roles: new Set(entry.roles),
    rootThreshold: entry.rootThreshold,
    roots: rootSetOf(entry.rootThreshold, ids),
    reset: entry.reset as Reset,
    docMinVersion: entry.docMinVersion,
    bounds: parseBounds(entry.bounds),
    maxTlp: entry.maxTlp,
    pin: parsePin(entry),
  }
}

function parsePin({ pinVersion, pinHash }: NationEntry): NationRecord['pin'] {
  if (pinVersion === 0 && pinHash.length === 0) return undefined
  assertRange(pinVersion, 1, Number.MAX_SAFE_INTEGER, 'pin_version')
  return { version: pinVersion, hash: docHashHex(parseHash(pinHash, 'pin_hash')) }
}

/** distinct keys are counted, so more than there are could never be reached. */
export function assertRootThreshold(threshold: number, keys: number): void {
  if (threshold < 1 || threshold > keys) {
    throw new ProtocolError('doc-threshold-range', `a threshold of ${threshold} does not fit ${keys} root keys`)
  }
}

function assertName(text: string, what: string): void {
  assertRange(text.length, 1, LABEL_LENGTH_MAX, `the length of the ${what}`)
  assertText(text, LABEL_LENGTH_MAX, what)
}

function assertNationsDistinct(list: readonly { readonly nation: NationId }[], what: string): void {
  if (new Set(list.map(item => item.nation)).size !== list.length) {
    throw new ProtocolError('doc-nation-repeated', `one nation stands twice among the ${what}`)
  }
}
