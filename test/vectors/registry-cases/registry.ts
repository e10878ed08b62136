import { EMPTY } from '../../../src/base/bytes.ts'
import { DAY_MS } from '../../../src/registry/doc-fields.ts'
import { DOC_TYPE, type ParsedSignedDoc, signDoc } from '../../../src/registry/signed-doc.ts'
import { encode } from '../../../src/wire/codec.ts'
import { RegistryDoc } from '../../../src/wire/gen/tocsin.ts'
import {
  COUNCIL,
  entry,
  firstRegistry,
  governor,
  nextRegistry,
  pinOf,
  rootSigner,
  SMALL_ORDER_KEY,
  signRegistry,
  T0,
  withBadHalf,
} from '../../support/registry-world.ts'
import { left, registry1, registry2 } from './base.ts'
import { hexOf, type NamedVectors, type RegistryVector } from './vector.ts'

const third = nextRegistry(registry2)

/** One document that follows registry version 2 and is refused. */
function refused(rule: string, title: string, signed: ParsedSignedDoc, code: string): RegistryVector {
  return {
    rule,
    title,
    docs: { forged: hexOf(signed) },
    deliver: [
      { doc: 'registry-1', outcome: 'added' },
      { doc: 'registry-2', outcome: 'added' },
      { doc: 'forged', outcome: 'refused', code },
    ],
    expect: { registry: 'registry-2' },
  }
}

const twice = [rootSigner('root AAA').key.id, rootSigner('root AAA').key.id]
const oneSigner = signRegistry(third, ['gov AAA']).signed
const withoutAlliance = signDoc(DOC_TYPE.REGISTRY, EMPTY, encode(RegistryDoc, third), COUNCIL.map(rootSigner))
const asNation = signDoc(DOC_TYPE.NATION, third.allianceId, encode(RegistryDoc, third), COUNCIL.map(rootSigner))
const sharedHalf = {
  ...governor('DDD'),
  primary: { ...governor('DDD').primary, edPk: governor('AAA').primary.edPk },
}
const smallOrder = { ...governor('DDD'), primary: { ...governor('DDD').primary, edPk: SMALL_ORDER_KEY } }
const newCouncil = { governors: [governor('DDD'), governor('EEE'), governor('FFF')] }

