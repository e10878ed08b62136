import { toHex } from '../../../src/base/bytes.ts'
import { toRootKey } from '../../../src/registry/build-registry.ts'
import { DAY_MS } from '../../../src/registry/doc-fields.ts'
import type { NationEntry } from '../../../src/wire/gen/tocsin.ts'
import {
  edSigner,
  entry,
  firstNation,
  innerNode,
  nextNation,
  nextRegistry,
  rootSigner,
  type SignedRegistry,
  signNation,
  signRegistry,
} from '../../support/registry-world.ts'
import { aaa1, aaa2, allianceId, deliverBase, lost, registry2, renewed, resetEntry } from './base.ts'
import { added, type Delivery, hexOf, type NamedVectors } from './vector.ts'

/** What the holder of the stolen roots signs: a node of its own, then more. */
const thief3 = signNation(nextNation(aaa2, { nodes: [...aaa2.message.nodes, innerNode(allianceId, 'AAA', 'thief')] }))
const thief4 = signNation(nextNation(thief3))
const thief5 = signNation(nextNation(thief4))
const thiefDocs = { 'thief-3': hexOf(thief3.signed), 'thief-4': hexOf(thief4.signed) }
const thiefKey = toHex(edSigner('thief sign').publicKey)
const byThief: readonly Delivery[] = [added('thief-3'), added('thief-4')]
const renewedWaits: Delivery = { doc: 'renewed', outcome: 'waiting', code: 'doc-threshold' }

const compromised = after(registry2, { ...resetEntry(2) })
const lost4 = after(lost, resetEntry(1), 14)

function after(prev: SignedRegistry, fields: Partial<NationEntry>, days = 1): SignedRegistry {
  const issuedMs = prev.message.issuedMs + days * DAY_MS
  const nations = [entry('AAA', fields), entry('BBB')]
  return signRegistry(nextRegistry(prev, { nations, issuedMs, expiresMs: issuedMs + 365 * DAY_MS }))
}

const withdrawn = after(lost, {}, 20)
const broughtAgain = after(withdrawn, resetEntry(1), 20)
const otherRoots = after(lost, { ...resetEntry(1), rootKeyIds: [rootSigner('third root AAA').key.id] }, 20)
const otherVersion = after(lost, { ...resetEntry(1), docMinVersion: 4 }, 20)
const pinOnThief = { pinVersion: 4, pinHash: thief4.signed.hash }

/** Of the new roots, but without a node that the document before had. */
const shorn = signNation({ ...renewed.message, nodes: [] }, ['new root AAA'])

/** A nation that comes with a reset: no version 1 of these roots is bound by it. */
function newcomer(fields: Partial<NationEntry>): SignedRegistry {
  return signRegistry(nextRegistry(registry2, { nations: [...registry2.message.nations, entry('CCC', fields)] }))
}
const ccc1 = hexOf(signNation(firstNation(allianceId, 'CCC')).signed)
const unbound: Delivery = { doc: 'ccc-1', outcome: 'waiting', code: 'nation-unbound' }

/** Roots of a second reset, which goes back further than the first. */
const thirdRoot = rootSigner('third root AAA').key
const third2 = signNation(nextNation(aaa1, { roots: [toRootKey(thirdRoot)] }), ['third root AAA'])
const third3 = signNation(nextNation(third2), ['third root AAA'])
const goesBack = after(compromised, { reset: 2, docMinVersion: 2, rootKeyIds: [thirdRoot.id] })

