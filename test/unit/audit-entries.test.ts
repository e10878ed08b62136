import { describe, expect, test } from 'vitest'
import { concat, EMPTY } from '../../src/base/bytes.ts'
import { buildCloseBody, buildEntry, buildTombstoneBody, type EntryDraft } from '../../src/chain/next-entry.ts'
import { encode } from '../../src/wire/codec.ts'
import { encodeEnvelope, entrySignatureInput, KIND, parseEnvelope } from '../../src/wire/entry.ts'
import { EntryHeader } from '../../src/wire/gen/tocsin.ts'
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
  closed,
  grown,
  openWorldLog,
  plain,
  rangeOf,
  runOf,
  soundExport,
  successor,
  treeOf,
  type WorldExport,
  type WorldLog,
  withoutBody,
} from '../support/audit-world.ts'
import { bareDraft, batchOf, signerOf } from '../support/chain-fixture.ts'

const { plain: PLAIN, closed: CLOSED, successor: SUCCESSOR } = RUN

const changeHeader = (seq: number, fields: Partial<EntryHeader>) =>
  changeEntry(PLAIN, seq, ({ header }) => ({ headerBytes: encode(EntryHeader, { ...header, ...fields }) }))

/** BBB's log goes on, beyond its last checkpoint. */
const goOn = (...drafts: readonly EntryDraft[]): Spoil => changeRun(PLAIN, () => runOf(grown(plain, ...drafts)))

/** Another entry 4 that BBB signed, with what comes after it left as it is, or made anew. */
const other = grown({ ...plain, entries: plain.entries.slice(0, 4) }, ...batches('other', 6))

/** Of one log of the export other runs than the one there. */
const replaceRun = (index: number, log: WorldLog): Spoil => changeRun(index, () => runOf(log))
const withoutLog =
  (index: number): Spoil =>
  world => ({
    ...world,
    runs: world.runs.filter((_, i) => i !== index),
    evidence: world.evidence.filter((_, i) => !(index === CLOSED ? [0, 1] : [2]).includes(i)),
  })
const addRun =
  (log: WorldLog): Spoil =>
  world => ({ ...world, runs: [...world.runs, runOf(log)] })
const both =
  (a: Spoil, b: Spoil): Spoil =>
  world =>
    b(a(world))

/** AAA's second incarnation as it would be with another predecessor; its checkpoint is left out. */
const carriedOn =
  (fields: { size?: number; root?: ReturnType<typeof treeOf>['root'] }): Spoil =>
  world => {
    const predecessor = { ...successor.identity.predecessor!, ...fields }
    const log = grown(openWorldLog('AAA', { incarnation: 2, predecessor }), ...batches('second a', 4))
    const last = bareDraft(KIND.CLOSE, buildCloseBody(11, log.identity.logId))
    const first = grown({ ...closed, entries: closed.entries.slice(0, 11) }, last)
    return {
      ...world,
      evidence: world.evidence.filter((_, i) => i !== 2 && i !== 1),
      runs: [
        {
          ...runOf(first),
          envelopes: [...world.runs[CLOSED]!.envelopes.slice(0, 11), encodeEnvelope(first.entries[11]!)],
        },
        runOf(log),
        world.runs[PLAIN]!,
      ],
    }
  }

/** AAA's first log with another CLOSE, its last checkpoint left out. */
const closedBy =
  (body: Uint8Array): Spoil =>
  world => {
    const log = grown({ ...closed, entries: closed.entries.slice(0, 11) }, bareDraft(KIND.CLOSE, body))
    const envelopes = [...world.runs[CLOSED]!.envelopes.slice(0, 11), encodeEnvelope(log.entries[11]!)]
    const evidence = world.evidence.filter((_, i) => i !== 1)
    return { ...world, evidence, runs: world.runs.map((run, i) => (i === CLOSED ? { ...run, envelopes } : run)) }
  }

const since =
  (from: number, fields: Partial<WorldExport['header']> = { sinceMs: 1 }): Spoil =>
  world => ({
    ...world,
    header: { ...world.header, ...fields },
    runs: world.runs.map((run, i) => (i === PLAIN ? runOf(plain, from) : run)),
  })

