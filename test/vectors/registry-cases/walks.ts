import { toHex } from '../../../src/base/bytes.ts'
import { DAY_MS } from '../../../src/registry/doc-fields.ts'
import {
  edSigner,
  entry,
  firstNation,
  foundRegistry,
  kemKeys,
  nextRegistry,
  signNation,
  signRegistry,
  T0,
} from '../../support/registry-world.ts'
import { allianceId, deliverBase, left, registry2 } from './base.ts'
import { added, hexOf, type NamedVectors } from './vector.ts'

const third = nextRegistry(registry2)
const registries = [added('registry-1'), added('registry-2')]
const foreign = foundRegistry({ name: 'Another Alliance' })
const inTheFuture = signRegistry({ ...third, issuedMs: T0 + 36_500 * DAY_MS, expiresMs: T0 + 36_600 * DAY_MS })
const oneByteADay = signRegistry({
  ...third,
  policy: {
    ...{ byzantineFPlus1: 0, epochMaxDays: 1, epochMaxMessages: 1, dailyBytesPerNation: 1 },
    ...{ dailyEntriesPerNation: 1, bodyRetentionDays: 1, suites: [], skewSeconds: 1 },
  },
})
const { expiresMs } = registry2.message
const peer = toHex(edSigner('node AAA peer').publicKey)
const logA = {
  nation: 'AAA',
  key: toHex(edSigner('node AAA sign').publicKey),
  logId: toHex(new Uint8Array(32).fill(0xa1)),
  registryVersion: 1,
}

/** A nation document that expires after 100 days, and KEM keys that last longer. */
const shortLived = signNation(
  firstNation(allianceId, 'AAA', { kems: kemKeys('AAA', 16), expiresMs: T0 + 100 * DAY_MS }),
)
const longLived = signNation(firstNation(allianceId, 'BBB', { kems: kemKeys('BBB', 16) }))

/** Names CCC, on a branch that does not come into force. */
const admitting = signRegistry({ ...third, nations: [...third.nations, entry('CCC')] }, ['gov BBB', 'gov CCC'])
const afterLeft = signRegistry(nextRegistry(left))
const ccc1 = signNation(firstNation(allianceId, 'CCC'))
const signKeyOfC = toHex(edSigner('node CCC sign').publicKey)

