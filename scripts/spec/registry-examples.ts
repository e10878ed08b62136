import { concat, u8, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { addDocument } from '../../src/registry/add-document.ts'
import { emptyEvidence } from '../../src/registry/evidence.ts'
import { nodeIdentity, popInput } from '../../src/registry/node-key.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import { encodeSignedDoc, type ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import { encodeTrust, fingerprint, trustOf, trustWords } from '../../src/registry/trust-string.ts'
import { encode } from '../../src/wire/codec.ts'
import { NodeKey } from '../../src/wire/gen/tocsin.ts'
import { assertHolds, type Example } from './example.ts'
import { AAA, allianceId, governor, kem, nationDoc, node, registry } from './world.ts'

/** Chapter 1: documents, their signatures, and what names them. */
export function registryExamples(): Example[] {
  assertDocumentsHold()
  return [
    documentExample('registry-doc', registry, new Uint8Array(32)),
    { name: 'alliance-id', parts: { alliance_id: allianceId } },
    documentExample('nation-doc', nationDoc, allianceId),
    keyIdExample(),
    kemKeyIdExample(),
    popExample(),
    trustExample(),
  ]
}

function documentExample(name: string, signed: ParsedSignedDoc, allianceField: Uint8Array): Example {
  const sig = signed.sigs[0]!
  return {
    name,
    parts: {
      doc: signed.docBytes,
      'SHA256(doc)': signed.hash,
      'signature input': concat(utf8('tocsin/doc/v1\0'), u8(signed.type), allianceField, signed.hash),
      key_id: sig.keyId,
      ed25519: sig.ed25519,
      mldsa65: sig.mldsa65,
      SignedDoc: encodeSignedDoc(signed),
    },
  }
}

function keyIdExample(): Example {
  const { edPk, mldsa65Pk, id } = governor.key
  return { name: 'key-id', parts: { ed_pk: edPk, mldsa65_pk: mldsa65Pk, key_id: id } }
}

function kemKeyIdExample(): Example {
  return { name: 'kem-key-id', parts: { pk: kem!.pk, key_id: kem!.keyId } }
}

function popExample(): Example {
  const empty = new Uint8Array(0)
  const bare = { ...node, addresses: [], status: 0, signPop: empty, witnessPop: empty, peerPop: empty }
  const identity = nodeIdentity(node)
  assertHolds(Buffer.compare(identity, sha256(encode(NodeKey, bare))) === 0, 'the identity of a node')
  return {
    name: 'pop',
    parts: {
      'bare NodeKey': encode(NodeKey, bare),
      'SHA256 of it': identity,
      'pop input': popInput(allianceId, AAA, identity),
      sign_pop: node.signPop,
      witness_pop: node.witnessPop,
      peer_pop: node.peerPop,
    },
  }
}

function trustExample(): Example {
  const trust = trustOf(parseRegistryDoc(registry))
  return {
    name: 'trust',
    parts: { string: encodeTrust(trust), words: trustWords(trust).join(' '), fingerprint: fingerprint(trust) },
  }
}

/** What is shown must be in force where it is added, or nobody could use it as a test. */
function assertDocumentsHold(): void {
  const set = [registry, nationDoc].reduce((before, doc) => addDocument(before, doc).set, emptyEvidence(allianceId))
  const directory = openDirectory(set, [])
  assertHolds(directory?.member(AAA)?.doc?.nodes[0]?.signPk !== undefined, 'the documents are in force')
}
