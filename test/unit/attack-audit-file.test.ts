import { expect, test } from 'vitest'
import { compareExports } from '../../src/audit/compare.ts'
import { createDocumentList } from '../../src/audit/document-list.ts'
import { createAuditFileWriter } from '../../src/audit/file.ts'
import { checkProof } from '../../src/audit/proof-check.ts'
import { parseProofFile } from '../../src/audit/proof-file.ts'
import { answersOf } from '../../src/audit/report-answers.ts'
import type { Hash } from '../../src/base/ids.ts'
import { buildTombstoneBody } from '../../src/chain/next-entry.ts'
import { buildCheckpointConflict, encodeProof } from '../../src/chain/proof-build.ts'
import { buildPurgeReceipt } from '../../src/chain/purge-receipt.ts'
import { encodeSignedDoc } from '../../src/registry/signed-doc.ts'
import { parseTrustClaim } from '../../src/registry/trust-claim.ts'
import { encodeEnvelope, KIND, parseEnvelope } from '../../src/wire/entry.ts'
import { changeEnvelopes, changeRun, findingsOf, RUN, type Spoil, turned } from '../support/audit-spoiling.ts'
import {
  allianceId,
  auditWorld,
  batches,
  checkpointItem,
  closed,
  fileOf,
  grown,
  inChunks,
  NATIONS,
  plain,
  rangeOf,
  runOf,
  signedTree,
  soundExport,
  third,
  treeOf,
  trustStringOf,
  type WorldExport,
  type WorldRun,
  withoutBody,
  witnessOf,
} from '../support/audit-world.ts'
import { bareDraft, bytesOf, TIME_MS } from '../support/chain-fixture.ts'
import { proofOf } from '../support/entry-proof.ts'
import { entry, nextRegistry, signRegistry } from '../support/registry-world.ts'

/** Whoever makes a file wants an innocent nation to look guilty, or a part of a history to pass for the whole. */

const PLAIN = RUN.plain

async function auditOf(world: WorldExport) {
  const result = await auditWorld(world)
  const oneStory = answersOf(result).find(({ question }) => question === 'one-story')!.answer
  return { findings: findingsOf(result).sort(), verdict: result.verdict, oneStory }
}

const forged = (envelope: Uint8Array) => {
  const entry = parseEnvelope(envelope)
  return encodeEnvelope({ ...entry, signature: turned(entry.signature, 3) })
}

/** BBB's log from its entry 4 on by somebody who has another key. */
const stranger = grown({ ...plain, signer: closed.signer, entries: plain.entries.slice(0, 4) }, ...batches('forged', 6))

/** What BBB itself signed otherwise. */
const other = grown({ ...plain, entries: plain.entries.slice(0, 4) }, ...batches('other', 6))

const lyingRange = () => {
  const { size, peaks } = rangeOf(plain, 5)
  return { size, peaks: peaks.map((peak, i) => (i === 0 ? (turned(peak, 0) as typeof peak) : peak)) }
}

const accusations: readonly (readonly [string, Spoil, readonly string[]])[] = [
  [
    'a forged entry before the real one',
    changeEnvelopes(PLAIN, all => [...all.slice(0, 5), forged(all[5]!), ...all.slice(5)]),
    ['false audit-entry-misplaced plain/5 BBB', 'false entry-signature-invalid plain/5 BBB'],
  ],
  [
    'forged entries that follow each other up to a signed tree',
    changeRun(PLAIN, () => runOf(stranger)),
    ['false entry-signature-invalid plain/4+6 BBB'],
  ],
  [
    'other leaves said to come before the first entry',
    world =>
      changeRun(PLAIN, () => runOf(plain, 5, { before: lyingRange() }))({
        ...world,
        header: { ...world.header, sinceSeq: 5 },
      }),
    ['false audit-start-unproven plain/5+5 BBB', 'note audit-part-left-out plain/0+5 BBB'],
  ],
  [
    'entries of the log that are given for a branch',
    withRun({ ...runOf(plain, 5, { aside: true, size: 8 }), envelopes: plain.entries.slice(5, 8).map(encodeEnvelope) }),
    ['false audit-branch-aside plain/5+3 BBB'],
  ],
]

