import { ed25519 } from '@noble/curves/ed25519.js'
import { concat, EMPTY, fromHex, toHex } from '../../../src/base/bytes.ts'
import { toRootKey } from '../../../src/registry/build-registry.ts'
import type { NodeKey } from '../../../src/wire/gen/tocsin.ts'
import {
  edSigner,
  entry,
  foundRegistry,
  governor,
  innerNode,
  kemKeys,
  nextNation,
  nextRegistry,
  rootSigner,
  SMALL_ORDER_KEY,
  signNation,
  signRegistry,
} from '../../support/registry-world.ts'
import { aaa2, allianceId, bbb1, deliverBase, registry2 } from './base.ts'
import { added, hexOf, type NamedVectors, type RegistryVector } from './vector.ts'

const third = nextNation(aaa2)
const [node] = third.nodes
const another = innerNode(allianceId, 'AAA', 'node 2')
const keyOf = (name: string) => toHex(edSigner(name).publicKey)

/** The y of a point, 3, with p added: the same point to a lax reader, in other bytes. */
const NOT_CANONICAL = fromHex(`f0${'ff'.repeat(30)}7f`)
const IDENTITY = fromHex(`01${'00'.repeat(31)}`)
/** A sound key and a point of order 8: of the group, and not of the prime one. */
const MIXED = ed25519.Point.fromBytes(edSigner('mixed').publicKey)
  .add(ed25519.Point.fromBytes(SMALL_ORDER_KEY))
  .toBytes()
/** No x fits this y. */
const NO_POINT = fromHex(`02${'00'.repeat(31)}`)

/** A document that follows `aaa2` with one more node and is refused. */
function refusedNode(title: string, change: Partial<NodeKey>): RegistryVector {
  return refused(title, signNation({ ...third, nodes: [node!, { ...another, ...change }] }).signed)
}

function refused(title: string, signed: Parameters<typeof hexOf>[0], code = 'key-invalid', rule = 'R-1.11') {
  return {
    rule,
    title,
    docs: { forged: hexOf(signed) },
    deliver: [...deliverBase, { doc: 'forged', outcome: 'refused' as const, code }],
    expect: { registry: 'registry-2', nations: { AAA: 'aaa-2', BBB: 'bbb-1' } },
  }
}

/** A node of AAA that comes with wrong proofs: the document stands, its keys count for nothing. */
function unproved(title: string, wrong: NodeKey, opens: boolean, connects: boolean): RegistryVector {
  return {
    rule: 'R-1.12',
    title,
    docs: { adds: hexOf(signNation({ ...third, nodes: [node!, wrong] }).signed) },
    deliver: [...deliverBase, added('adds')],
    expect: {
      registry: 'registry-2',
      nations: { AAA: 'adds' },
      mayOpenLog: [{ nation: 'AAA', key: toHex(wrong.signPk), answer: opens }],
      peers: [{ key: toHex(wrong.peerPk), answer: connects ? 'member' : 'limbo' }],
    },
  }
}

const withKey = (edPk: Uint8Array) => ({ ...governor('DDD'), primary: { ...governor('DDD').primary, edPk } })
const governed = (edPk: Uint8Array) => {
  const { governors } = registry2.message
  return signRegistry(nextRegistry(registry2, { governors: [...governors, withKey(edPk)], threshold: 3 })).signed
}
const shortRoot = { ...toRootKey(rootSigner('root AAA').key), mldsa65Pk: new Uint8Array(1951).fill(1) }
const [kem] = kemKeys('AAA', 1)
const copied = signNation(nextNation(bbb1, { nodes: [...bbb1.message.nodes, node!] }))
const foreignId = foundRegistry({ name: 'Another Alliance' }).allianceId

export const keyVectors: NamedVectors = {
  'R-1.11-governor-key-not-canonical': refused(
    'refuses a governor with a key that is not canonical',
    governed(NOT_CANONICAL),
  ),
  'R-1.11-governor-key-of-mixed-order': refused('refuses a governor with a key that has torsion', governed(MIXED)),
  'R-1.11-node-key-not-canonical': refusedNode('refuses a node key that is not canonical', {
    signPk: NOT_CANONICAL,
    signPop: EMPTY,
  }),
  'R-1.11-node-key-is-the-identity': refusedNode('refuses the identity as a node key', {
    peerPk: IDENTITY,
    peerPop: EMPTY,
  }),
  'R-1.11-node-key-of-mixed-order': refusedNode('refuses a node key that has torsion', {
    witnessPk: MIXED,
    witnessPop: EMPTY,
  }),
  'R-1.11-node-key-is-no-point': refusedNode('refuses a node key that is no point of the curve', {
    peerPk: NO_POINT,
    peerPop: EMPTY,
  }),
  'R-1.11-node-key-too-long': refusedNode('refuses a node key of 33 bytes', {
    peerPk: concat(another.peerPk, Uint8Array.of(0)),
    peerPop: EMPTY,
  }),
  'R-1.11-root-key-too-short': refused(
    'refuses a root key whose ML-DSA-65 half is a byte short',
    signNation({ ...third, roots: [...third.roots, shortRoot] }).signed,
  ),
  'R-1.11-kem-key-without-its-id': refused(
    'refuses a KEM key under the id of another',
    signNation({ ...third, kems: [{ ...kem!, keyId: new Uint8Array(32).fill(1) }] }).signed,
  ),
  'R-1.12-pops-swapped': unproved(
    'counts no key for which the proof of another key of the same node stands',
    { ...another, signPop: another.witnessPop, witnessPop: another.signPop },
    false,
    true,
  ),
  'R-1.12-proof-of-another-node': unproved(
    'counts no key whose proof was made for a node with another witness key',
    { ...another, witnessPk: edSigner('another witness').publicKey, witnessPop: EMPTY },
    false,
    false,
  ),
  'R-1.12-proof-for-another-alliance': unproved(
    'counts no key whose proof was made for another alliance',
    innerNode(foreignId, 'AAA', 'node 2'),
    false,
    false,
  ),
  'R-1.12-proof-for-another-nation': unproved(
    'counts no key whose proof was made for another nation',
    innerNode(allianceId, 'BBB', 'node 2'),
    false,
    false,
  ),
  'R-1.12-node-copied-with-its-proofs': {
    rule: 'R-1.12',
    title: 'gives a nation no right to the node of another that it copies with its proofs',
    docs: { copies: hexOf(copied.signed), expels: hexOf(expelling().signed) },
    deliver: [...deliverBase, added('copies'), added('expels')],
    expect: {
      registry: 'expels',
      nations: { BBB: 'copies' },
      mayOpenLog: [
        { nation: 'BBB', key: keyOf('node AAA sign'), answer: false },
        { nation: 'AAA', key: keyOf('node AAA sign'), answer: true },
      ],
      // an expelled nation does not come back in by the document of another
      peers: [{ key: keyOf('node AAA peer'), answer: 'refused' }],
    },
  },
}

function expelling() {
  return signRegistry(nextRegistry(registry2, { nations: [entry('AAA', { status: 3 }), entry('BBB')] }))
}
