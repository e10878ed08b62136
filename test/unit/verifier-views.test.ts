import { describe, expect, it } from 'vitest'
import type { Finding } from '../../src/audit/finding.ts'
import type { AuditResult } from '../../src/audit/result.ts'
import type { NationId } from '../../src/base/ids.ts'
import { buildFindingRows } from '../../src/verifier/finding-view.ts'
import { buildLogViews, stateOf } from '../../src/verifier/log-view.ts'
import { buildNationViews, timeSpanOf } from '../../src/verifier/nation-view.ts'
import { buildProofView } from '../../src/verifier/proof-view.ts'
import { buildVerdictView } from '../../src/verifier/verdict-view.ts'
import { auditWorld, closed, hexOf, plain, soundExport, successor } from '../support/audit-world.ts'

const log = hexOf(plain)
const finding = (fields: Partial<Finding>): Finding => ({
  code: 'audit-entry-missing',
  verdict: 'missing',
  sentence: 'Entry 4 of log 0123 of BBB: missing between those around.',
  log,
  seq: 4,
  ...fields,
})
const sound = auditWorld(soundExport)

describe('the verdict', () => {
  it('is a plain sentence with what it rests on', async () => {
    const view = buildVerdictView(await sound)
    expect([view.verdict, view.headline]).toEqual(['proved', 'Everything in this file is proved.'])
    expect(view.counts).toEqual({ false: 0, missing: 0, note: 0 })
    const said = view.statements.map(({ tone, sentence }) => `${tone}: ${sentence}`).join('\n')
    expect(said).toMatch(
      /^good: The registry of "Test Alliance", version 3, goes on from the one that you were told of\.$/m,
    )
    expect(said).toMatch(/^plain: Its words are: (?:[a-z]+ ){15}[a-z]+\.$/m)
    expect(said).toContain('27 entries in 3 logs of 2 nations')
    expect(said).toContain('A quorum of the alliance has signed to hold 26 of 27 entries.')
    expect(said).toContain('Post-quantum signatures of their authors cover 9 of 27 entries.')
  })

  it('does not say that it is the alliance of who was told nothing', async () => {
    const view = buildVerdictView(await auditWorld(soundExport, { trust: undefined }))
    expect(view.statements[0]).toMatchObject({ tone: 'warn' })
  })

  it('says what a file was asked to hold, and of a file of nothing that it names no alliance', async () => {
    const result: AuditResult = await sound
    const header = { ...result.header!, sinceMs: 1, withBodies: false }
    const limited = buildVerdictView({ ...result, header }).statements.map(({ sentence }) => sentence)
    expect(limited).toContain('It was asked to hold only entries from 1970-01-01 00:00:00 UTC on and no bodies.')
    expect(buildVerdictView({ ...result, alliance: undefined }).statements[0]!.tone).toBe('warn')
  })
})

describe('the findings', () => {
  it('stand in the order of their weight, each with its place', () => {
    const rows = buildFindingRows([
      finding({ verdict: 'note', seq: 1 }),
      finding({ verdict: 'missing', seq: 2, count: 3, nation: 'BBB' as NationId }),
      finding({ verdict: 'false', size: 9, version: 2 }),
    ])
    expect(rows.map(({ verdict }) => verdict)).toEqual(['false', 'missing', 'note'])
    expect(rows[0]!.where).toBe(`document 2 · log ${log.slice(0, 16)}… · entry 4 · tree of 9`)
    expect(rows[1]!.where).toBe(`BBB · log ${log.slice(0, 16)}… · entries 2 to 4`)
    expect(rows[2]!.place).toEqual({ log, seq: 1 })
  })

  it('lead to the last entry of a tree where they name no entry', () => {
    const { seq: _, ...tree } = finding({ size: 9 })
    expect(buildFindingRows([tree])[0]!.place).toEqual({ log, seq: 8 })
  })
})

describe('the state of an entry', () => {
  it('is the worst that was found of it, without naming it again', () => {
    const findings = [
      finding({ verdict: 'note', sentence: 'Entry 4 of log x of BBB: noted.' }),
      finding({ verdict: 'false', sentence: 'Entry 4 of log x of BBB: the signature is wrong.', seq: 3, count: 2 }),
    ]
    expect(stateOf(findings, 4)).toEqual({ tone: 'bad', text: 'The signature is wrong.' })
    expect(stateOf(findings, 3).tone).toBe('bad')
    expect(stateOf(findings, 5)).toEqual({ tone: 'good', text: 'Signed, in order' })
    expect(stateOf([finding({})], 4)).toEqual({ tone: 'warn', text: 'Missing between those around.' })
  })
})

describe('the logs', () => {
  it('say who signed to hold how much of them', async () => {
    const views = buildLogViews(await sound)
    expect(views.map(({ run }) => run)).toEqual([0, 1, 2])
    expect(views[2]!.receipts.map(({ nation, size, share }) => [nation, size, share])).toEqual([
      ['AAA', 9, 0.9],
      ['CCC', 9, 0.9],
      ['DDD', 9, 0.9],
    ])
    const facts = new Map(views[0]!.facts)
    expect(facts.get('Log')).toBe(hexOf(closed))
    expect(facts.get('Closed')).toBe(`yes, for log ${hexOf(successor)}`)
    expect(facts.get('Bodies')).toBe('11 here, 1 not, of which 1 were erased')
    expect(facts.get('Held by a quorum')).toMatch(/^12 entries, since 20/)
  })
})

describe('the nations', () => {
  it('are told with their documents, logs, erasures and receipts in the order of time', async () => {
    const bars = { fromMs: 0, barMs: 60_000, counts: [1] }
    const views = buildNationViews(await sound, () => bars)
    expect(views.map(({ nation }) => nation)).toEqual(['AAA', 'BBB', 'CCC', 'DDD'])
    const [aaa, bbb] = views
    const kinds = aaa!.events.map(({ kind }) => kind)
    expect(kinds.filter(kind => kind === 'log')).toHaveLength(3)
    expect(kinds).toEqual(expect.arrayContaining(['document', 'registry', 'erasure', 'receipt']))
    expect(bbb!.events.map(({ kind }) => kind)).toContain('post-quantum')
    expect(aaa!.bars!.counts).toEqual([2])
    const times = aaa!.events.map(({ timeMs }) => timeMs!)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(timeSpanOf(views).fromMs).toBe(0)
    expect(timeSpanOf([])).toEqual({ fromMs: 0, untilMs: 1 })
  })

  it('hear of a registry version only what names them', async () => {
    const [aaa] = buildNationViews(await sound, () => undefined)
    const details = aaa!.events.filter(({ kind }) => kind === 'registry').flatMap(event => event.details)
    expect(details.length).toBeGreaterThan(0)
    for (const detail of details) expect(detail).toContain('AAA')
  })
})

describe('a proof', () => {
  it('that holds nothing is said to be so', () => {
    const view = buildProofView({
      verdict: 'false',
      findings: [finding({ verdict: 'false' })],
      alliance: undefined,
      entry: undefined,
    })
    expect(view.verdict.headline).toBe('This proof is false.')
    expect(view.facts).toEqual([])
  })
})
