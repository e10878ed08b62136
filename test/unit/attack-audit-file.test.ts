import { expect, test } from 'vitest'
import { answersOf } from '../../src/audit/report-answers.ts'
import { encodeEnvelope, parseEnvelope } from '../../src/wire/entry.ts'
import { changeEnvelopes, changeRun, findingsOf, RUN, type Spoil, turned } from '../support/audit-spoiling.ts'
import {
  auditWorld,
  batches,
  closed,
  grown,
  plain,
  rangeOf,
  runOf,
  soundExport,
  treeOf,
  type WorldExport,
  type WorldRun,
} from '../support/audit-world.ts'

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

const cuts: readonly (readonly [string, Spoil, readonly string[]])[] = [
  [
    'a log given for a branch of one that is not there',
    changeRun(PLAIN, () => runOf(plain, 0, { aside: true })),
    ['missing audit-branch-aside plain/0+10 BBB', 'missing audit-entry-missing plain/0+9@9 BBB'],
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
