import { EMPTY } from '../base/bytes.ts'
import type { AllianceId, NationId } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import { type NationEntry, RegistryDoc, type RootKey } from '../wire/gen/tocsin.ts'
import { DAY_MS } from './doc-fields.ts'
import { type AlliancePolicy, buildPolicy } from './policy.ts'
import { allianceIdOf, REGISTRY_FORMAT, RESET, type Status } from './registry-doc.ts'
import type { RootKeyRecord } from './root-key.ts'

export interface FoundingGovernor {
  readonly nation: NationId
  readonly primary: RootKeyRecord
  readonly recovery?: RootKeyRecord
}

export interface FoundingNation {
  readonly nation: NationId
  readonly label: string
  readonly status: Status
  /** Of `ROLE`. */
  readonly roles: readonly number[]
  readonly rootThreshold: number
  readonly roots: readonly RootKeyRecord[]
  /** Highest TLP level it may be sent, 1 CLEAR to 5 RED; 0: no ceiling. */
  readonly maxTlp: number
}

export interface Founding {
  readonly name: string
  readonly governors: readonly FoundingGovernor[]
  /** More than half of the governors. */
  readonly threshold: number
  readonly nations: readonly FoundingNation[]
  readonly policy: AlliancePolicy
  readonly issuedMs: number
  /** At most 400. */
  readonly validDays: number
}

/** Version 1 of a registry, to be signed by a threshold of its governors, and the id of the alliance that it founds. */
export function buildFoundingRegistry(founding: Founding): {
  readonly docBytes: Uint8Array
  readonly allianceId: AllianceId
} {
  const docBytes = encode(RegistryDoc, {
    format: REGISTRY_FORMAT,
    allianceId: EMPTY,
    version: 1,
    prevHash: EMPTY,
    issuedMs: founding.issuedMs,
    expiresMs: founding.issuedMs + founding.validDays * DAY_MS,
    threshold: founding.threshold,
    governors: founding.governors.map(({ nation, primary, recovery }) => ({
      nation,
      primary: toRootKey(primary),
      recovery: recovery && toRootKey(recovery),
    })),
    nations: founding.nations.map(toEntry),
    policy: buildPolicy(founding.policy),
    name: founding.name,
  })
  return { docBytes, allianceId: allianceIdOf(docBytes) }
}

export function toRootKey({ edPk, mldsa65Pk }: RootKeyRecord): RootKey {
  return { edPk, mldsa65Pk }
}

function toEntry({ nation, label, status, roles, rootThreshold, roots, maxTlp }: FoundingNation): NationEntry {
  return {
    nation,
    label,
    status,
    roles: roles.toSorted((a, b) => a - b),
    rootThreshold,
    rootKeyIds: roots.map(root => root.id),
    reset: RESET.NONE,
    docMinVersion: 0,
    bounds: [],
    maxTlp,
    pinVersion: 0,
    pinHash: EMPTY,
  }
}