export const resetVectors: NamedVectors = {
  'R-1.7-lost-binds-nothing-yet': {
    rule: 'R-1.7',
    title: 'binds no first document by roots that are to replace lost ones, before 14 days have passed',
    docs: { admits: hexOf(newcomer({ reset: 1, docMinVersion: 1 }).signed), 'ccc-1': ccc1 },
    deliver: [...deliverBase, added('admits'), unbound],
    expect: { registry: 'admits', nations: { CCC: null } },
  },
  'R-1.7-later-version-binds-no-first-document': {
    rule: 'R-1.7',
    title: 'binds no first document by roots that are named for a later version',
    docs: { admits: hexOf(newcomer({ docMinVersion: 2 }).signed), 'ccc-1': ccc1 },
    deliver: [...deliverBase, added('admits'), unbound],
    expect: { registry: 'admits', nations: { CCC: null } },
  },
  'R-1.7-reset-that-goes-back-further': {
    rule: 'R-1.7',
    title: 'voids what an earlier reset began at a higher version',
    docs: {
      resets: hexOf(compromised.signed),
      'goes-back': hexOf(goesBack.signed),
      'third-2': hexOf(third2.signed),
      'third-3': hexOf(third3.signed),
    },
    deliver: [
      ...deliverBase,
      added('resets'),
      added('renewed'),
      added('goes-back'),
      added('third-2'),
      added('third-3'),
    ],
    expect: { registry: 'goes-back', nations: { AAA: 'third-3' } },
  },
  'R-1.7-pinned-before-the-reset-without-its-line': {
    rule: 'R-1.7',
    title: 'is not undone by a pin from before it on a document whose line is not here',
    docs: {
      'thief-4': thiefDocs['thief-4'],
      pins: hexOf(after(registry2, pinOnThief).signed),
      resets: hexOf(after(after(registry2, pinOnThief), resetEntry(2)).signed),
    },
    deliver: [
      ...deliverBase,
      { doc: 'thief-4', outcome: 'waiting', code: 'doc-parent-unknown' },
      added('pins'),
      renewedWaits,
      added('resets'),
    ],
    expect: { registry: 'resets', nations: { AAA: 'renewed' } },
  },
  'R-1.7-compromised-voids-for-good': {
    rule: 'R-1.7',
    title:
      'voids what the stolen roots signed from the version of the reset on, before it or after, and keeps their logs',
    docs: { ...thiefDocs, 'thief-5': hexOf(thief5.signed), resets: hexOf(compromised.signed) },
    deliver: [...deliverBase, ...byThief, added('resets'), added('renewed'), added('thief-5')],
    expect: {
      registry: 'resets',
      nations: { AAA: 'renewed' },
      mayOpenLog: [{ nation: 'AAA', key: thiefKey, answer: true }],
      logs: [
        {
          nation: 'AAA',
          key: thiefKey,
          logId: toHex(new Uint8Array(32).fill(0xa2)),
          registryVersion: 2,
          kind: 'none',
        },
      ],
      peers: [{ key: toHex(edSigner('thief peer').publicKey), answer: 'limbo' }],
    },
  },
  'R-1.7-reset-lasts': {
    rule: 'R-1.7',
    title: 'keeps void what a reset voided when the next version does not carry it',
    docs: { ...thiefDocs, resets: hexOf(compromised.signed), forgets: hexOf(after(compromised, {}).signed) },
    deliver: [...deliverBase, ...byThief, added('resets'), added('renewed'), added('forgets')],
    expect: { registry: 'forgets', nations: { AAA: 'renewed' } },
  },
  'R-1.7-pinned-by-the-reset': {
    rule: 'R-1.7',
    title: 'is not undone by a pin on a document of the stolen roots that comes with it',
    docs: { ...thiefDocs, resets: hexOf(after(registry2, { ...resetEntry(2), ...pinOnThief }).signed) },
    deliver: [...deliverBase, ...byThief, added('resets'), added('renewed')],
    expect: { registry: 'resets', nations: { AAA: 'renewed' } },
  },
  'R-1.7-pinned-after-the-reset': {
    rule: 'R-1.7',
    title: 'is not undone by a later pin on a document of the stolen roots',
    docs: {
      ...thiefDocs,
      resets: hexOf(compromised.signed),
      pins: hexOf(after(compromised, { ...resetEntry(2), ...pinOnThief }).signed),
    },
    deliver: [...deliverBase, ...byThief, added('resets'), added('renewed'), added('pins')],
    expect: { registry: 'pins', nations: { AAA: 'renewed' } },
  },
  'R-1.7-pinned-before-the-reset': {
    rule: 'R-1.7',
    title: 'is not undone by a pin from before it that the reset carries on',
    docs: {
      ...thiefDocs,
      pins: hexOf(after(registry2, pinOnThief).signed),
      resets: hexOf(after(after(registry2, pinOnThief), { ...resetEntry(2), ...pinOnThief }).signed),
    },
    deliver: [...deliverBase, ...byThief, added('pins'), added('resets'), added('renewed')],
    expect: { registry: 'resets', nations: { AAA: 'renewed' } },
  },
  'R-1.7-reset-drops-a-key': {
    rule: 'R-1.7',
    title: 'lets no document of the new roots stand that drops a node key',
    docs: { shorn: hexOf(shorn.signed), resets: hexOf(compromised.signed) },
    deliver: [...deliverBase, added('resets'), { doc: 'shorn', outcome: 'waiting', code: 'nation-key-dropped' }],
    expect: { registry: 'resets', nations: { AAA: 'aaa-2' } },
  },
  'R-1.7-reset-of-another-version': {
    rule: 'R-1.7',
    title: 'lets no document of the new roots stand below the version of the reset',
    docs: { resets: hexOf(after(registry2, { ...resetEntry(2), docMinVersion: 4 }).signed) },
    deliver: [...deliverBase, added('resets'), renewedWaits],
    expect: { registry: 'resets', nations: { AAA: 'aaa-2' } },
  },
  'R-1.7-lost-leaves-the-old-roots': {
    rule: 'R-1.7',
    title: 'lets the nation go on with its roots until their loss takes effect',
    docs: thiefDocs,
    deliver: [...deliverBase, added('lost'), renewedWaits, ...byThief],
    expect: { registry: 'lost', nations: { AAA: 'thief-4' } },
  },
  'R-1.7-lost-on-the-day': {
    rule: 'R-1.7',
    title: 'voids what the old roots signed meanwhile once the loss was carried for exactly 14 days',
    docs: { ...thiefDocs, carries: hexOf(lost4.signed) },
    deliver: [...deliverBase, added('lost'), ...byThief, renewedWaits, added('carries')],
    expect: { registry: 'carries', nations: { AAA: 'renewed' } },
  },
  'R-1.7-lost-brought-again': {
    rule: 'R-1.7',
    title: 'counts 14 days anew for a loss that was withdrawn in between',
    docs: { withdraws: hexOf(withdrawn.signed), again: hexOf(broughtAgain.signed) },
    deliver: [...deliverBase, added('lost'), renewedWaits, added('withdraws'), added('again')],
    expect: { registry: 'again', nations: { AAA: 'aaa-2' } },
  },
  'R-1.7-lost-to-other-roots': {
    rule: 'R-1.7',
    title: 'counts 14 days anew for a loss that names other roots',
    docs: { changes: hexOf(otherRoots.signed) },
    deliver: [...deliverBase, added('lost'), renewedWaits, added('changes')],
    expect: { registry: 'changes', nations: { AAA: 'aaa-2' } },
  },
  'R-1.7-lost-at-another-version': {
    rule: 'R-1.7',
    title: 'counts 14 days anew for a loss that names another version',
    docs: { changes: hexOf(otherVersion.signed) },
    deliver: [...deliverBase, added('lost'), renewedWaits, added('changes')],
    expect: { registry: 'changes', nations: { AAA: 'aaa-2' } },
  },
}