test.each(accusations)('%s convict nobody', async (_title, spoil, findings) => {
  expect(await auditOf(spoil(soundExport))).toEqual({ findings, verdict: 'false', oneStory: 'yes' })
})

function withRun(run: WorldRun): Spoil {
  return world => ({ ...world, runs: [...world.runs, run] })
}

test('a branch beside the log shows what its author did, whatever proof was left out', async () => {
  const { findings, verdict, oneStory } = await auditOf(withRun(runOf(other, 4, { aside: true }))(soundExport))
  expect(findings).toEqual(['false audit-fork plain/4 BBB', 'note audit-branch-aside plain/4+6 BBB'])
  expect([verdict, oneStory]).toEqual(['false', 'no'])
})

/** The governors bounded a log of which the file holds nothing. */
const bounding: Spoil = world => {
  const bounds = [{ logId: bytesOf('hidden'), size: 7, root: bytesOf('root') }]
  const nations = NATIONS.map(id => (id === 'DDD' ? entry(id, { bounds }) : entry(id)))
  const { signed } = signRegistry(nextRegistry(third, { nations }))
  return { ...world, documents: [...world.documents, encodeSignedDoc(signed)] }
}

const cuts: readonly (readonly [string, Spoil, readonly string[]])[] = [
  [
    'a log given for a branch of one that is not there',
    changeRun(PLAIN, () => runOf(plain, 0, { aside: true })),
    ['missing audit-branch-aside plain/0+10 BBB', 'missing audit-entry-missing plain/0+9@9 BBB'],
  ],
  ['a log left out that the governors bounded', bounding, ['missing audit-entry-missing other/0+7@7 DDD']],
  [
    'a log of which its name alone is there',
    world =>
      changeRun(PLAIN, run => ({ part: { ...run.part, size: 0 }, envelopes: [] }))({
        ...world,
        evidence: world.evidence.slice(0, 3),
      }),
    ['missing audit-entry-missing plain/0 BBB'],
  ],
  [
    'a beginning later than what was asked for',
    world => changeRun(PLAIN, () => runOf(plain, 5))({ ...world, header: { ...world.header, sinceSeq: 2 } }),
    ['missing audit-entry-missing plain/2+3 BBB', 'note audit-part-left-out plain/0+2 BBB'],
  ],
  [
    'a beginning beyond all entries',
    world => {
      const size = 2 ** 30
      const run = runOf(plain, 0, { from: size, size, before: { size, peaks: [treeOf(plain).root] } })
      return changeRun(PLAIN, () => ({ ...run, envelopes: [] }))({ ...world, header: { ...world.header, sinceMs: 1 } })
    },
    [`missing audit-start-unproven plain/0+${2 ** 30} BBB`, `note audit-part-left-out plain/0+${2 ** 30} BBB`],
  ],
]

test.each(cuts)('%s passes for no whole history', async (_title, spoil, findings) => {
  expect(await auditOf(spoil(soundExport))).toEqual({ findings, verdict: 'missing', oneStory: 'yes' })
})

test('bodies that the maker of a file calls too old to be kept are said to be left out', async () => {
  const bare = changeEnvelopes(PLAIN, all => [all[0]!, ...plain.entries.slice(1).map(withoutBody)])(soundExport)
  const { findings } = await auditOf({ ...bare, header: { ...bare.header, madeMs: Number.MAX_SAFE_INTEGER } })
  expect(findings).toEqual(['note audit-part-left-out plain/1 BBB'])
})

test('a witness that gives a time beyond all dates ends no audit', async () => {
  const late = checkpointItem(plain, { size: 3, cosigners: { CCC: Number.MAX_SAFE_INTEGER } })
  const { findings } = await auditOf({ ...soundExport, evidence: [...soundExport.evidence, late] })
  expect(findings).toEqual(['false audit-witness-contradicts plain@3 CCC'])
})

test('an author that signs two trees of many sizes is found out, and ends no audit', async () => {
  const signed = (size: number, name: string) => signedTree(plain, size, { size, root: bytesOf(`${name} ${size}`) })
  const proofs = Array.from({ length: 70 }, (_, i) =>
    buildCheckpointConflict(signed(20 + i, 'one'), signed(20 + i, 'other'), [], plain.entries[0]!),
  )
  const evidence = [...soundExport.evidence, ...proofs.map(proof => ({ type: 2, body: encodeProof(proof) }))]
  const { findings } = await auditOf({ ...soundExport, evidence })
  expect(new Set(findings)).toEqual(new Set(['false audit-fork plain/0 BBB', 'note audit-beyond-limit plain/9 BBB']))
})

