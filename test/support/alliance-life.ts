import type { Bound, DocHashHex } from '../../src/registry/doc-fields.ts'
import { documentsOf, type EvidenceSet } from '../../src/registry/evidence.ts'
import { planRegistry, type RegistryChange, type RegistryPlan } from '../../src/registry/next-registry.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { openEvidence } from '../../src/registry/open-evidence.ts'
import { registryBaseOf } from '../../src/registry/registry-base.ts'
import { DOC_TYPE, type ParsedSignedDoc, signDoc } from '../../src/registry/signed-doc.ts'
import {
  firstNation,
  foundRegistry,
  nation,
  nextNation,
  rootSigner,
  type SignedNation,
  seed,
  signNation,
  T0,
} from './registry-world.ts'

/** The life of a small alliance, version by version, as its governors change it. */

/** AAA, BBB and CCC govern, two of whom decide; AAA and BBB are members, each with its document. */
export function foundLife(fields: Parameters<typeof foundRegistry>[0] = {}): EvidenceSet {
  const { signed, allianceId } = foundRegistry(fields)
  const docs = ['AAA', 'BBB'].map(id => signNation(firstNation(allianceId, id)).signed)
  return openEvidence([signed, ...docs])
}

export function directoryOf(set: EvidenceSet) {
  return openDirectory(set, [])!
}

export function withDocs(set: EvidenceSet, ...docs: readonly ParsedSignedDoc[]): EvidenceSet {
  return openEvidence([...documentsOf(set), ...docs])
}

export interface Step {
  readonly nowMs?: number
  readonly on?: DocHashHex
  readonly draft?: Uint8Array
}

export function plan(set: EvidenceSet, changes: readonly RegistryChange[], step: Step = {}): RegistryPlan {
  const base = registryBaseOf(set, step.on ?? directoryOf(set).registry.hash)!
  return planRegistry(base, changes, { nowMs: step.nowMs ?? T0, validDays: 400 }, step.draft)
}

/** The next registry version with the changes, signed. */
export function enact(
  set: EvidenceSet,
  changes: readonly RegistryChange[],
  step: Step = {},
  signers: readonly string[] = ['gov AAA', 'gov CCC'],
): EvidenceSet {
  const { docBytes } = plan(set, changes, step)
  return withDocs(set, signDoc(DOC_TYPE.REGISTRY, set.allianceId, docBytes, signers.map(rootSigner)))
}

/** The next document of a nation, after the one in force. */
export function nextDoc(
  set: EvidenceSet,
  id: string,
  fields: Parameters<typeof nextNation>[1],
  signers: readonly string[],
) {
  const { signed } = directoryOf(set).member(nation(id))!.doc!
  const version = directoryOf(set).member(nation(id))!.doc!.version
  const prev: SignedNation = { message: { ...firstNation(set.allianceId, id), version }, signed }
  return signNation(nextNation(prev, fields), [...signers]).signed
}

/** What `nation export` says of a nation, with the root key of that name. */
export function request(id: string, key = `root ${id}`) {
  return { nation: nation(id), label: `Nation ${id}`, rootThreshold: 1, roots: [rootSigner(key).key] }
}

export function boundOf(name: string, size: number): Bound {
  return { logId: seed(`log ${name}`) as Bound['logId'], size, root: seed(`root ${name} ${size}`) as Bound['root'] }
}
