import { describe, expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.ts'
import { buildCosignature } from '../../src/chain/checkpoint.ts'
import { buildBrokenPrev, buildSameSeq, encodeProof } from '../../src/chain/proof-build.ts'
import { buildPurgeReceipt } from '../../src/chain/purge-receipt.ts'
import { signCheckpoint } from '../../src/crypto/checkpoint.ts'
import { encodeSignedDoc, type ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import { parseTrustClaim } from '../../src/registry/trust-claim.ts'
import { Checkpoint, type EvidenceItem, type LogBound } from '../../src/wire/gen/tocsin.ts'
import { decodeStrict } from '../../src/wire/strict.ts'
import { findingsOf, RUN, type Spoil, turned } from '../support/audit-spoiling.ts'
import {
  allianceId,
  auditWorld,
  batches,
  checkpointItem,
  closed,
  grown,
  messageItem,
  NATIONS,
  openWorldLog,
  plain,
  runOf,
  second,
  signedTree,
  soundExport,
  third,
  treeOf,
  trustStringOf,
  witnessOf,
} from '../support/audit-world.ts'
import { signerOf, TIME_MS } from '../support/chain-fixture.ts'
import {
  edSigner,
  entry,
  firstNation,
  foundRegistry,
  innerNode,
  nextNation,
  nextRegistry,
  type SignedRegistry,
  signNation,
  signRegistry,
  withBadHalf,
} from '../support/registry-world.ts'

const T = TIME_MS / 1000
/** Where BBB's two checkpoints stand among the evidence. */
const SMALL = 3
const LARGE = 4

const changeItem =
  (index: number, change: (item: EvidenceItem) => EvidenceItem): Spoil =>
  world => ({
    ...world,
    evidence: world.evidence.map((item, i) => (i === index ? change(item) : item)),
  })
const changeMessage = (index: number, change: (message: Checkpoint) => Partial<Checkpoint>): Spoil =>
  changeItem(index, ({ body }) => {
    const message = decodeStrict(Checkpoint, body, 1 << 20)
    return messageItem({ ...message, ...change(message) })
  })
const changeNote = (change: (text: string) => string): Spoil =>
  changeMessage(SMALL, ({ note }) => ({ note: utf8(change(fromUtf8(note))), cosignatures: [] }))
const addItems =
  (...items: readonly EvidenceItem[]): Spoil =>
  world => ({
    ...world,
    evidence: [...world.evidence, ...items],
  })
const addLine = (line: Uint8Array): Spoil =>
  changeMessage(SMALL, ({ cosignatures }) => ({ cosignatures: [...cosignatures, line] }))
const both =
  (a: Spoil, b: Spoil): Spoil =>
  world =>
    b(a(world))

const DOC = { V1: 0, V2: 1, V3: 2, AAA: 3, BBB: 4 } as const
const withoutDocuments =
  (...indexes: readonly number[]): Spoil =>
  world => ({
    ...world,
    documents: world.documents.filter((_, i) => !indexes.includes(i)),
  })
const addDocuments =
  (...signed: readonly ParsedSignedDoc[]): Spoil =>
  world => ({
    ...world,
    documents: [...world.documents, ...signed.map(encodeSignedDoc)],
  })

/** The registry after the one that is trusted, with one nation changed. */
function fourth(id: string, fields: Parameters<typeof entry>[1]): SignedRegistry {
  const nations = NATIONS.map(each => (each === id ? entry(each, fields) : entry(each)))
  return signRegistry(nextRegistry(third, { nations }))
}
const withFourth = (id: string, fields: Parameters<typeof entry>[1]) => addDocuments(fourth(id, fields).signed)

const origin = fromUtf8(signedTree(plain, 4).note).split('\n')[0]!
const bound = (size: number, root = treeOf(plain, size).root): LogBound => ({ logId: plain.identity.logId, size, root })

/** What BBB signed besides, from entry 6 on. */
const other = grown({ ...plain, entries: plain.entries.slice(0, 6) }, ...batches('other', 3))
const sameSeq: EvidenceItem = {
  type: 2,
  body: encodeProof(buildSameSeq(plain.entries[6]!, other.entries[6]!, plain.entries[0]!)),
}
const brokenPrev = encodeProof(buildBrokenPrev(plain.entries[6]!, other.entries[7]!, plain.entries[0]!))
const otherTree = (cosigners: Readonly<Record<string, number>>) => checkpointItem(other, { size: 9, cosigners })

const secondNode = edSigner('second node 2 sign')
const nationFork = [1, 2].map(i => {
  const nodes = [innerNode(allianceId, 'BBB', 'node BBB'), innerNode(allianceId, 'BBB', `second node ${i}`)]
  return signNation(nextNation(signNation(firstNation(allianceId, 'BBB')), { nodes })).signed
})
/** A line with one digit of its signature changed, still canonical. */
function otherDigit(line: Uint8Array): Uint8Array {
  const digit = line.length - 100
  return line.with(digit, line[digit] === 65 ? 66 : 65)
}
const purge = (seq: number, witness = witnessOf('CCC')): EvidenceItem => {
  const target = { logId: closed.identity.logId, seq }
  const bodyHash = closed.entries[3]!.header.bodyHash as Parameters<typeof buildPurgeReceipt>[1]['bodyHash']
  const tombstone = { logId: closed.identity.logId, seq: 6 }
  return { type: 4, body: buildPurgeReceipt(allianceId, { target, bodyHash, tombstone, timeSeconds: T }, witness) }
}

const cases: readonly [title: string, spoil: Spoil, findings: readonly string[]][] = [
  // --- checkpoints ----------------------------------------------------------------------------------------------------
  [
    'a checkpoint of another log',
    changeMessage(SMALL, () => ({ note: signedTree(closed, 5).note, cosignatures: [] })),
    ['false checkpoint-malformed plain@5 BBB'],
  ],
  [
    'a checkpoint with another size',
    changeNote(text => text.replace('\n4\n', '\n5\n')),
    ['false signature-invalid plain@5 BBB'],
  ],
  [
    'a checkpoint with another root',
    changeMessage(SMALL, ({ note }) => ({
      note: turned(note, fromUtf8(note).indexOf('\n4\n') + 5, 2),
      cosignatures: [],
    })),
    ['false signature-invalid plain@4 BBB'],
  ],
  [
    'a checkpoint with another origin',
    changeNote(text => text.replaceAll('/log/', '/lag/')),
    ['false checkpoint-malformed plain@4 BBB'],
  ],
  [
    'a checkpoint under another key',
    changeMessage(SMALL, () => ({
      note: signCheckpoint({ origin, ...treeOf(plain, 4) }, signerOf('other')),
      cosignatures: [],
    })),
    ['false signature-invalid plain@4 BBB'],
  ],
  [
    'a checkpoint with a GENESIS of another key',
    changeMessage(SMALL, () => {
      const log = openWorldLog('BBB', {}, signerOf('stranger'))
      return { ...decodeStrict(Checkpoint, checkpointItem(log).body, 1 << 20) }
    }),
    ['missing genesis-key-unknown other@1 BBB'],
  ],
  [
    'a checkpoint that is none',
    changeItem(SMALL, () => ({ type: 3, body: Uint8Array.of(1, 2, 3) })),
    ['false wire-undecodable'],
  ],
  [
    'a checkpoint of a tree that the entries do not have',
    addItems(checkpointItem(other, { size: 8 })),
    ['false audit-checkpoint-differs plain/7@8 BBB'],
  ],
  [
    'a proof with a step more',
    changeMessage(LARGE, ({ consistency }) => ({ consistency: [...consistency, consistency[0]!] })),
    ['false checkpoint-inconsistent plain@9 BBB'],
  ],
  [
    'a proof with a step less',
    changeMessage(LARGE, ({ consistency }) => ({ consistency: consistency.slice(1) })),
    ['false checkpoint-inconsistent plain@9 BBB'],
  ],
  [
    'a proof with steps swapped',
    changeMessage(LARGE, ({ consistency }) => ({ consistency: consistency.toReversed() })),
    ['false checkpoint-inconsistent plain@9 BBB'],
  ],
  [
    'a proof from another size',
    changeMessage(LARGE, () => ({ fromSize: 3 })),
    ['false checkpoint-inconsistent plain@9 BBB'],
  ],
  [
    'an ML-DSA-44 line that does not verify',
    changeMessage(LARGE, ({ cosignatures: [own, ...lines] }) => ({ cosignatures: [otherDigit(own!), ...lines] })),
    ['false cosignature-invalid plain@9 BBB'],
  ],
  ['evidence of a later kind', addItems({ type: 9, body: Uint8Array.of(1) }), ['note audit-later-version']],
  // --- witnesses ------------------------------------------------------------------------------------------------------
  [
    'a cosignature that does not verify',
    changeMessage(SMALL, () => ({
      cosignatures: [buildCosignature(allianceId, signedTree(plain, 9), witnessOf('CCC'), T)],
    })),
    ['false cosignature-invalid plain@4 BBB'],
  ],
  [
    'a cosignature by a key in no document',
    addLine(buildCosignature(allianceId, signedTree(plain, 4), signerOf('stranger'), T)),
    ['note audit-cosigner-unknown plain@4'],
  ],
  [
    'a cosignature by an expelled nation',
    withFourth('DDD', { status: 3 }),
    [
      'note audit-cosigner-removed closed@12 DDD',
      'note audit-cosigner-removed successor@5 DDD',
      'note audit-cosigner-removed plain@9 DDD',
    ],
  ],
  [
    'a cosignature by a suspended nation',
    withFourth('DDD', { status: 2 }),
    [
      'note audit-cosigner-removed closed@12 DDD',
      'note audit-cosigner-removed successor@5 DDD',
      'note audit-cosigner-removed plain@9 DDD',
    ],
  ],
  [
    'a cosignature for a smaller size after a larger one',
    addLine(buildCosignature(allianceId, signedTree(plain, 4), witnessOf('CCC'), T + 900)),
    ['false audit-witness-contradicts plain@4 CCC'],
  ],
  [
    'cosignatures for two trees of one size',
    addItems(otherTree({ CCC: T + 250 })),
    [
      'false audit-checkpoint-differs plain/8@9 BBB',
      'false audit-fork plain/0 BBB',
      'false audit-witness-contradicts plain@9 CCC',
      'note audit-beyond-limit plain/9 BBB',
    ],
  ],
  [
    'two contradictory quorums',
    addItems(otherTree({ AAA: T + 150, CCC: T + 250, DDD: T + 350 })),
    [
      'false audit-fork plain/0 BBB',
      'false audit-quorum-contradicts plain BBB',
      'false audit-witness-contradicts plain@9 AAA',
      'false audit-witness-contradicts plain@9 CCC',
      'false audit-witness-contradicts plain@9 DDD',
      'note audit-beyond-limit plain/4+6 BBB',
      'note audit-checkpoint-differs plain/8@9 BBB',
    ],
  ],
  // --- proofs ---------------------------------------------------------------------------------------------------------
  [
    'an author that signed two entries of one seq',
    addItems(sameSeq),
    ['false audit-fork plain/6 BBB', 'note audit-beyond-limit plain/9 BBB'],
  ],
  [
    'an author that broke its chain',
    addItems({ type: 2, body: brokenPrev }),
    ['false audit-fork plain/6 BBB', 'note audit-beyond-limit plain/9 BBB'],
  ],
  [
    'a proof that proves nothing',
    addItems({ type: 2, body: encodeProof(buildBrokenPrev(plain.entries[6]!, plain.entries[7]!, plain.entries[0]!)) }),
    ['false proof-proves-nothing plain'],
  ],
  ['a proof that is none', addItems({ type: 2, body: Uint8Array.of(1, 2, 3) }), ['false wire-undecodable']],
  [
    'a fork that the governors answered with a bound',
    both(addItems(sameSeq), withFourth('BBB', { bounds: [bound(6)] })),
    ['note audit-fork plain/6 BBB', 'note audit-past-bound plain/6+4 BBB'],
  ],
  // --- documents ------------------------------------------------------------------------------------------------------
  [
    'a registry version that is left out',
    withoutDocuments(DOC.V2),
    [
      'missing alliance-incomplete v3',
      'missing audit-registry-ahead closed/1 AAA v3',
      'missing audit-registry-ahead plain/1 BBB v3',
      'missing audit-registry-ahead successor/1 AAA v3',
      'missing doc-parent-unknown v3',
    ],
  ],
  [
    'the newest registry version left out',
    withoutDocuments(DOC.V3),
    [
      'missing alliance-incomplete v3',
      'missing audit-registry-ahead closed/1 AAA v3',
      'missing audit-registry-ahead plain/1 BBB v3',
      'missing audit-registry-ahead successor/1 AAA v3',
    ],
  ],
  [
    'the founding document left out',
    withoutDocuments(DOC.V1),
    [
      'missing alliance-incomplete v1',
      'missing doc-parent-unknown v2',
      'missing doc-parent-unknown v3',
      'missing nation-unbound AAA v1',
      'missing nation-unbound BBB v1',
      'missing nation-unbound CCC v1',
      'missing nation-unbound DDD v1',
    ],
  ],
  [
    'a registry version that is not signed by enough',
    world => ({
      ...world,
      documents: world.documents.with(DOC.V3, encodeSignedDoc(withBadHalf(third.signed, 0, 'mldsa65'))),
    }),
    [
      'false doc-threshold v3',
      'missing alliance-incomplete v3',
      'missing audit-registry-ahead closed/1 AAA v3',
      'missing audit-registry-ahead plain/1 BBB v3',
      'missing audit-registry-ahead successor/1 AAA v3',
    ],
  ],
  [
    'a document that is none',
    world => ({ ...world, documents: [...world.documents, Uint8Array.of(1, 2, 3)] }),
    ['false wire-undecodable'],
  ],
  [
    'a registry of another alliance',
    world => ({ ...world, header: { ...world.header, allianceId: foundRegistry().allianceId } }),
    [
      'missing alliance-incomplete v1',
      ...['v1', 'v2', 'v3', 'AAA v1', 'BBB v1', 'CCC v1', 'DDD v1'].map(place => `false doc-alliance ${place}`),
      ...['closed', 'successor', 'plain'].map(log => `false entry-wrong-log ${log}/0`),
    ],
  ],
  [
    'two registries of one version',
    addDocuments(fourth('DDD', { label: 'one' }).signed, fourth('DDD', { label: 'two' }).signed),
    ['false registry-split v4'],
  ],
  ['two documents of one nation', addDocuments(...nationFork), ['false nation-split BBB v2']],
  [
    'a document that governors saw and that is not there',
    withFourth('BBB', { pinVersion: 2, pinHash: nationFork[0]!.hash }),
    ['missing nation-doc-missing BBB v2'],
  ],
  [
    'a log under a document that does not stand',
    both(
      both(addDocuments(...nationFork), withFourth('BBB', { pinVersion: 2, pinHash: nationFork[0]!.hash })),
      world => ({ ...world, runs: [...world.runs, runOf(openWorldLog('BBB', {}, secondNode))] }),
    ),
    ['note audit-document-aside BBB v2', 'note audit-log-unauthorised other/0 BBB'],
  ],
  // --- what stands ----------------------------------------------------------------------------------------------------
  ['a key used past its bound', withFourth('BBB', { bounds: [bound(6)] }), ['note audit-past-bound plain/6+4 BBB']],
  [
    'a bound on another branch',
    withFourth('BBB', { bounds: [bound(8, treeOf(other, 8).root)] }),
    ['missing audit-bound-differs plain/7@8 BBB', 'note audit-past-bound plain/8+2 BBB'],
  ],
  [
    'a log of a suspended nation',
    withFourth('BBB', { status: 2 }),
    [
      'note audit-cosigner-removed closed@12 BBB',
      'note audit-cosigner-removed successor@5 BBB',
      'note audit-past-bound plain/9 BBB',
    ],
  ],
  [
    'entries after what nobody witnessed, asked for alone',
    world => ({
      ...world,
      header: { ...world.header, sinceMs: 1 },
      evidence: world.evidence.slice(0, 3),
      runs: world.runs.with(RUN.plain, runOf(plain, 6)),
    }),
    ['missing audit-start-unproven plain/6+4 BBB', 'note audit-part-left-out plain/0+6 BBB'],
  ],
  [
    'logs that alone were asked for',
    world => ({
      ...world,
      header: { ...world.header, logs: [plain.identity.logId] },
      evidence: world.evidence.slice(SMALL),
      runs: world.runs.slice(RUN.plain),
    }),
    ['note audit-part-left-out'],
  ],
  [
    'bodies that were not asked for',
    world => ({ ...world, header: { ...world.header, withBodies: false } }),
    ['note audit-part-left-out'],
  ],
  // --- erasure --------------------------------------------------------------------------------------------------------
  [
    'a purge that nobody in a document states',
    addItems(purge(3, signerOf('stranger'))),
    ['note audit-cosigner-unknown closed/3'],
  ],
  [
    'a purge that is not signed',
    addItems({ type: 4, body: utf8(fromUtf8(purge(3).body).replace('\n3\n', '\n4\n')) }),
    ['false signature-invalid'],
  ],
]

describe('an auditor names', () => {
  test.each(cases)('%s', async (_title, spoil, findings) => {
    const result = await auditWorld(spoil(soundExport))
    expect(findingsOf(result).sort()).toEqual([...findings].sort())
  })

  test.each([
    ['of another version', trustStringOf(second), 'proved', []],
    [
      'of a version that is not there',
      trustStringOf(fourth('DDD', { label: 'next' })),
      'missing',
      ['missing alliance-incomplete v4'],
    ],
    ['of another alliance', trustStringOf(foundRegistry()), 'false', ['false registry-fingerprint-mismatch v3']],
    [
      'of another branch',
      trustStringOf(signRegistry(nextRegistry(second, { name: 'Other' }))),
      'false',
      ['false registry-fingerprint-mismatch v3'],
    ],
    ['that nobody has', 'aaaa-bbbb-cccc-dddd-eeee-ffff', 'false', ['false registry-fingerprint-mismatch v3']],
  ] as const)('a registry that is to be one %s', async (_title, claim, verdict, findings) => {
    const result = await auditWorld(soundExport, { trust: parseTrustClaim(claim) })
    expect([result.verdict, findingsOf(result)]).toEqual([verdict, findings])
    expect(result.alliance?.trusted).toBe(verdict === 'proved')
  })

  test('that nothing was said of the registry', async () => {
    const result = await auditWorld(soundExport, { trust: undefined })
    expect([result.verdict, findingsOf(result)]).toEqual(['missing', ['missing trust-unconfirmed v3']])
  })
})
