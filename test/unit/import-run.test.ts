import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/base/errors.ts'
import { type ImportRow, type RefusedRow, refusedRow } from '../../src/formats/import-row.ts'
import { type ImportPorts, runImport } from '../../src/node/inlets/import-run.ts'
import { assertComplete, createImportTally } from '../../src/node/orders/import-tally.ts'
import type { PublishItem, PublishOutcome } from '../../src/node/orders/node-service.ts'

const claim = (value: string): ImportRow => ({
  kind: 'claim',
  place: value,
  draft: { type: 'domain', value },
  warnings: [],
})
const fresh = (id: string): PublishOutcome => ({ outcome: 'new', id, entry: 'a/1', warnings: [] })

async function* rowsOf(...rows: ImportRow[]) {
  yield* rows
}

function many(count: number): ImportRow[] {
  return Array.from({ length: count }, (_, i) => claim(`n${i}.example`))
}

async function run(rows: AsyncIterable<ImportRow>, publish: ImportPorts['publish']) {
  const tally = createImportTally()
  const refused: RefusedRow[] = []
  const error = await runImport(rows, { publish, refuse: async row => void refused.push(row) }, tally).catch(e => e)
  return { tally, refused, error }
}

describe('an import', () => {
  test('has at most two requests under way', async () => {
    let running = 0
    let most = 0
    const publish = async (items: readonly PublishItem[]) => {
      most = Math.max(most, ++running)
      await new Promise(resolve => setTimeout(resolve, 5))
      running--
      return items.map(() => fresh('x'))
    }
    const { tally } = await run(rowsOf(...many(5500)), publish)
    expect(most).toBe(2)
    expect(tally.counts()).toEqual({ rows: 5500, new: 5500, duplicate: 0, queued: 0, held: 0, refused: 0, context: 0 })
  })

  test('sends large rows in smaller requests', async () => {
    const json = JSON.stringify({ text: 'x'.repeat(48_000) })
    const context: ImportRow = { kind: 'context', place: 'objects[0]', stixId: 'note--1', json, warnings: [] }
    const sizes: number[] = []
    const publish = async (items: readonly PublishItem[]) => {
      sizes.push(items.length)
      return items.map(() => fresh('x'))
    }
    const { tally } = await run(rowsOf(...Array(200).fill(context)), publish)
    expect(Math.max(...sizes)).toBeLessThan(50)
    expect(tally.counts()).toMatchObject({ rows: 200, new: 200, context: 200 })
  })

  test('counts each outcome, and passes on what the node refused', async () => {
    const outcomes: PublishOutcome[] = [
      fresh('1'),
      { outcome: 'duplicate', id: '2' },
      { outcome: 'queued', id: '3', warnings: [] },
      { outcome: 'refused', code: 'release-above-ceiling', reason: 'too high' },
    ]
    const broken = refusedRow('line 9', 'indicator-invalid', 'is none', '??')
    const { tally, refused } = await run(rowsOf(...many(4), broken), async () => outcomes)
    expect(tally.counts()).toEqual({ rows: 5, new: 1, duplicate: 1, queued: 1, held: 0, refused: 2, context: 0 })
    expect(refused.map(({ place, code }) => [place, code])).toEqual([
      ['line 9', 'indicator-invalid'],
      ['n3.example', 'release-above-ceiling'],
    ])
    assertComplete(tally.counts(), 5)
  })

  test('that fails says why, and counts what was answered', async () => {
    let calls = 0
    const publish = async (items: readonly PublishItem[]) => {
      if (++calls === 3) throw new UserError('daemon-gone', 'it is gone')
      return items.map(() => fresh('x'))
    }
    const { tally, error } = await run(rowsOf(...many(10_000)), publish)
    expect(error).toMatchObject({ code: 'daemon-gone' })
    expect(calls).toBeLessThanOrEqual(4)
    expect(tally.counts().new).toBe(tally.counts().rows)
    expect(tally.counts().rows).toBe((calls - 1) * 1000)
  })

  test('whose file breaks off still sends what was read', async () => {
    async function* broken() {
      yield* many(1500)
      throw new UserError('import-gzip-invalid', 'damaged')
    }
    const { tally, error } = await run(broken(), async items => items.map(() => fresh('x')))
    expect(error).toMatchObject({ code: 'import-gzip-invalid' })
    expect(tally.counts().new).toBe(1500)
  })

  test('that lost a row is an error of ours', () => {
    const tally = createImportTally()
    expect(() => assertComplete(tally.counts(), 1)).toThrow('1 rows were read, and the outcome of 0 is known')
  })
})
