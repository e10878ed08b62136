import { toHex } from '../../../src/base/bytes.ts'
import { toRootKey } from '../../../src/registry/build-registry.ts'
import { DAY_MS } from '../../../src/registry/doc-fields.ts'
import {
  edSigner,
  entry,
  firstNation,
  kemKeys,
  nextNation,
  nextRegistry,
  rootSigner,
  type SignedNation,
  signNation,
  signRegistry,
  T0,
} from '../../support/registry-world.ts'
import { aaa2, allianceId, deliverBase, left, registry2, right, twin } from './base.ts'
import { added, type Delivery, hexOf, type NamedVectors } from './vector.ts'

const third = nextRegistry(registry2)
const registries = [added('registry-1'), added('registry-2')]

//
const middle = signRegistry({ ...third, name: 'Middle' }, ['gov AAA', 'gov CCC'])
const afterLeft = signRegistry(nextRegistry(left))
const expelling = signRegistry(nextRegistry(right, { nations: [entry('AAA'), entry('BBB', { status: 3 })] }))
const silencing = signRegistry({ ...third, nations: [entry('AAA', { roles: [1, 3] }), entry('BBB')] })
const kemAaa = signNation(firstNation(allianceId, 'AAA', { kems: kemKeys('AAA', 2) }))
const kemBbb = signNation(firstNation(allianceId, 'BBB', { kems: kemKeys('BBB', 2) }))
const sealable = [...registries, added('aaa-kem'), added('bbb-kem')]
const sealableDocs = { 'aaa-kem': hexOf(kemAaa.signed), 'bbb-kem': hexOf(kemBbb.signed) }
const kemTime = T0 + DAY_MS

//
const aaa3 = signNation(nextNation(aaa2))
const twin3 = signNation(nextNation(twin))
const twinOf3 = signNation(nextNation(aaa2, { contacts: [{ name: 'Twin', duty: '', reach: '' }] }))
const bothGoOn = [added('twin'), added('aaa-3'), added('twin-3')]
const lineDocs = { 'aaa-3': hexOf(aaa3.signed), 'twin-3': hexOf(twin3.signed) }

function pinning(version: number, pinned: SignedNation, more: Parameters<typeof entry>[1] = {}) {
  const pin = { pinVersion: version, pinHash: pinned.signed.hash }
  return signRegistry(nextRegistry(registry2, { nations: [entry('AAA', { ...pin, ...more }), entry('BBB')] }))
}

const newRoot = rootSigner('new root AAA').key
/** Follows `aaa2`, of roots that the nation never named. */
const imposed = signNation(nextNation(aaa2, { roots: [toRootKey(newRoot)] }), ['new root AAA'])
const drops = signNation(nextNation(aaa2, { nodes: [] }))
const imposedFirst = signNation(firstNation(allianceId, 'AAA', { roots: [toRootKey(newRoot)] }), ['new root AAA'])
const imposedSecond = signNation(nextNation(imposedFirst), ['new root AAA'])

/** Versions 1 to 66 of AAA, without nodes. */
const long: SignedNation[] = [signNation(firstNation(allianceId, 'AAA', { nodes: [] }))]
while (long.length < 66) long.push(signNation(nextNation(long.at(-1)!)))
const longDocs = Object.fromEntries(long.map(({ message, signed }) => [`aaa-${message.version}`, hexOf(signed)]))
const deliverLong = long.map(({ message: { version } }): Delivery => {
  const doc = `aaa-${version}`
  if (version <= 64) return added(doc)
  return { doc, outcome: 'waiting', code: version === 65 ? 'nation-beyond-pin' : 'nation-unbound' }
})

