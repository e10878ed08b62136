import { toHex } from '../../src/base/bytes.ts'
import type { AllianceId } from '../../src/base/ids.ts'
import { parseLogId } from '../../src/base/ids.ts'
import { addDocument } from '../../src/registry/add-document.ts'
import { buildDirectory } from '../../src/registry/directory.ts'
import { documentsOf, type EvidenceSet, emptyEvidence } from '../../src/registry/evidence.ts'
import { type Pin, registryState } from '../../src/registry/registry-state.ts'
import type { ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import { edSigner, nation, T0 } from './registry-world.ts'

const NATIONS = ['AAA', 'BBB', 'CCC'].map(nation)
const NODES = ['node AAA', 'node BBB', 'node CCC', 'thief']
/** The one whose logs random registries bound. */
export const BOUNDED_LOG = parseLogId(new Uint8Array(32).fill(0xa1))

/** All documents one after the other, as they come over a wire. */
export function collect(allianceId: AllianceId, docs: Iterable<ParsedSignedDoc>): EvidenceSet {
  return [...docs].reduce((set, doc) => addDocument(set, doc).set, emptyEvidence(allianceId))
}

/** All that other modules ask of a set of documents, in a form that can be compared. */
export function answersOf(set: EvidenceSet, pins: readonly Pin[]) {
  const state = registryState(set, pins)
  if (state === undefined) return undefined
  const directory = buildDirectory(set, state)
  const signKeys = NODES.map(name => edSigner(`${name} sign`).publicKey)
  return {
    chain: state.chain.map(doc => doc.hash),
    split: state.split && {
      siblings: state.split.siblings.map(doc => doc.hash).sort(),
      open: state.split.open.map(doc => doc.hash).sort(),
      signersOfBoth: state.split.signersOfBoth,
    },
    pinsAside: state.pinsAside,
    pinnedOut: state.pinnedOut?.hash,
    valid: documentsOf(set).map(doc => toHex(doc.hash)),
    members: directory.members().map(({ nation, doc, siblings, overruled, pendingReset }) => ({
      ...{ nation, doc: doc?.hash, overruled, pendingReset },
      siblings: siblings.map(doc => doc.hash).sort(),
    })),
    peers: directory.peers().map(({ nation, peerPk }) => [nation, toHex(peerPk)]),
    standing: NODES.map(name => directory.peerStanding(edSigner(`${name} peer`).publicKey)),
    opens: NATIONS.map(nation => signKeys.map(key => directory.mayOpenLog(nation, key))),
    logs: NATIONS.map(nation =>
      signKeys.flatMap(signPk =>
        [1, 3, 5].map(registryVersion =>
          directory.logStanding({ logId: BOUNDED_LOG, nation, signPk, registryVersion }),
        ),
      ),
    ),
    witnesses: state.chain.map(({ version }) => [...directory.witnesses(version)!].sort()),
    audience: [T0, T0 + 200 * 86_400_000].map(nowMs => directory.audience(nowMs)),
  }
}
