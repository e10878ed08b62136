import { EMPTY, toHex } from '../../../src/base/bytes.ts'
import { toRootKey } from '../../../src/registry/build-registry.ts'
import { DAY_MS } from '../../../src/registry/doc-fields.ts'
import type { ParsedSignedDoc } from '../../../src/registry/signed-doc.ts'
import {
  edSigner,
  entry,
  firstNation,
  innerNode,
  kemKeys,
  nextNation,
  nextRegistry,
  rootSigner,
  SMALL_ORDER_KEY,
  signNation,
  signRegistry,
} from '../../support/registry-world.ts'
import { aaa2, allianceId, bbb1, deliverBase, lost, registry2, renewed, resetEntry, twin } from './base.ts'
import { added, hexOf, type NamedVectors, type RegistryVector } from './vector.ts'

const unchanged = { registry: 'registry-2', nations: { AAA: 'aaa-2', BBB: 'bbb-1' } }

/** One document that comes after the valid beginning and changes nothing. */
function ineffective(
  rule: string,
  title: string,
  signed: ParsedSignedDoc,
  outcome: 'refused' | 'waiting',
  code: string,
): RegistryVector {
  return {
    rule,
    title,
    docs: { forged: hexOf(signed) },
    deliver: [...deliverBase, { doc: 'forged', outcome, code }],
    expect: unchanged,
  }
}

const third = nextNation(aaa2)
const [node] = third.nodes
const newRoot = [toRootKey(rootSigner('new root AAA').key)]

//
const pinTwin = signRegistry(
  nextRegistry(registry2, {
    nations: [entry('AAA', { pinVersion: 2, pinHash: twin.signed.hash }), entry('BBB')],
  }),
)
const expelAaa = signRegistry(nextRegistry(registry2, { nations: [entry('AAA', { status: 3 }), entry('BBB')] }))

//
const byThief = signNation({ ...third, contacts: [{ name: 'Thief', duty: '', reach: '' }] })
const compromised = signRegistry(nextRegistry(registry2, { nations: [resetEntry(2), entry('BBB')] }))
const lostTooEarly = signRegistry(nextRegistry(lost, { issuedMs: lost.message.issuedMs + 14 * DAY_MS - 1 }))
const lostInEffect = signRegistry(nextRegistry(lost, { issuedMs: lost.message.issuedMs + 14 * DAY_MS }))
const lostWithdrawn = signRegistry(
  nextRegistry(lost, { issuedMs: lost.message.issuedMs + 20 * DAY_MS, nations: registry2.message.nations }),
)

//
const retired = signNation(nextNation(aaa2, { nodes: [{ ...node!, status: 2 }] }))
const bounded = signNation(
  nextNation(aaa2, { bounds: [{ logId: new Uint8Array(32).fill(1), size: 5, root: new Uint8Array(32).fill(2) }] }),
)

//
const stolen = innerNode(allianceId, 'AAA', 'node AAA')
const thief = signNation(
  nextNation(bbb1, {
    nodes: [...bbb1.message.nodes, { ...stolen, status: 3 }],
  }),
)

const smallOrderNode = { ...innerNode(allianceId, 'AAA', 'node 2'), witnessPk: SMALL_ORDER_KEY, witnessPop: EMPTY }
const edgeThatSigns = innerNode(allianceId, 'AAA', 'node 3', { use: 2 })
const [first, second] = kemKeys('AAA', 2)
const overlapping = [first!, { ...second!, fromMs: first!.untilMs - 1 }]

//
const [rootA, rootB] = ['root AAA', 'second root AAA'].map(name => toRootKey(rootSigner(name).key))
const twoRoots = { roots: [rootA!, rootB!], rootThreshold: 2 }
const byTwo = signNation({ ...third, ...twoRoots }, ['root AAA', 'second root AAA'])
const byOneTwice = signNation({ ...third, ...twoRoots }).signed
const leavesOne = signNation(nextNation(byTwo, { roots: [rootA!], rootThreshold: 1 }))