export const forkVectors: NamedVectors = {
  'R-1.5-both-sides-go-on': {
    rule: 'R-1.5',
    title: 'stays before two versions that both have a successor',
    docs: { 'after-left': hexOf(afterLeft.signed) },
    deliver: [...registries, added('left'), added('after-left'), added('right'), added('after-right')],
    expect: { registry: 'registry-2', split: ['BBB'] },
  },
  'R-1.5-three-siblings': {
    rule: 'R-1.5',
    title: 'stays before three versions of one number and names all who signed more than one',
    docs: { middle: hexOf(middle.signed) },
    deliver: [...registries, added('left'), added('middle'), added('right')],
    expect: { registry: 'registry-2', split: ['AAA', 'BBB', 'CCC'] },
  },
  'R-1.5-three-siblings-one-goes-on': {
    rule: 'R-1.5',
    title: 'goes to the only one of three versions that has a successor',
    docs: { middle: hexOf(middle.signed) },
    deliver: [...registries, added('middle'), added('right'), added('left'), added('after-right')],
    expect: { registry: 'after-right' },
  },
  'R-1.5-three-siblings-two-go-on': {
    rule: 'R-1.5',
    title: 'stays before three versions two of which have a successor',
    docs: { middle: hexOf(middle.signed), 'after-left': hexOf(afterLeft.signed) },
    deliver: [...registries, added('left'), added('middle'), added('right'), added('after-left'), added('after-right')],
    expect: { registry: 'registry-2', split: ['AAA', 'BBB', 'CCC'] },
  },
  'R-1.5-pins-contradict': {
    rule: 'R-1.5',
    title: 'sets a pin by age aside that contradicts the one of the operator, though it is higher',
    docs: {},
    pins: [
      { version: 4, doc: 'after-right', from: 'age' },
      { version: 3, doc: 'left', from: 'operator' },
    ],
    deliver: [...registries, added('left'), added('right'), added('after-right')],
    expect: { registry: 'left', pinsAside: ['after-right'], pinnedOut: 'after-right' },
  },
  'R-1.5-two-pins-of-the-operator': {
    rule: 'R-1.5',
    title: 'follows the higher of two pins of the operator that contradict each other',
    docs: {},
    pins: [
      { version: 3, doc: 'left', from: 'operator' },
      { version: 4, doc: 'after-right', from: 'operator' },
    ],
    deliver: [...registries, added('left'), added('right'), added('after-right')],
    expect: { registry: 'after-right', pinsAside: ['left'] },
  },
  'R-1.5-pinned-but-not-here': {
    rule: 'R-1.5',
    title: 'stays before a version that is not the pinned one of its number, which has not come',
    docs: {},
    pins: [{ version: 3, doc: 'right', from: 'operator' }],
    deliver: [...registries, added('left')],
    expect: { registry: 'registry-2', pinnedOut: 'left' },
  },
  'R-1.5-nothing-sealed-to-whom-a-branch-excludes': {
    rule: 'R-1.5',
    title: 'seals in a split to nobody whom a sibling or what follows it expels or lets receive nothing',
    docs: { ...sealableDocs, expels: hexOf(expelling.signed), silences: hexOf(silencing.signed) },
    deliver: [...sealable, added('right'), added('expels'), added('silences'), added('left')],
    expect: { registry: 'expels', sealedTo: [{ atMs: kemTime, nations: ['AAA'] }] },
  },
  'R-1.5-nothing-sealed-across-a-split': {
    rule: 'R-1.5',
    title: 'seals to nobody where one branch expels the one and another silences the other',
    docs: {
      ...sealableDocs,
      'after-left': hexOf(afterLeft.signed),
      expels: hexOf(expelling.signed),
      silences: hexOf(silencing.signed),
    },
    deliver: [...sealable, added('left'), added('after-left'), added('right'), added('expels'), added('silences')],
    expect: { registry: 'registry-2', split: ['AAA', 'BBB'], sealedTo: [{ atMs: kemTime, nations: [] }] },
  },
  'R-1.6-both-lines-go-on': {
    rule: 'R-1.6',
    title: 'stays before two documents of one version that both have a successor, and holds up nobody else',
    docs: lineDocs,
    deliver: [...deliverBase, ...bothGoOn],
    expect: { registry: 'registry-2', nations: { AAA: 'aaa-1', BBB: 'bbb-1' } },
  },
  'R-1.6-sibling-of-the-pin-is-void': {
    rule: 'R-1.6',
    title: 'voids the sibling of a pinned document and all that follows it',
    docs: { ...lineDocs, pins: hexOf(pinning(2, twin).signed) },
    deliver: [...deliverBase, added('pins'), ...bothGoOn],
    expect: { registry: 'pins', nations: { AAA: 'twin-3', BBB: 'bbb-1' } },
  },
  'R-1.6-sibling-below-the-pin-is-void': {
    rule: 'R-1.6',
    title: 'voids a line that leaves the pinned one below the pin, however long it is',
    docs: {
      ...lineDocs,
      'twin-4': hexOf(signNation(nextNation(twin3)).signed),
      pins: hexOf(pinning(3, aaa3).signed),
    },
    deliver: [...deliverBase, ...bothGoOn, added('twin-4'), added('pins')],
    expect: { registry: 'pins', nations: { AAA: 'aaa-3' } },
  },
  'R-1.6-newest-pin-of-a-version': {
    rule: 'R-1.6',
    title: 'follows the newest of two pins of one version',
    docs: {
      'twin-of-3': hexOf(twinOf3.signed),
      'aaa-3': hexOf(aaa3.signed),
      pins: hexOf(pinning(3, aaa3).signed),
      corrects: hexOf(
        signRegistry(
          nextRegistry(pinning(3, aaa3), {
            nations: [entry('AAA', { pinVersion: 3, pinHash: twinOf3.signed.hash }), entry('BBB')],
          }),
        ).signed,
      ),
    },
    deliver: [...deliverBase, added('aaa-3'), added('twin-of-3'), added('pins'), added('corrects')],
    expect: { registry: 'corrects', nations: { AAA: 'twin-of-3' } },
  },
  'R-1.6-pin-of-a-wrong-version': {
    rule: 'R-1.6',
    title: 'takes a pin for none that gives its document another version',
    docs: { 'aaa-3': hexOf(aaa3.signed), pins: hexOf(pinning(3, twin).signed) },
    deliver: [...deliverBase, added('twin'), added('aaa-3'), added('pins')],
    expect: { registry: 'pins', nations: { AAA: 'aaa-3' } },
  },
  'R-1.6-pinned-but-not-here': {
    rule: 'R-1.6',
    title: 'stays before the sibling of a pinned document that has not come',
    docs: { pins: hexOf(pinning(2, twin).signed) },
    deliver: [...deliverBase, added('pins')],
    expect: { registry: 'pins', nations: { AAA: 'aaa-1' } },
  },
  'R-1.6-pinned-over-a-dropped-key': {
    rule: 'R-1.6',
    title: 'follows a pin to a document that drops a node key, and raises the alarm',
    docs: { drops: hexOf(drops.signed), pins: hexOf(pinning(3, drops).signed) },
    deliver: [...deliverBase, { doc: 'drops', outcome: 'waiting', code: 'nation-key-dropped' }, added('pins')],
    expect: { registry: 'pins', nations: { AAA: 'drops' }, overruled: ['AAA'] },
  },
  'R-1.6-beyond-64-versions': {
    rule: 'R-1.6',
    title: 'lets no document stand that is more than 64 versions above the pin',
    docs: longDocs,
    deliver: [...registries, ...deliverLong],
    expect: { registry: 'registry-2', nations: { AAA: 'aaa-64' } },
  },
  'R-1.6-pinned-over-the-nation': {
    rule: 'R-1.6',
    title: 'follows a pin to a document that the roots of the nation did not sign, and raises the alarm',
    docs: { imposed: hexOf(imposed.signed), pins: hexOf(pinning(3, imposed).signed) },
    deliver: [...deliverBase, { doc: 'imposed', outcome: 'waiting', code: 'doc-threshold' }, added('pins')],
    expect: { registry: 'pins', nations: { AAA: 'imposed' }, overruled: ['AAA'] },
  },
  'R-1.6-other-first-roots': {
    rule: 'R-1.6',
    title: 'raises the alarm where the registry names other first roots and their line replaces the one that was here',
    docs: {
      'imposed-1': hexOf(imposedFirst.signed),
      'imposed-2': hexOf(imposedSecond.signed),
      renames: hexOf(pinning(2, imposedSecond, { rootKeyIds: [newRoot.id] }).signed),
    },
    deliver: [
      ...deliverBase,
      { doc: 'imposed-1', outcome: 'waiting', code: 'nation-unbound' },
      { doc: 'imposed-2', outcome: 'waiting', code: 'nation-unbound' },
      added('renames'),
    ],
    expect: {
      registry: 'renames',
      nations: { AAA: 'imposed-2' },
      overruled: ['AAA'],
      peers: [{ key: toHex(edSigner('node AAA peer').publicKey), answer: 'member' }],
    },
  },
}