const cases: readonly [title: string, spoil: Spoil, findings: readonly string[]][] = [
  // --- one entry ------------------------------------------------------------------------------------------------------
  ['a time in a header', changeHeader(4, { timeMs: 7 }), ['false entry-signature-invalid plain/4 BBB']],
  ['a seq in a header', changeHeader(4, { seq: 6 }), ['false entry-signature-invalid plain/4 BBB']],
  [
    'a log in a header',
    changeHeader(4, { logId: closed.identity.logId }),
    ['false entry-signature-invalid plain/4 BBB'],
  ],
  [
    'a prev in a header',
    changeHeader(4, { prev: closed.entries[2]!.leaf }),
    ['false entry-signature-invalid plain/4 BBB'],
  ],
  [
    'a kind that closes',
    changeHeader(4, { kind: KIND.CLOSE }),
    ['false entry-signature-invalid plain/4 BBB', 'note content-epoch-or-salt plain/4 BBB'],
  ],
  [
    'a bit of a signature',
    changeEntry(PLAIN, 4, ({ signature }) => ({ signature: turned(signature, 40) })),
    ['false entry-signature-invalid plain/4 BBB'],
  ],
  [
    'a bit of a body',
    changeEntry(PLAIN, 4, ({ body }) => ({ body: turned(body, 5) })),
    ['false entry-body-mismatch plain/4 BBB'],
  ],
  [
    'a body cut short',
    changeEntry(PLAIN, 4, ({ body }) => ({ body: body.subarray(1) })),
    ['false entry-body-mismatch plain/4 BBB'],
  ],
  [
    'a header that is not canonical',
    changeEntry(PLAIN, 4, ({ headerBytes }) => ({ headerBytes: concat(headerBytes, Uint8Array.of(0x60, 1)) })),
    ['false wire-undecodable plain/4 BBB'],
  ],
  [
    'a signature too short',
    changeEntry(PLAIN, 4, ({ signature }) => ({ signature: signature.subarray(1) })),
    ['false wire-field-length plain/4 BBB'],
  ],
  [
    'an envelope that is none',
    changeEnvelope(PLAIN, 4, () => Uint8Array.of(1, 2, 3)),
    ['false wire-undecodable plain/4 BBB'],
  ],
  [
    'the last entry',
    changeEntry(PLAIN, 9, ({ signature }) => ({ signature: turned(signature, 40) })),
    ['false entry-signature-invalid plain/9 BBB'],
  ],
  [
    'two neighbours',
    both(changeHeader(4, { timeMs: 7 }), changeHeader(5, { timeMs: 7 })),
    ['false entry-signature-invalid plain/4+2 BBB'],
  ],
  [
    'an entry that another key signed',
    changeEntry(PLAIN, 4, ({ headerBytes }) => ({
      signature: signerOf('other').sign(entrySignatureInput(allianceId, headerBytes)),
    })),
    ['false entry-signature-invalid plain/4 BBB'],
  ],
  [
    'an entry of another log',
    changeEnvelope(SUCCESSOR, 3, () => encodeEnvelope(closed.entries[2]!)),
    ['false entry-wrong-log successor/3 AAA', 'missing audit-entry-missing successor/3 AAA'],
  ],
  // --- order ----------------------------------------------------------------------------------------------------------
  ['a missing entry', changeEnvelopes(PLAIN, all => all.toSpliced(4, 1)), ['missing audit-entry-missing plain/4 BBB']],
  [
    'three missing entries',
    changeEnvelopes(PLAIN, all => all.toSpliced(4, 3)),
    ['missing audit-entry-missing plain/4+3 BBB'],
  ],
  ['a missing GENESIS', changeEnvelopes(PLAIN, all => all.slice(1)), ['missing audit-entry-missing plain/0 BBB']],
  [
    'a doubled entry',
    changeEnvelopes(PLAIN, all => all.toSpliced(4, 0, all[4]!)),
    ['false audit-entry-doubled plain/4 BBB'],
  ],
  [
    'an entry that comes again later',
    changeEnvelopes(PLAIN, all => [...all, all[4]!]),
    ['false audit-entry-doubled plain/4 BBB'],
  ],
  [
    'swapped entries',
    changeEnvelopes(PLAIN, all => all.toSpliced(4, 2, all[5]!, all[4]!)),
    ['false audit-entry-misplaced plain/4 BBB'],
  ],
  [
    'a block moved back',
    changeEnvelopes(PLAIN, all => [...all.slice(0, 4), ...all.slice(6, 8), ...all.slice(4, 6), ...all.slice(8)]),
    ['false audit-entry-misplaced plain/4+2 BBB'],
  ],
  [
    'entries beyond the announced end',
    changeRun(PLAIN, run => ({ ...run, part: { ...run.part, size: 9 } })),
    ['false audit-entry-misplaced plain/9 BBB'],
  ],
  [
    'a log that ends before it is announced to',
    changeEnvelopes(PLAIN, all => all.slice(0, 7)),
    ['missing audit-entry-missing plain/7+3 BBB'],
  ],
  [
    'a truncated log with an old checkpoint',
    changeRun(PLAIN, run => ({ part: { ...run.part, size: 7 }, envelopes: run.envelopes.slice(0, 7) })),
    ['missing audit-entry-missing plain/7+2@9 BBB'],
  ],
  [
    'a log without its entries',
    world => ({ ...world, runs: world.runs.slice(0, 2) }),
    ['missing audit-entry-missing plain/0+9@9 BBB'],
  ],
  [
    'an entry in its place that its author signed too',
    changeEnvelope(PLAIN, 4, () => encodeEnvelope(other.entries[4]!)),
    ['false audit-checkpoint-differs plain/8@9 BBB', 'false audit-prev-broken plain/5 BBB'],
  ],
  [
    'two entries of one seq',
    changeEnvelopes(PLAIN, all => all.toSpliced(5, 0, encodeEnvelope(other.entries[4]!))),
    ['false audit-fork plain/4 BBB'],
  ],
  ['a history that its author wrote anew', replaceRun(PLAIN, other), ['false audit-checkpoint-differs plain/8@9 BBB']],
  [
    'something behind the CLOSE',
    changeRun(CLOSED, run => {
      const log = grown(closed, batchOf('late'))
      return { part: { ...run.part, size: 13 }, envelopes: [...run.envelopes, encodeEnvelope(log.entries[12]!)] }
    }),
    ['false entry-after-close closed/12 AAA'],
  ],
  [
    'another GENESIS header',
    changeEnvelope(PLAIN, 0, bytes => {
      const { header, body } = parseEnvelope(bytes)
      return encodeEnvelope(
        buildEntry(
          allianceId,
          { logId: plain.identity.logId, seq: 0, prev: plain.entries[0]!.prev },
          { ...bareDraft(KIND.GENESIS, body), timeMs: header.timeMs + 1 },
          plain.signer.sign,
        ),
      )
    }),
    [
      'false audit-checkpoint-differs plain/3@4 BBB',
      'false audit-checkpoint-differs plain/8@9 BBB',
      'false audit-genesis-differs plain/0 BBB',
      'false audit-prev-broken plain/1 BBB',
    ],
  ],
  [
    'an announced GENESIS that is spoiled',
    changeRun(PLAIN, run => ({
      ...run,
      part: { ...run.part, genesis: turned(run.part.genesis, run.part.genesis.length - 1) },
    })),
    ['false entry-body-mismatch plain/0', 'missing audit-entry-missing plain/0+9@9 BBB'],
  ],
  // --- content --------------------------------------------------------------------------------------------------------
  [
    'a content that is void',
    goOn(bareDraft(KIND.TOMBSTONE, buildTombstoneBody(plain.identity.logId, 1, 9))),
    ['note content-body-malformed plain/10 BBB'],
  ],
  [
    'a registry version that falls',
    goOn({ ...batchOf('x'), registryVersion: 2 }),
    ['note content-registry-falls plain/10 BBB'],
  ],
  [
    'a registry version that is not there',
    goOn({ ...batchOf('x'), registryVersion: 4 }),
    ['missing audit-registry-ahead plain/10 BBB v4'],
  ],
  ['an unknown kind', goOn(bareDraft(9, EMPTY)), ['note audit-later-version plain/10 BBB']],
  [
    'a TOMBSTONE for another nation',
    goOn(bareDraft(KIND.TOMBSTONE, buildTombstoneBody(closed.identity.logId, 2, 1))),
    ['note audit-tombstone-void plain/10 BBB'],
  ],
  [
    'a TOMBSTONE for what is no BATCH',
    goOn(bareDraft(KIND.TOMBSTONE, buildTombstoneBody(plain.identity.logId, 0, 1))),
    ['note audit-tombstone-void plain/10 BBB'],
  ],
  [
    'a body that is gone',
    changeEnvelope(PLAIN, 4, bytes => withoutBody(parseEnvelope(bytes))),
    ['missing audit-body-missing plain/4 BBB'],
  ],
  [
    'a body that another log erases without the right',
    both(
      goOn(bareDraft(KIND.TOMBSTONE, buildTombstoneBody(closed.identity.logId, 2, 1))),
      changeEnvelope(CLOSED, 2, bytes => withoutBody(parseEnvelope(bytes))),
    ),
    ['missing audit-body-missing closed/2 AAA', 'note audit-tombstone-void plain/10 BBB'],
  ],
  // --- rotation -------------------------------------------------------------------------------------------------------
  [
    'a predecessor with another root',
    carriedOn({ root: treeOf(closed, 10).root }),
    ['false audit-predecessor-differs other/0@11 AAA'],
  ],
  ['a predecessor that goes further', carriedOn({ size: 14 }), ['missing audit-predecessor-missing other/0@14 AAA']],
  ['a predecessor that is not there', withoutLog(CLOSED), ['missing audit-predecessor-missing successor/0@11 AAA']],
  ['a successor that is not there', withoutLog(SUCCESSOR), ['missing audit-successor-missing closed/11 AAA']],
  [
    'a successor that carries on nothing',
    closedBy(buildCloseBody(11, plain.identity.logId)),
    ['false audit-successor-differs closed/11 AAA'],
  ],
  [
    'two logs of one key and incarnation',
    addRun(openWorldLog('BBB', { nonce: new Uint8Array(16) })),
    ['false audit-position-doubled other/0 BBB'],
  ],
  ['one log twice', addRun(plain), ['false audit-log-doubled plain/0 BBB']],
  [
    'a log of a key in no document',
    addRun(openWorldLog('BBB', {}, signerOf('stranger'))),
    ['missing genesis-key-unknown other/0', 'note audit-log-unauthorised other/0 BBB'],
  ],
  [
    'a log that carries on that of another nation',
    addRun(openWorldLog('DDD', { predecessor: { logId: plain.identity.logId, ...treeOf(plain, 9) } })),
    ['false audit-predecessor-differs other/0@9 DDD'],
  ],
  // --- what was not asked for -----------------------------------------------------------------------------------------
  ['only later entries', since(6), ['note audit-part-left-out plain/0+6 BBB']],
  ['only entries behind the last checkpoint', since(9, { sinceMs: 1 }), ['note audit-part-left-out plain/0+9 BBB']],
  ['a beginning that is left out unasked', since(6, {}), ['missing audit-entry-missing plain/0+6 BBB']],
  [
    'a beginning with another root',
    changeRun(PLAIN, () => runOf(plain, 6, { before: rangeOf(other, 6) })),
    ['false audit-start-unproven plain/6+4 BBB', 'missing audit-entry-missing plain/0+6 BBB'],
  ],
  [
    'a branch that does not stand',
    world => ({ ...world, runs: [...world.runs, runOf(other, 4, { aside: true })] }),
    ['false audit-fork plain/4 BBB', 'note audit-branch-aside plain/4+6 BBB'],
  ],
]

describe('an auditor names, with the entry where it lies,', () => {
  test.each(cases)('%s', async (_title, spoil, findings) => {
    const result = await auditWorld(spoil(soundExport))
    expect(findingsOf(result).sort()).toEqual([...findings].sort())
  })
})
