import { describe, expect, test } from 'vitest'
import { buildAuditReport } from '../../src/audit/report.ts'
import { writeAuditMarkdown } from '../../src/audit/report-markdown.ts'
import type { AuditResult, LogFacts } from '../../src/audit/result.ts'
import { toHex } from '../../src/base/bytes.ts'
import { type LogIdHex, parseAllianceId, parseLogId, parseNationId } from '../../src/base/ids.ts'
import type { DocHashHex } from '../../src/registry/doc-fields.ts'
import type { StoryStep } from '../../src/registry/story.ts'
import { bytesOf } from '../support/chain-fixture.ts'

const T0 = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000
const [AAA, BBB, CCC] = ['AAA', 'BBB', 'CCC'].map(parseNationId) as [never, never, never]
const LOG = 'ab'.repeat(32) as LogIdHex
const OLD = 'cd'.repeat(32) as LogIdHex

/** What others may write into names and notes. */
const HOSTILE = 'Autumn | **bold** <script>alert(1)</script> [x](http://evil.example) \u202Eback\n# heading `code`'

function step(fields: Partial<StoryStep>): StoryStep {
  return {
    document: 'registry',
    nation: '',
    version: 1,
    hash: '11'.repeat(32) as DocHashHex,
    issuedMs: T0,
    expiresMs: T0 + 365 * DAY_MS,
    standing: 'current',
    signers: [{ nation: 'AAA', key: 'primary', keyId: '22'.repeat(32) }],
    changes: ['founds the alliance'],
    concerns: [],
    ...fields,
  }
}

const log: LogFacts = {
  log: LOG,
  nation: AAA,
  signPk: '33'.repeat(32),
  incarnation: 2,
  predecessor: { logId: parseLogId(new Uint8Array(32).fill(0xcd)), size: 4, root: bytesOf('root') },
  successor: undefined,
  closed: false,
  aside: false,
  from: 0,
  size: 12,
  root: toHex(bytesOf('tree')),
  entries: {
    total: 12,
    byKind: { genesis: 1, batch: 9, 'key-grant': 1, tombstone: 1, close: 0, complaint: 0, other: 0 },
    firstMs: T0,
    lastMs: T0 + DAY_MS,
    void: 0,
    bodies: 10,
    bodiesMissing: 2,
    bodiesErased: 1,
  },
  erasures: [
    {
      seq: 11,
      timeMs: T0 + DAY_MS,
      target: { log: LOG, seq: 5 },
      reason: 3,
      purged: [{ nation: BBB, timeMs: T0 + 2 * DAY_MS }],
    },
  ],
  standing: {
    limit: 9,
    reason: 'conflict',
    alarms: [],
    conflicts: [9],
    checkpointSize: 10,
    quorate: { size: 8, root: toHex(bytesOf('quorate')), timeMs: T0 + DAY_MS },
    postQuantum: { size: 6, timeMs: T0 + DAY_MS },
  },
  receipts: [
    { nation: BBB, witnessPk: '44'.repeat(32), size: 8, timeMs: T0 + DAY_MS },
    { nation: CCC, witnessPk: '55'.repeat(32), size: 10, timeMs: T0 + DAY_MS },
  ],
}

const closed: LogFacts = {
  ...log,
  log: OLD,
  incarnation: 1,
  predecessor: undefined,
  successor: LOG,
  closed: true,
  size: 5,
  erasures: [],
  receipts: [],
  standing: {
    ...log.standing!,
    limit: undefined,
    reason: 'open',
    conflicts: [],
    quorate: undefined,
    postQuantum: undefined,
  },
}