test('a nation that destroyed an entry counts once, and for no other entry', async () => {
  const receipt = (target: number, id: string, timeSeconds: number) => {
    const { logId } = closed.identity
    const bodyHash = closed.entries[target]!.header.bodyHash as Hash
    const said = { target: { logId, seq: target }, bodyHash, tombstone: { logId, seq: 6 }, timeSeconds }
    return { type: 4, body: buildPurgeReceipt(allianceId, said, witnessOf(id)) }
  }
  const purges = [receipt(3, 'BBB', 5000), receipt(3, 'BBB', 5000), receipt(3, 'BBB', 6000), receipt(4, 'CCC', 5000)]
  const { logs } = await auditWorld({ ...soundExport, evidence: [...soundExport.evidence, ...purges] })
  expect(logs[0]!.erasures.map(({ purged }) => purged.map(({ nation }) => nation))).toEqual([['BBB']])
})

test('documents without end are not held', () => {
  const documents = createDocumentList()
  const add = () => {
    for (let i = 0; i <= 65_536; i++) documents.add(new Uint8Array(1))
  }
  expect(add).toThrow('too many documents')
  expect(documents.all.length).toBe(65_536)
})

test('a proof that lies about what comes before its entry convicts nobody', () => {
  const evidence = soundExport.evidence.slice(3)
  const { log, ...proof } = proofOf(plain, 3, [], evidence)
  const before = { ...log.before, peaks: log.before.peaks.map(peak => turned(peak, 0) as Hash) }
  const result = checkProof({ ...proof, log: { ...log, before } }, parseTrustClaim(trustStringOf(third)))
  const findings = findingsOf(result).filter(text => !text.startsWith('note'))
  expect(findings).toEqual(['missing audit-quorum-missing plain/3 BBB'])
})

test('parts of a proof without end are not held', async () => {
  const { opening, add } = createAuditFileWriter('proof')
  const documents = new Array<Uint8Array>(65_537).fill(add({ kind: 'document', signedDoc: new Uint8Array([8, 1]) }))
  const file = Buffer.concat([opening, add({ kind: 'header', ...soundExport.header }), ...documents])
  await expect(parseProofFile(file)).rejects.toThrow('too many parts')
})

test('a log that one file gives for a branch is not taken for one that only goes further', async () => {
  const aside = changeRun(PLAIN, run => ({ ...run, part: { ...run.part, aside: true } }))
  const files = [soundExport, aside(changeRun(PLAIN, () => runOf(other))(soundExport))].map(world => fileOf(world))
  const trust = parseTrustClaim(trustStringOf(third))
  const { verdict, logs } = await compareExports([inChunks(files[0]!), inChunks(files[1]!)], trust)
  expect([verdict, logs.at(-1)!.verdict]).toEqual(['undecided', 'undecided'])
})

test('a witness is found out that cosigned two trees which only the entries tell apart', async () => {
  const apart = checkpointItem(other, { size: 8, cosigners: { CCC: TIME_MS / 1000 + 240 } })
  const { findings } = await auditOf({ ...soundExport, evidence: [...soundExport.evidence, apart] })
  expect(findings).toEqual([
    'false audit-checkpoint-differs plain/7@8 BBB',
    'false audit-witness-contradicts plain@9 CCC',
  ])
})

test('a TOMBSTONE for a log that the file leaves out counts for no erasure by its author', async () => {
  const foreign = bareDraft(KIND.TOMBSTONE, buildTombstoneBody(closed.identity.logId, 2, 1))
  const world = { ...soundExport, evidence: soundExport.evidence.slice(3), runs: [runOf(grown(plain, foreign))] }
  const { findings, logs } = await auditWorld(world)
  expect(findingsOf({ findings })).toEqual(['note audit-tombstone-void plain/10 BBB'])
  expect(logs[0]!.erasures).toEqual([])
})
