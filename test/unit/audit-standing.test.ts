import { describe, expect, test } from 'vitest'
import { buildCosignature } from '../../src/chain/checkpoint.ts'
import { buildTombstoneBody, type EntryDraft } from '../../src/chain/next-entry.ts'
import { buildCheckpointConflict, buildSamePosition, encodeProof } from '../../src/chain/proof-build.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { encodeSignedDoc } from '../../src/registry/signed-doc.ts'
import { parseTrustClaim } from '../../src/registry/trust-claim.ts'
import { fingerprint, parseTrust } from '../../src/registry/trust-string.ts'
import { KIND, parseEnvelope } from '../../src/wire/entry.ts'
import { Checkpoint, type EvidenceItem } from '../../src/wire/gen/tocsin.ts'
import { decodeStrict } from '../../src/wire/strict.ts'
import {
  changeEntry,
  changeEnvelope,
  changeEnvelopes,
  changeRun,
  findingsOf,
  RUN,
  type Spoil,
  turned,
} from '../support/audit-spoiling.ts'
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
  signedTree,
  soundExport,
  third,
  treeOf,
  trustStringOf,
  type WorldLog,
  withoutBody,
  witnessOf,
} from '../support/audit-world.ts'
import { bareDraft, batchOf, TIME_MS } from '../support/chain-fixture.ts'
import { entry, nextRegistry, signRegistry } from '../support/registry-world.ts'

const T = TIME_MS / 1000

const all =
  (...spoils: readonly Spoil[]): Spoil =>
  world =>
    spoils.reduce((next, spoil) => spoil(next), world)
const addItems =
  (...items: readonly EvidenceItem[]): Spoil =>
  world => ({ ...world, evidence: [...world.evidence, ...items] })
const addRuns =
  (...runs: readonly ReturnType<typeof runOf>[]): Spoil =>
  world => ({ ...world, runs: [...world.runs, ...runs] })
const goOn = (...drafts: readonly EntryDraft[]): Spoil => changeRun(RUN.plain, () => runOf(grown(plain, ...drafts)))
const upTo = (size: number): Spoil =>
  changeRun(RUN.plain, run => ({ part: { ...run.part, size }, envelopes: run.envelopes.slice(0, size) }))

/** The governors bound a log of that nation. */
function boundAt(log: WorldLog, size: number): Spoil {
  const bounds = [{ logId: log.identity.logId, ...treeOf(log, size) }]
  const nations = NATIONS.map(id => (id === log.identity.nation ? entry(id, { bounds }) : entry(id)))
  const { signed } = signRegistry(nextRegistry(third, { nations }))
  return world => ({ ...world, documents: [...world.documents, encodeSignedDoc(signed)] })
}

const other = grown({ ...plain, entries: plain.entries.slice(0, 6) }, ...batches('other', 3))
const erasing = bareDraft(KIND.TOMBSTONE, buildTombstoneBody(plain.identity.logId, 4, 1))
const bodyGone = changeEnvelope(RUN.plain, 4, bytes => withoutBody(parseEnvelope(bytes)))
const [twin, triplet] = [1, 2].map(i => openWorldLog('BBB', { nonce: new Uint8Array(16).fill(i) })) as [
  WorldLog,
  WorldLog,
]
const samePosition = encodeProof(buildSamePosition(plain.entries[0]!, twin.entries[0]!))
const twoTrees = encodeProof(buildCheckpointConflict(signedTree(plain, 9), signedTree(other, 9), [], plain.entries[0]!))

