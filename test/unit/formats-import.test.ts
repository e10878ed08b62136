import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applyRow, EMPTY_TALLY, type ImportRow, refusedRow } from '../../src/formats/import-row.ts'
import { encodeDeadLetter } from '../../src/formats/in/dead-letter.ts'
import { explainImport, type ImportOptions, planImport, readImport } from '../../src/formats/in/import.ts'
import { TLP } from '../../src/indicator/marking.ts'
import { claims, faults, importText, refusals, utf8 } from '../support/import-bytes.ts'

function planOf(text: string, options: Partial<ImportOptions> = {}) {
  return planImport({ bytes: utf8(text), complete: true }, { name: 'x', ...options })
}

describe('what a file is', () => {
  it.each([
    ['{"type":"bundle","id":"bundle--1","objects":[]}', 'stix'],
    ['\ufeff [ {"type": "indicator", "id": "indicator--00000000-0000-4000-8000-000000000001"} ]', 'stix'],
    ['a.example\nb.example\n', 'list'],
    ['192.0.2.1\t7\n192.0.2.2\t5\n', 'list'],
    ['0.0.0.0 a.example\n0.0.0.0 b.example\n', 'list'],
    ['||a.example^\n||b.example^\n', 'list'],
    ['[2001:db8::1]:443\n[2001:db8::2]:443\n', 'list'],
    ['In March, we saw evil.example, and more\nthen nothing\n', 'list'],
    ['We saw evil.example in March.\n'.repeat(8), 'advisory'],
    ['http://a.example/,2026-01-01\nhttp://b.example/,2026-01-01\n', 'csv'],
    ['value;note\na.example;x\n', 'csv'],
    ['{"Event":{"info":"x"}}', 'misp'],
    ['{"response":[{"Event":{"info":"x"}}]}', 'misp'],
    ['[{"type":"domain","value":"a.example","to_ids":true}]', 'misp'],
    ['{"a":1}', 'unsupported'],
    ['<!DOCTYPE html><html>', 'advisory'],
    ['<?xml version="1.0"?><ioc id="x"></ioc>', 'openioc'],
    ['<?xml version="1.0"?>', 'unsupported'],
    ['%PDF-1.7', 'unsupported'],
    ['PK\u0003\u0004', 'unsupported'],
    ['', 'list'],
  ])('is told by its content: %.40j is %s', (text, format) => {
    expect(planOf(text).format).toBe(format)
  })

  it('is told by its name where the content leaves it open', () => {
    expect(planOf('a.example\nb.example\n', { name: 'hosts.csv' }).format).toBe('csv')
    expect(planOf('a.example\nb.example\n', { name: 'hosts.txt' }).format).toBe('list')
    expect(planOf('# Report\n\na.example\n', { name: 'report.md' }).format).toBe('advisory')
  })

  it('is what the operator says', () => {
    expect(planOf('a.example,x\nb.example,y\n', { format: 'list' }).format).toBe('list')
    expect(planOf('a.example\n', { format: 'csv' }).format).toBe('csv')
    expect(planOf('a.example\n', { map: 'value=1' }).format).toBe('csv')
  })
})

describe('a file of a format that is not read', () => {
  it('is one refused row that says so', async () => {
    const rows = await importText('%PDF-1.7', { name: 'advisory.pdf' })
    expect(faults(rows)).toEqual(['file import-format-unsupported'])
    expect(refusals(rows)[0]?.reason).toBe('this is a PDF; save its text and import that')
  })
})

describe('defaults of an import', () => {
  it('go for what a row does not say', async () => {
    const rows = claims(
      await importText('value,confidence,tlp,tags\na.example,10,TLP:RED,x\nb.example,,,\n', {
        defaults: { confidence: 60, marking: { tlp: TLP.GREEN, exercise: true }, labels: ['feed'], source: 'CERT' },
      }),
    )
    expect(rows.map(({ draft }) => [draft.confidence, draft.marking, draft.labels, draft.source])).toEqual([
      [10, { tlp: TLP.RED, exercise: true }, ['x', 'feed'], 'CERT'],
      [60, { tlp: TLP.GREEN, exercise: true }, ['feed'], 'CERT'],
    ])
  })

  it('mark context as well', async () => {
    const note = { type: 'note', id: 'note--00000000-0000-4000-8000-000000000001' }
    const [row] = await importText(JSON.stringify([note]), { defaults: { marking: { tlp: TLP.AMBER } } })
    expect(row).toMatchObject({ kind: 'context', marking: { tlp: TLP.AMBER } })
  })
})

describe('the account of an import', () => {
  it('adds up', async () => {
    const rows = await importText('a.example\nno value here at all\n\n# comment\n192.0.2.1\n')
    expect(rows.reduce(applyRow, EMPTY_TALLY)).toEqual({ values: 3, claims: 2, context: 0, refused: 1 })
  })

  it('leaves each refused row as one line of JSON, cut to a bearable length', () => {
    const row = refusedRow('line 1', 'import-no-value', 'the row holds no value', `a\n${'x'.repeat(2000)}`)
    const line = encodeDeadLetter(row)
    expect(line.endsWith('\n')).toBe(true)
    expect(line.indexOf('\n')).toBe(line.length - 1)
    const { place, code, reason } = row
    expect(JSON.parse(line)).toEqual({ place, code, reason, text: `a\n${'x'.repeat(510)}` })
  })

  it('lets go of its source when the caller stops early, only asks, or gives a wrong mapping', async () => {
    let closed = 0
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield utf8('a.example\n'.repeat(8000))
      } finally {
        closed++
      }
    }
    for await (const row of readImport(source(), { name: 'endless.txt' })) if (row.kind === 'claim') break
    expect(closed).toBe(1)
    expect(await explainImport(source(), { name: 'endless.txt' })).toEqual({ format: 'list', packageNames: false })
    expect(closed).toBe(2)
    await expect(explainImport(source(), { name: 'endless.txt', map: 'value=x' })).rejects.toThrow('no column "x"')
    expect(closed).toBe(3)
  })
})

describe('the bundled sample', () => {
  const folder = join(import.meta.dirname, '../../src/cli/sample')

  async function sampleRows(name: string): Promise<readonly ImportRow[]> {
    expect(existsSync(join(folder, name))).toBe(true)
    const rows: ImportRow[] = []
    for await (const row of readImport(createReadStream(join(folder, name)), { name })) rows.push(row)
    return rows
  }

  it.each([
    ['advisory.stix.json', { values: 99, claims: 42, context: 57, refused: 0 }],
    ['sightings.csv', { values: 20, claims: 19, context: 0, refused: 1 }],
    ['watchlist.txt', { values: 19, claims: 19, context: 0, refused: 0 }],
  ])('%s goes in as it should', async (name, tally) => {
    expect((await sampleRows(name)).reduce(applyRow, EMPTY_TALLY)).toEqual(tally)
  })

  it('names nobody: documentation addresses, .example and .test only', async () => {
    const reserved =
      /(?:^|[./@])[a-z0-9-]+\.(?:example|test)(?:$|[/:?])|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|2001:db8:/
    const names = ['advisory.stix.json', 'sightings.csv', 'watchlist.txt']
    for (const row of (await Promise.all(names.map(sampleRows))).flat()) {
      if (row.kind !== 'claim' || !/^(?:ipv[46]|cidr|domain|url|email)$/.test(row.draft.type)) continue
      expect(row.draft.value).toMatch(reserved)
    }
  })
})
