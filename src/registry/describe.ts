import { toHex } from '../base/bytes.ts'
import type { Bound } from './doc-fields.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import { KEY_STATUS, USE } from './node-key.ts'
import type { AlliancePolicy } from './policy.ts'
import { type NationRecord, type ParsedRegistryDoc, RESET, ROLE, STATUS } from './registry-doc.ts'
import { encodeTrust, fingerprint, trustOf, trustWords } from './trust-string.ts'

/** Documents in words and hex, ready to be printed as a table or as JSON. Times are milliseconds since the Unix epoch. */

export interface RegistryDescription {
  readonly allianceId: string
  readonly name: string
  readonly version: number
  readonly hash: string
  readonly trust: string
  readonly words: readonly string[]
  readonly fingerprint: string
  readonly issuedMs: number
  readonly expiresMs: number
  /** Governors that must sign the next version. */
  readonly threshold: number
  readonly governors: readonly string[]
  readonly nations: readonly NationEntryDescription[]
  readonly policy: AlliancePolicy
}

export interface NationEntryDescription {
  readonly nation: string
  readonly label: string
  readonly status: string
  readonly roles: readonly string[]
  /** Highest marking it may be sent; empty: no ceiling. */
  readonly maxTlp: string
  readonly rootThreshold: number
  /** Empty, or a reset of the nation's root keys that this version carries. */
  readonly reset: string
  readonly pinnedVersion: number
  readonly bounds: readonly BoundDescription[]
}

export interface NationDescription {
  readonly nation: string
  readonly version: number
  readonly hash: string
  readonly issuedMs: number
  readonly expiresMs: number
  readonly rootThreshold: number
  readonly rootKeyIds: readonly string[]
  readonly nodes: readonly NodeDescription[]
  readonly kems: readonly KemDescription[]
  readonly bounds: readonly BoundDescription[]
  readonly contacts: readonly { readonly name: string; readonly duty: string; readonly reach: string }[]
}

/** Keys in hex; empty where there is none, or none with its proof of possession. */
export interface NodeDescription {
  readonly use: string
  readonly status: string
  readonly addresses: readonly string[]
  readonly signKey: string
  readonly witnessKey: string
  readonly peerKey: string
}

export interface KemDescription {
  readonly keyId: string
  readonly suite: number
  readonly status: string
  readonly fromMs: number
  readonly untilMs: number
}

export interface BoundDescription {
  readonly log: string
  readonly size: number
  readonly root: string
}

export const TLP_NAMES = ['', 'CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED']

export function describeRegistry(doc: ParsedRegistryDoc): RegistryDescription {
  const trust = trustOf(doc)
  return {
    allianceId: toHex(doc.allianceId),
    name: doc.name,
    version: doc.version,
    hash: doc.hash,
    trust: encodeTrust(trust),
    words: trustWords(trust),
    fingerprint: fingerprint(trust),
    issuedMs: doc.issuedMs,
    expiresMs: doc.expiresMs,
    threshold: doc.threshold,
    governors: doc.governors.map(({ nation }) => nation),
    nations: [...doc.nations.values()].map(describeEntry),
    policy: doc.policy,
  }
}

export function describeNation(doc: ParsedNationDoc): NationDescription {
  return {
    nation: doc.nation,
    version: doc.version,
    hash: doc.hash,
    issuedMs: doc.issuedMs,
    expiresMs: doc.expiresMs,
    rootThreshold: doc.rootThreshold,
    rootKeyIds: doc.roots.map(({ idHex }) => idHex),
    nodes: doc.nodes.map(node => ({
      use: nameOf(USE, node.use),
      status: nameOf(KEY_STATUS, node.status),
      addresses: node.addresses,
      signKey: hexOf(node.signPk),
      witnessKey: hexOf(node.witnessPk),
      peerKey: hexOf(node.peerPk),
    })),
    kems: doc.kems.map(({ keyId, suite, status, fromMs, untilMs }) => ({
      keyId: toHex(keyId),
      suite,
      status: nameOf(KEY_STATUS, status),
      fromMs,
      untilMs,
    })),
    bounds: describeBounds(doc.bounds.values()),
    contacts: doc.contacts,
  }
}

function describeEntry(entry: NationRecord): NationEntryDescription {
  return {
    nation: entry.nation,
    label: entry.label,
    status: nameOf(STATUS, entry.status),
    roles: [...entry.roles].map(role => nameOf(ROLE, role)),
    maxTlp: TLP_NAMES[entry.maxTlp] ?? '',
    rootThreshold: entry.rootThreshold,
    reset: entry.reset === RESET.NONE ? '' : nameOf(RESET, entry.reset),
    pinnedVersion: entry.pin?.version ?? 0,
    bounds: describeBounds(entry.bounds.values()),
  }
}

function describeBounds(bounds: Iterable<Bound>): BoundDescription[] {
  return [...bounds].map(({ logId, size, root }) => ({ log: toHex(logId), size, root: toHex(root) }))
}

/** The name of a value, or the number itself where a later version brought it. */
export function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value)
}

function hexOf(key: Uint8Array | undefined): string {
  return key === undefined ? '' : toHex(key)
}