const cases: readonly [title: string, spoil: Spoil, findings: readonly string[]][] = [
  [
    'compares roots behind a single missing entry, whose leaf its successor names',
    all(
      changeEnvelopes(RUN.plain, envelopes => envelopes.toSpliced(4, 1)),
      addItems(checkpointItem(other, { size: 8 })),
    ),
    ['missing audit-entry-missing plain/4 BBB', 'false audit-checkpoint-differs plain/7@8 BBB'],
  ],
  [
    'says nothing of the tree of a last entry that is spoiled',
    all(
      addItems(checkpointItem(plain, { size: 10 })),
      changeEntry(RUN.plain, 9, ({ signature }) => ({ signature: turned(signature, 40) })),
    ),
    ['false entry-signature-invalid plain/9 BBB'],
  ],
  [
    'takes a tree of a branch that is in the file for what it is',
    all(addItems(checkpointItem(other, { size: 8 })), addRuns(runOf(other, 6, { aside: true }))),
    ['false audit-fork plain/6 BBB', 'note audit-branch-aside plain/6+3 BBB'],
  ],
  ['misses nothing beyond a bound', all(upTo(6), boundAt(plain, 6)), []],
  [
    'asks for no registry of an entry beyond a bound',
    all(goOn({ ...batchOf('x'), registryVersion: 9 }), boundAt(plain, 10)),
    ['note audit-past-bound plain/10 BBB'],
  ],
  ['takes a body for erased by a TOMBSTONE that stands', all(goOn(erasing), bodyGone), []],
  [
    'takes no body for erased by a TOMBSTONE beyond a bound',
    all(goOn(erasing), boundAt(plain, 10), bodyGone),
    ['missing audit-body-missing plain/4 BBB', 'note audit-past-bound plain/10 BBB'],
  ],
  [
    'misses no body that is older than bodies are kept, and says so',
    all(bodyGone, world => ({ ...world, header: { ...world.header, madeMs: TIME_MS + 731 * DAY_MS } })),
    ['note audit-part-left-out plain/4 BBB'],
  ],
  [
    'finds an incarnation that skips one',
    addRuns(
      runOf(openWorldLog('BBB', { incarnation: 3, predecessor: { logId: plain.identity.logId, ...treeOf(plain, 9) } })),
    ),
    ['false audit-predecessor-differs other/0@9 BBB'],
  ],
  [
    'looks for no successor that a CLOSE beyond a bound names',
    all(boundAt(closed, 11), world => ({
      ...world,
      runs: world.runs.toSpliced(RUN.successor, 1),
      evidence: world.evidence.toSpliced(2, 1),
    })),
    ['note audit-past-bound closed/11 AAA'],
  ],
  [
    'takes two cosignatures of one second in either order',
    world => {
      const message = decodeStrict(Checkpoint, world.evidence[3]!.body, 1 << 20)
      const line = buildCosignature(allianceId, signedTree(plain, 4), witnessOf('CCC'), T + 250)
      return {
        ...world,
        evidence: world.evidence.with(3, messageItem({ ...message, cosignatures: [...message.cosignatures, line] })),
      }
    },
    [],
  ],
  [
    'says once that an author signed two trees, where it is proved',
    addItems({ type: 2, body: twoTrees }),
    [
      'false audit-fork plain/0 BBB',
      'false audit-checkpoint-differs plain/8@9 BBB',
      'note audit-beyond-limit plain/9 BBB',
    ],
  ],
  [
    'judges every log of a position that two logs claim',
    all(addItems({ type: 2, body: samePosition }), addRuns(runOf(triplet))),
    [
      'false audit-fork plain/0 BBB',
      'false audit-fork other/0 BBB',
      'false audit-position-doubled other/0 BBB',
      'false audit-position-doubled other/0 BBB',
      'note audit-beyond-limit other/0 BBB',
      'note audit-beyond-limit plain/9 BBB',
    ],
  ],
  [
    'finds a log that is announced under another name',
    changeRun(RUN.plain, run => ({ ...run, part: { ...run.part, logId: twin.identity.logId } })),
    ['false entry-wrong-log other/0', 'missing audit-entry-missing plain/0+9@9 BBB'],
  ],
]

describe('an auditor', () => {
  test.each(cases)('%s', async (_title, spoil, findings) => {
    const result = await auditWorld(spoil(soundExport))
    expect(findingsOf(result).sort()).toEqual([...findings].sort())
  })

  test('knows by its fingerprint a registry that is there and cannot be reached', async () => {
    const world = { ...soundExport, documents: soundExport.documents.toSpliced(1, 1) }
    const trust = parseTrustClaim(fingerprint(parseTrust(trustStringOf(third))))
    const result = await auditWorld(world, { trust })
    expect(result.verdict).toBe('missing')
    expect(findingsOf(result)).toContain('missing alliance-incomplete v3')
  })

  test('takes an ML-DSA-44 line for nothing where its tree is not that of the entries', async () => {
    const evidence = [...soundExport.evidence.slice(0, 4), checkpointItem(other, { size: 8, postQuantumSeconds: T })]
    const { logs } = await auditWorld({ ...soundExport, evidence })
    expect(logs[RUN.plain]?.standing?.postQuantum).toBeUndefined()
  })
})