const RESULT: AuditResult = {
  verdict: 'false',
  findings: [
    {
      code: 'audit-fork',
      verdict: 'false',
      nation: AAA,
      log: LOG,
      seq: 9,
      sentence: 'AAA signed two different things from entry 9 on of log abababababababab.',
    },
    {
      code: 'audit-entry-missing',
      verdict: 'missing',
      nation: AAA,
      log: LOG,
      seq: 3,
      count: 2,
      sentence: 'Entries 3 to 4 of log abababababababab of AAA are missing.',
    },
  ],
  findingsLeftOut: 0,
  header: {
    allianceId: parseAllianceId(bytesOf('alliance')),
    madeMs: T0 + 3 * DAY_MS,
    exporter: BBB,
    logs: [],
    sinceMs: 0,
    sinceSeq: 0,
    withBodies: true,
  },
  alliance: {
    allianceIdHex: '66'.repeat(32),
    name: HOSTILE,
    registry: {
      allianceId: parseAllianceId(bytesOf('alliance')),
      version: 2,
      hash: '77'.repeat(32) as DocHashHex,
    } as never,
    fingerprint: 'ovxu-pl46-ioq2-jjb7-c6ne-2xqa',
    expiresMs: T0 + 365 * DAY_MS,
    trusted: true,
  },
  story: [
    step({}),
    step({ version: 2, changes: [`renames AAA to "${HOSTILE}"`, 'revokes the log abababab… of AAA from entry 9 on'] }),
    step({
      document: 'nation',
      nation: 'AAA',
      signers: [{ nation: 'AAA', key: 'root', keyId: '88'.repeat(32) }],
      changes: ['begins with one node'],
    }),
  ],
  nations: [
    { nation: AAA, label: HOSTILE, status: 'active', documentVersion: 1, logs: [OLD, LOG] },
    { nation: CCC, label: '', status: 'expelled', documentVersion: 0, logs: [] },
  ],
  logs: [closed, log],
  alerts: [{ timeMs: T0, code: 'fork', message: HOSTILE, nation: AAA, place: undefined }],
  counts: { documents: 3, entries: 17, signatures: 17, bodies: 14, checkpoints: 2, cosignatures: 2, proofs: 1 },
}

describe('the report of an audit', () => {
  test('is Markdown that says the verdicts first and then the grounds', async () => {
    await expect(writeAuditMarkdown(buildAuditReport(RESULT))).toMatchFileSnapshot('../vectors/audit-report/report.md')
  })

  test('is JSON of a stable form', async () => {
    const json = JSON.stringify(buildAuditReport(RESULT), null, 2)
    await expect(`${json}\n`).toMatchFileSnapshot('../vectors/audit-report/report.json')
  })

  test('lets nothing that others wrote become markup, HTML, a link, a line of its own or a control character', () => {
    const markdown = writeAuditMarkdown(buildAuditReport(RESULT))
    for (const forbidden of ['<script>', '**bold**', '\u202E', '\n# heading', ' `code`', 'http://evil']) {
      expect(markdown).not.toContain(forbidden)
    }
    expect(markdown).not.toMatch(/(?<!\\)\]\(/)
    const rows = markdown.split('\n').filter(line => line.startsWith('|'))
    const cells = rows.map(row => row.split(/(?<!\\)\|/).length)
    // Every table has the columns of its head: none has one more that a name brought in.
    expect(new Set(cells)).toEqual(new Set([5, 6, 7]))
  })

  test('answers the six questions of an auditor, and says so where something is missing', () => {
    const answers = (result: Partial<AuditResult>) =>
      Object.fromEntries(buildAuditReport({ ...RESULT, ...result }).answers.map(each => [each.question, each.answer]))
    expect(answers({})).toMatchObject({ trust: 'yes', signed: 'undecided', 'one-story': 'no' })
    expect(answers({ findings: [] })).toMatchObject({ trust: 'yes', signed: 'yes', 'one-story': 'yes' })
    const alliance = { ...RESULT.alliance!, trusted: false }
    const unconfirmed = { code: 'trust-unconfirmed', verdict: 'missing', sentence: 'Nothing was given.' } as const
    expect(answers({ alliance, findings: [unconfirmed] })).toMatchObject({ trust: 'undecided', signed: 'yes' })
    const mismatch = { code: 'registry-fingerprint-mismatch', verdict: 'false', sentence: 'Another one.' } as const
    expect(answers({ alliance, findings: [mismatch] })).toMatchObject({ trust: 'no' })
    const forged = { code: 'entry-signature-invalid', verdict: 'false', sentence: 'Entry 3 is not signed.' } as const
    expect(answers({ findings: [forged] })).toMatchObject({ signed: 'no', 'one-story': 'yes' })
  })

  test('can be made of a file that held nothing', () => {
    const report = buildAuditReport({
      ...RESULT,
      verdict: 'missing',
      header: undefined,
      alliance: undefined,
      story: [],
      nations: [],
      logs: [],
      alerts: [],
      findings: [],
    })
    expect(report.answers.find(({ question }) => question === 'trust')?.answer).toBe('undecided')
    expect(writeAuditMarkdown(report)).toContain('# Audit of an alliance')
  })
})