export const nationVectors: NamedVectors = {
  'R-1.2-nation-root-counted-twice': ineffective(
    'R-1.2',
    'counts a root of a nation that signed twice once',
    { ...byOneTwice, sigs: [byOneTwice.sigs[0]!, byOneTwice.sigs[0]!] },
    'refused',
    'doc-threshold',
  ),
  'R-1.2-nation-key-under-two-ids': ineffective(
    'R-1.2',
    'refuses two roots that share half a key, which would have two key ids',
    signNation({ ...third, roots: [rootA!, { ...rootB!, mldsa65Pk: rootA!.mldsa65Pk }] }).signed,
    'refused',
    'doc-key-repeated',
  ),
  'R-1.2-nation-root-is-a-node-key': ineffective(
    'R-1.2',
    'refuses a root whose Ed25519 half is the key of a node too',
    signNation({ ...third, roots: [rootA!, { ...rootB!, edPk: node!.peerPk }] }).signed,
    'refused',
    'doc-key-repeated',
  ),
  'R-1.3-nation-version-skipped': ineffective(
    'R-1.3',
    'lets no document of a nation stand that is not exactly one version higher',
    signNation({ ...third, version: 4 }).signed,
    'waiting',
    'doc-version',
  ),
  'R-1.2-nation-threshold-before': {
    rule: 'R-1.2',
    title: 'lets one of two roots not end the threshold of two',
    docs: { 'by-two': hexOf(byTwo.signed), 'by-one': hexOf(leavesOne.signed) },
    deliver: [...deliverBase, added('by-two'), { doc: 'by-one', outcome: 'waiting', code: 'doc-threshold' }],
    expect: { registry: 'registry-2', nations: { AAA: 'by-two', BBB: 'bbb-1' } },
  },
  'R-1.2-nation-root-alone': ineffective(
    'R-1.2',
    'keeps waiting what its own new roots signed and the roots before did not',
    renewed.signed,
    'waiting',
    'doc-threshold',
  ),
  'R-1.2-nation-own-roots-missing': ineffective(
    'R-1.2',
    'refuses new roots that did not sign themselves',
    signNation({ ...third, roots: newRoot }, ['root AAA']).signed,
    'refused',
    'doc-threshold',
  ),
  'R-1.6-two-documents': {
    rule: 'R-1.6',
    title: 'stays before two valid documents of one version',
    docs: {},
    deliver: [...deliverBase, added('twin')],
    expect: { registry: 'registry-2', nations: { AAA: 'aaa-1', BBB: 'bbb-1' } },
  },
  'R-1.6-pin-decides': {
    rule: 'R-1.6',
    title: 'goes to the one of two documents that the registry pins',
    docs: { pins: hexOf(pinTwin.signed) },
    deliver: [...deliverBase, added('twin'), added('pins')],
    expect: { registry: 'pins', nations: { AAA: 'twin', BBB: 'bbb-1' } },
  },
  'R-1.6-walk-from-pin': {
    rule: 'R-1.6',
    title: 'starts at the pin where what came before it is not here',
    docs: { pins: hexOf(pinTwin.signed) },
    deliver: [
      added('registry-1'),
      added('registry-2'),
      { doc: 'twin', outcome: 'waiting', code: 'doc-parent-unknown' },
      added('pins'),
    ],
    expect: { registry: 'pins', nations: { AAA: 'twin', BBB: null } },
  },
  'R-1.6-expelled-though-split': {
    rule: 'R-1.6',
    title: 'expels a nation that signed two documents of one version',
    docs: { expels: hexOf(expelAaa.signed) },
    deliver: [...deliverBase, added('twin'), added('expels')],
    expect: {
      registry: 'expels',
      nations: { AAA: 'aaa-1' },
      peers: [{ key: toHex(edSigner('node AAA peer').publicKey), answer: 'refused' }],
    },
  },
  'R-1.7-other-roots': {
    rule: 'R-1.7',
    title: 'keeps a first document waiting whose roots no registry names',
    docs: {
      forged: hexOf(signNation(firstNation(allianceId, 'AAA', { roots: newRoot }), ['new root AAA']).signed),
    },
    deliver: [added('registry-1'), { doc: 'forged', outcome: 'waiting', code: 'nation-unbound' }],
    expect: {
      registry: 'registry-1',
      nations: { AAA: null },
      mayOpenLog: [{ nation: 'AAA', key: toHex(edSigner('node AAA sign').publicKey), answer: false }],
    },
  },
  'R-1.7-compromised': {
    rule: 'R-1.7',
    title: 'voids at once what the old roots signed, when they are compromised',
    docs: { thief: hexOf(byThief.signed), resets: hexOf(compromised.signed) },
    deliver: [
      ...deliverBase,
      added('thief'),
      { doc: 'renewed', outcome: 'waiting', code: 'doc-threshold' },
      added('resets'),
    ],
    expect: { registry: 'resets', nations: { AAA: 'renewed' } },
  },
  'R-1.7-lost-too-early': {
    rule: 'R-1.7',
    title: 'leaves the old roots in place while 14 days have not passed since they were reported lost',
    docs: { carries: hexOf(lostTooEarly.signed) },
    deliver: [
      ...deliverBase,
      added('lost'),
      { doc: 'renewed', outcome: 'waiting', code: 'doc-threshold' },
      added('carries'),
    ],
    expect: { registry: 'carries', nations: { AAA: 'aaa-2' } },
  },
  'R-1.7-lost-in-effect': {
    rule: 'R-1.7',
    title: 'resets lost roots with the first version issued 14 days later that still carries it',
    docs: { carries: hexOf(lostInEffect.signed) },
    deliver: [
      ...deliverBase,
      added('lost'),
      { doc: 'renewed', outcome: 'waiting', code: 'doc-threshold' },
      added('carries'),
    ],
    expect: { registry: 'carries', nations: { AAA: 'renewed' } },
  },
  'R-1.7-lost-withdrawn': {
    rule: 'R-1.7',
    title: 'resets nothing where the next version does not carry the reset any more',
    docs: { withdraws: hexOf(lostWithdrawn.signed) },
    deliver: [
      ...deliverBase,
      added('lost'),
      { doc: 'renewed', outcome: 'waiting', code: 'doc-threshold' },
      added('withdraws'),
    ],
    expect: { registry: 'withdraws', nations: { AAA: 'aaa-2' } },
  },
  'R-1.8-key-dropped': ineffective(
    'R-1.8',
    'lets no document stand that drops a node key',
    signNation({ ...third, nodes: [] }).signed,
    'waiting',
    'nation-key-dropped',
  ),
  'R-1.8-proof-dropped': ineffective(
    'R-1.8',
    'lets no document stand that drops the proof of a node key',
    signNation({ ...third, nodes: [{ ...node!, signPop: EMPTY }] }).signed,
    'waiting',
    'nation-key-dropped',
  ),
  'R-1.8-key-revived': {
    rule: 'R-1.8',
    title: 'lets no document stand that revives a retired node key',
    docs: {
      retires: hexOf(retired.signed),
      revives: hexOf(signNation(nextNation(retired, { nodes: [node!] })).signed),
    },
    deliver: [...deliverBase, added('retires'), { doc: 'revives', outcome: 'waiting', code: 'nation-key-revived' }],
    expect: {
      registry: 'registry-2',
      nations: { AAA: 'retires' },
      peers: [{ key: toHex(edSigner('node AAA peer').publicKey), answer: 'refused' }],
    },
  },
  'R-1.8-bound-dropped': {
    rule: 'R-1.8',
    title: 'lets no document stand that takes back the bound of a log',
    docs: { bounds: hexOf(bounded.signed), frees: hexOf(signNation(nextNation(bounded, { bounds: [] })).signed) },
    deliver: [...deliverBase, added('bounds'), { doc: 'frees', outcome: 'waiting', code: 'nation-bound-dropped' }],
    expect: { registry: 'registry-2', nations: { AAA: 'bounds' } },
  },
  'R-1.9-nation-valid-too-long': ineffective(
    'R-1.9',
    'refuses a nation document that would be valid for more than 400 days',
    signNation({ ...third, expiresMs: third.issuedMs + 401 * DAY_MS }).signed,
    'refused',
    'doc-period',
  ),
  'R-1.11-node-key-of-small-order': ineffective(
    'R-1.11',
    'refuses a node key of small order',
    signNation({ ...third, nodes: [node!, smallOrderNode] }).signed,
    'refused',
    'key-invalid',
  ),
  'R-1.12-stolen-key': {
    rule: 'R-1.12',
    title: 'gives a nation no right to a key of another that it names without proof, nor any say in its status',
    docs: { thief: hexOf(thief.signed) },
    deliver: [...deliverBase, added('thief')],
    expect: {
      registry: 'registry-2',
      nations: { AAA: 'aaa-2', BBB: 'thief' },
      mayOpenLog: [
        { nation: 'BBB', key: toHex(stolen.signPk), answer: false },
        { nation: 'AAA', key: toHex(stolen.signPk), answer: true },
      ],
      peers: [{ key: toHex(stolen.peerPk), answer: 'member' }],
    },
  },
  'R-3.7-overlapping-windows': ineffective(
    'R-3.7',
    'refuses KEM keys whose windows overlap',
    signNation({ ...third, kems: overlapping }).signed,
    'refused',
    'nation-kem-windows',
  ),
  'R-5.9-edge-that-signs': ineffective(
    'R-5.9',
    'refuses an EDGE node with a signing key',
    signNation({ ...third, nodes: [node!, edgeThatSigns] }).signed,
    'refused',
    'nation-node-form',
  ),
}