export const walkVectors: NamedVectors = {
  'R-0.1-named-by-no-registry': {
    rule: 'R-0.1',
    title: 'lets nobody open a log by a document of a nation that no registry names',
    docs: { 'ccc-1': hexOf(ccc1.signed) },
    deliver: [...deliverBase, { doc: 'ccc-1', outcome: 'waiting', code: 'nation-unbound' }],
    expect: {
      registry: 'registry-2',
      mayOpenLog: [
        { nation: 'CCC', key: signKeyOfC, answer: false },
        { nation: 'BBB', key: signKeyOfC, answer: false },
      ],
      peers: [{ key: toHex(edSigner('node CCC peer').publicKey), answer: 'limbo' }],
    },
  },
  'R-0.1-named-by-a-branch-not-in-force': {
    rule: 'R-0.1',
    title: 'lets a nation open a log that only a registry not in force names, though nothing of it stands',
    docs: { admits: hexOf(admitting.signed), 'ccc-1': hexOf(ccc1.signed), 'after-left': hexOf(afterLeft.signed) },
    deliver: [...deliverBase, added('left'), added('admits'), added('after-left'), added('ccc-1')],
    expect: {
      registry: 'after-left',
      mayOpenLog: [{ nation: 'CCC', key: signKeyOfC, answer: true }],
      logs: [
        {
          nation: 'CCC',
          key: signKeyOfC,
          logId: toHex(new Uint8Array(32).fill(0xc1)),
          registryVersion: 3,
          kind: 'none',
        },
      ],
      peers: [{ key: toHex(edSigner('node CCC peer').publicKey), answer: 'limbo' }],
    },
  },
  'R-0.2-last-before-first': {
    rule: 'R-0.2',
    title: 'holds the same true when every document comes before the one it builds on, and some twice',
    docs: {},
    deliver: [
      { doc: 'bbb-1', outcome: 'waiting', code: 'nation-unbound' },
      { doc: 'aaa-2', outcome: 'waiting', code: 'doc-parent-unknown' },
      { doc: 'aaa-1', outcome: 'waiting', code: 'nation-unbound' },
      { doc: 'aaa-2', outcome: 'duplicate' },
      { doc: 'registry-2', outcome: 'waiting', code: 'doc-parent-unknown' },
      { doc: 'registry-2', outcome: 'duplicate' },
      added('registry-1'),
      { doc: 'registry-1', outcome: 'duplicate' },
      { doc: 'aaa-1', outcome: 'duplicate' },
    ],
    expect: { registry: 'registry-2', nations: { AAA: 'aaa-2', BBB: 'bbb-1' } },
  },
  'R-0.3-issued-in-the-future': {
    rule: 'R-0.3',
    title: 'puts a version in force that was issued a hundred years ahead, whatever the clock says',
    docs: { ahead: hexOf(inTheFuture.signed) },
    deliver: [...deliverBase, added('ahead')],
    expect: { registry: 'ahead', nations: { AAA: 'aaa-2' }, logs: [{ ...logA, kind: 'active' }] },
  },
  'R-0.3-quota-of-one-byte': {
    rule: 'R-0.3',
    title: 'takes nothing from what stands of a log for a quota of one byte a day',
    docs: { narrow: hexOf(oneByteADay.signed) },
    deliver: [...deliverBase, added('narrow')],
    expect: {
      registry: 'narrow',
      mayOpenLog: [{ nation: 'AAA', key: logA.key, answer: true }],
      peers: [{ key: peer, answer: 'member' }],
      logs: [{ ...logA, kind: 'active' }],
    },
  },
  'R-0.4-later-format': {
    rule: 'R-0.4',
    title: 'refuses a registry of a format that it does not know, and stays where it is',
    docs: { later: hexOf(signRegistry({ ...third, format: 2 }).signed) },
    deliver: [...registries, { doc: 'later', outcome: 'refused', code: 'doc-format' }],
    expect: { registry: 'registry-2' },
  },
  'R-0.4-later-role': {
    rule: 'R-0.4',
    title: 'keeps a role that it does not know and goes on',
    docs: { later: hexOf(signRegistry({ ...third, nations: [entry('AAA', { roles: [1, 2, 3, 200] })] }).signed) },
    deliver: [...registries, added('later')],
    expect: { registry: 'later' },
  },
  'R-1.1-another-founding': {
    rule: 'R-1.1',
    title: 'refuses the first version of another alliance',
    docs: { another: hexOf(foreign.signed) },
    deliver: [...registries, { doc: 'another', outcome: 'refused', code: 'doc-alliance' }],
    expect: { registry: 'registry-2' },
  },
  'R-1.1-nation-of-another-alliance': {
    rule: 'R-1.1',
    title: 'refuses a nation document of another alliance, of the same roots',
    docs: { another: hexOf(signNation(firstNation(foreign.allianceId, 'AAA')).signed) },
    deliver: [...registries, { doc: 'another', outcome: 'refused', code: 'doc-alliance' }],
    expect: { registry: 'registry-2', nations: { AAA: null } },
  },
  'R-1.3-fast-forward': {
    rule: 'R-1.3',
    title: 'refuses the highest version there is in the place of the next',
    docs: { last: hexOf(signRegistry({ ...third, version: Number.MAX_SAFE_INTEGER }).signed) },
    deliver: [...registries, { doc: 'last', outcome: 'refused', code: 'doc-version' }],
    expect: { registry: 'registry-2' },
  },
  'R-1.4-arrived': {
    rule: 'R-1.4',
    title: 'has arrived where a version on the way is the one that was confirmed',
    docs: {},
    deliver: registries,
    expect: {
      registry: 'registry-2',
      trust: [
        { doc: 'registry-1', answer: 'arrived' },
        { doc: 'registry-2', answer: 'arrived' },
      ],
    },
  },
  'R-1.4-another-document': {
    rule: 'R-1.4',
    title: 'refuses a walk that comes to another document of the version that was confirmed',
    docs: {},
    deliver: [...registries, added('left')],
    expect: { registry: 'left', trust: [{ doc: 'right', answer: 'registry-fingerprint-mismatch' }] },
  },
  'R-1.4-another-alliance': {
    rule: 'R-1.4',
    title: 'refuses a walk of another alliance than the one that was confirmed',
    docs: { another: hexOf(foreign.signed) },
    deliver: registries,
    expect: { registry: 'registry-2', trust: [{ doc: 'another', answer: 'registry-fingerprint-mismatch' }] },
  },
  'R-1.4-not-there-yet': {
    rule: 'R-1.4',
    title: 'has not arrived while the confirmed version has not come, nor while it has only come without those before',
    docs: {},
    deliver: [added('registry-1'), { doc: 'after-right', outcome: 'waiting', code: 'doc-parent-unknown' }],
    expect: { registry: 'registry-1', trust: [{ doc: 'after-right', answer: 'behind' }] },
  },
  'R-1.9-valid-for-no-time': {
    rule: 'R-1.9',
    title: 'refuses a document that expires when it is issued',
    docs: { stillborn: hexOf(signRegistry({ ...third, expiresMs: third.issuedMs }).signed) },
    deliver: [...registries, { doc: 'stillborn', outcome: 'refused', code: 'doc-period' }],
    expect: { registry: 'registry-2' },
  },
  'R-1.9-expired-registry': {
    rule: 'R-1.9',
    title: 'keeps its peers and what stands under a registry that expired, and lapses 30 days later',
    docs: {},
    deliver: deliverBase,
    expect: {
      registry: 'registry-2',
      expiry: [
        { atMs: expiresMs - 61 * DAY_MS, kind: 'valid' },
        { atMs: expiresMs - 60 * DAY_MS, kind: 'warn' },
        { atMs: expiresMs - 1, kind: 'warn' },
        { atMs: expiresMs, kind: 'expired' },
        { atMs: expiresMs + 30 * DAY_MS - 1, kind: 'expired' },
        { atMs: expiresMs + 30 * DAY_MS, kind: 'lapsed' },
      ],
      peers: [{ key: peer, answer: 'member' }],
      logs: [{ ...logA, kind: 'active' }],
    },
  },
  'R-1.9-expired-nation': {
    rule: 'R-1.9',
    title: 'seals to a nation until 30 days after its document expired, and keeps its peers after that',
    docs: { short: hexOf(shortLived.signed), long: hexOf(longLived.signed) },
    deliver: [...registries, added('short'), added('long')],
    expect: {
      registry: 'registry-2',
      sealedTo: [
        { atMs: T0 + 130 * DAY_MS - 1, nations: ['AAA', 'BBB'] },
        { atMs: T0 + 130 * DAY_MS, nations: ['BBB'] },
      ],
      peers: [{ key: peer, answer: 'member' }],
      logs: [{ ...logA, kind: 'active' }],
    },
  },
}