export const registryVectors: NamedVectors = {
  'R-0.5-not-canonical': refused(
    'R-0.5',
    'refuses a document with a field that has its default value written out',
    signDoc(
      DOC_TYPE.REGISTRY,
      third.allianceId,
      Uint8Array.of(...encode(RegistryDoc, third), 0x38, 0x00),
      COUNCIL.map(rootSigner),
    ),
    'wire-not-canonical',
  ),
  'R-1.1-signed-for-version-1': refused(
    'R-1.1',
    'refuses signatures over 32 zero bytes in the place of the alliance id after version 1',
    withoutAlliance,
    'doc-threshold',
  ),
  'R-1.1-signed-as-nation-document': refused(
    'R-1.1',
    'refuses signatures that were made for the other type of document',
    { ...asNation, type: DOC_TYPE.REGISTRY },
    'doc-threshold',
  ),
  'R-1.1-other-alliance': refused(
    'R-1.1',
    'refuses a document of another alliance',
    signRegistry({ ...third, allianceId: new Uint8Array(32).fill(7) }).signed,
    'doc-alliance',
  ),
  'R-1.2-key-counted-twice': refused(
    'R-1.2',
    'counts a key that signed twice once',
    { ...oneSigner, sigs: [oneSigner.sigs[0]!, oneSigner.sigs[0]!] },
    'doc-threshold',
  ),
  'R-1.2-governor-counted-twice': refused(
    'R-1.2',
    'counts a governor who signed with both of its keys once',
    signRegistry(third, ['gov AAA', 'recovery AAA']).signed,
    'doc-threshold',
  ),
  'R-1.2-bad-ed25519-half': refused(
    'R-1.2',
    'does not count a signature whose Ed25519 half is wrong',
    withBadHalf(signRegistry(third).signed, 0, 'ed25519'),
    'doc-threshold',
  ),
  'R-1.2-bad-mldsa65-half': refused(
    'R-1.2',
    'does not count a signature whose ML-DSA-65 half is wrong',
    withBadHalf(signRegistry(third).signed, 1, 'mldsa65'),
    'doc-threshold',
  ),
  'R-1.2-key-under-two-ids': refused(
    'R-1.2',
    'refuses two governors who share half a key, which would have two key ids',
    signRegistry({ ...third, governors: [...third.governors, sharedHalf], threshold: 3 }).signed,
    'doc-key-repeated',
  ),
  'R-1.2-nation-governs-twice': refused(
    'R-1.2',
    'refuses two governors of one nation',
    signRegistry({ ...third, governors: [...third.governors, { ...governor('DDD'), nation: 'AAA' }], threshold: 3 })
      .signed,
    'doc-nation-repeated',
  ),
  'R-1.2-no-majority': refused(
    'R-1.2',
    'refuses a threshold of half the governors',
    signRegistry({ ...third, governors: third.governors.slice(0, 2), threshold: 1 }).signed,
    'doc-threshold-range',
  ),
  'R-1.2-threshold-out-of-reach': refused(
    'R-1.2',
    'refuses a threshold of more governors than there are',
    signRegistry({ ...third, threshold: 4 }, ['gov AAA', 'gov BBB', 'gov CCC', 'recovery AAA']).signed,
    'doc-threshold-range',
  ),
  'R-1.2-root-named-twice': refused(
    'R-1.2',
    'refuses an entry that names one root twice, for a threshold of two',
    signRegistry({ ...third, nations: [entry('AAA', { rootThreshold: 2, rootKeyIds: twice })] }).signed,
    'doc-key-repeated',
  ),
  'R-1.2-new-council-alone': refused(
    'R-1.2',
    'refuses new governors whom the governors before did not sign for',
    signRegistry({ ...third, ...newCouncil }, ['gov DDD', 'gov EEE']).signed,
    'doc-threshold',
  ),
  'R-1.2-old-council-alone': refused(
    'R-1.2',
    'refuses new governors who did not sign themselves',
    signRegistry({ ...third, ...newCouncil }).signed,
    'doc-threshold',
  ),
  'R-1.2-unknown-signature-skipped': {
    rule: 'R-1.2',
    title: 'skips the signatures that are bad or of nobody known, wherever they stand',
    docs: {
      crowded: hexOf(withBadHalf(signRegistry(third, ['gov ZZZ', 'gov CCC', ...COUNCIL]).signed, 3, 'ed25519')),
    },
    deliver: [
      { doc: 'registry-1', outcome: 'added' },
      { doc: 'registry-2', outcome: 'added' },
      { doc: 'crowded', outcome: 'added' },
    ],
    expect: { registry: 'crowded' },
  },
  'R-1.3-version-skipped': refused(
    'R-1.3',
    'refuses a version that is not exactly one higher',
    signRegistry({ ...third, version: 4 }).signed,
    'doc-version',
  ),
  'R-1.3-version-rolled-back': refused(
    'R-1.3',
    'refuses a version that is lower than the one it follows',
    signRegistry({ ...third, version: 2 }).signed,
    'doc-version',
  ),
  'R-1.3-prev-unknown': {
    rule: 'R-1.3',
    title: 'keeps a version waiting whose predecessor is not here',
    docs: { orphan: hexOf(signRegistry({ ...third, prevHash: new Uint8Array(32).fill(9) }).signed) },
    deliver: [
      { doc: 'registry-1', outcome: 'added' },
      { doc: 'orphan', outcome: 'waiting', code: 'doc-parent-unknown' },
    ],
    expect: { registry: 'registry-1' },
  },
  'R-1.3-first-with-predecessor': {
    rule: 'R-1.3',
    title: 'refuses a first version that names a predecessor',
    docs: { forged: hexOf(signRegistry({ ...firstRegistry(), prevHash: registry1.signed.hash }).signed) },
    deliver: [
      { doc: 'registry-1', outcome: 'added' },
      { doc: 'forged', outcome: 'refused', code: 'wire-field-length' },
    ],
    expect: { registry: 'registry-1' },
  },
  'R-1.3-expired-predecessor': {
    rule: 'R-1.3',
    title: 'lets a version follow one that had expired long before',
    docs: {
      late: hexOf(signRegistry({ ...third, issuedMs: T0 + 2000 * DAY_MS, expiresMs: T0 + 2300 * DAY_MS }).signed),
    },
    deliver: [
      { doc: 'registry-1', outcome: 'added' },
      { doc: 'registry-2', outcome: 'added' },
      { doc: 'late', outcome: 'added' },
    ],
    expect: { registry: 'late' },
  },
  'R-1.5-split': {
    rule: 'R-1.5',
    title: 'stays before two valid versions of one number and names who signed both',
    docs: {},
    deliver: [
      { doc: 'registry-1', outcome: 'added' },
      { doc: 'registry-2', outcome: 'added' },
      { doc: 'left', outcome: 'added' },
      { doc: 'right', outcome: 'added' },
    ],
    expect: { registry: 'registry-2', split: ['BBB'] },
  },
  'R-1.5-split-resolved': {
    rule: 'R-1.5',
    title: 'goes to the only one of two versions that has a successor',
    docs: {},
    deliver: [
      { doc: 'after-right', outcome: 'waiting', code: 'doc-parent-unknown' },
      { doc: 'registry-1', outcome: 'added' },
      { doc: 'registry-2', outcome: 'added' },
      { doc: 'right', outcome: 'added' },
      { doc: 'left', outcome: 'added' },
    ],
    expect: { registry: 'after-right' },
  },
  'R-1.5-pin': {
    rule: 'R-1.5',
    title: 'follows the pinned one of two versions though the other has a successor',
    docs: {},
    pins: [{ version: pinOf(left).version, doc: 'left', from: 'operator' }],
    deliver: [
      { doc: 'registry-1', outcome: 'added' },
      { doc: 'registry-2', outcome: 'added' },
      { doc: 'left', outcome: 'added' },
      { doc: 'right', outcome: 'added' },
      { doc: 'after-right', outcome: 'added' },
    ],
    expect: { registry: 'left', pinnedOut: 'after-right' },
  },
  'R-1.9-valid-too-long': refused(
    'R-1.9',
    'refuses a document that would be valid for more than 400 days',
    signRegistry({ ...third, expiresMs: third.issuedMs + 401 * DAY_MS }).signed,
    'doc-period',
  ),
  'R-1.11-governor-key-of-small-order': refused(
    'R-1.11',
    'refuses a governor whose Ed25519 key is of small order',
    signRegistry({ ...third, governors: [...third.governors, smallOrder], threshold: 3 }).signed,
    'key-invalid',
  ),
  'R-1.2-nation-listed-twice': refused(
    'R-1.2',
    'refuses a nation that is listed twice',
    signRegistry({ ...third, nations: [...third.nations, entry('AAA', { status: 3 })] }).signed,
    'doc-nation-repeated',
  ),
}
