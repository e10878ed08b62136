import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CliHome, openCliHome } from '../support/cli.ts'

let home: CliHome
const work = (name: string) => join(home.work, name)
const importing = (...args: string[]) => home.run(['indicator', 'import', ...args])
const ndjson = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
const read = (name: string) => readFileSync(work(name), 'utf8')

function put(name: string, content: string | Uint8Array): string {
  writeFileSync(work(name), content)
  return name
}

async function importedReport(...args: string[]) {
  const { stdout, status, stderr } = await importing(...args, '-o', 'ndjson')
  return { status, stderr, ...ndjson(stdout)[0] }
}

beforeEach(async () => {
  home = await openCliHome()
})
afterEach(() => home[Symbol.asyncDispose]())

const LIST = '# a comment\nhxxp://evil[.]example/a\nevil.example\n\n192.0.2.1\n'
const CSV = 'ioc,type,notes\nevil.example,domain,"says ""hello"", twice"\n192.0.2.9,ip,\n'
const STIX = JSON.stringify({
  type: 'bundle',
  id: 'bundle--7e6a7b1c-0b3a-4f0e-9d44-0a3b7c0f6f01',
  objects: [
    {
      type: 'indicator',
      spec_version: '2.1',
      id: 'indicator--7e6a7b1c-0b3a-4f0e-9d44-0a3b7c0f6f02',
      created: '2026-01-01T00:00:00.000Z',
      modified: '2026-01-01T00:00:00.000Z',
      name: 'Bad',
      pattern: "[domain-name:value = 'stix.example']",
      pattern_type: 'stix',
      valid_from: '2026-01-01T00:00:00Z',
    },
    {
      type: 'malware',
      spec_version: '2.1',
      id: 'malware--7e6a7b1c-0b3a-4f0e-9d44-0a3b7c0f6f03',
      name: 'M',
      is_family: true,
    },
  ],
})

const YARA = 'rule evil {\n\tcondition: true\n}'
const MISP = JSON.stringify({
  Event: {
    uuid: '5b646415-7b48-40d5-86b4-c0070acd0835',
    info: 'HERON',
    Attribute: [
      { type: 'domain', value: 'misp.example', to_ids: true },
      { type: 'yara', value: YARA, to_ids: true },
    ],
  },
})

describe('an import', () => {
  test.each([
    ['a list', 'feed.txt', LIST, { rows: 3, new: 3, context: 0 }],
    ['a table', 'feed.csv', CSV, { rows: 2, new: 2, context: 0 }],
    ['a STIX bundle', 'feed.json', STIX, { rows: 2, new: 2, context: 1 }],
    ['a MISP event', 'event.json', MISP, { rows: 2, new: 2, context: 0 }],
    [
      'an advisory',
      'report.md',
      '- evil[.]example\n- 9e107d9d372bb6826bd81d3542a419d6\n',
      { rows: 2, new: 2, context: 0 },
    ],
    ['a packed list', 'feed.txt.gz', gzipSync(LIST), { rows: 3, new: 3, context: 0 }],
    ['a packed list under another name', 'feed', gzipSync(LIST), { rows: 3, new: 3, context: 0 }],
  ])('of %s is new once and duplicate ever after', async (_what, name, content, counts) => {
    put(name, content)
    expect(await importedReport(name)).toMatchObject({ status: 0, ...counts, duplicate: 0, refused: 0, deadLetter: '' })
    expect(await importedReport(name)).toMatchObject({ status: 0, rows: counts.rows, new: 0, duplicate: counts.rows })
    expect(existsSync(work(`${name}.refused.ndjson`))).toBe(false)
  })

  test('prints where every row went', async () => {
    put('mixed.txt', `${LIST}999.1.1.1\nnot an indicator\n`)
    const { status, stdout, stderr } = await importing('mixed.txt')
    expect(status).toBe(0)
    expect(stdout).toBe('mixed.txt: 5 rows in = 3 new + 0 duplicate + 2 refused\n')
    expect(stderr).toMatch(
      /^ {2}warning warninglist-warned \(1\): line 5: 192\.0\.2\.1 is on the warninglist "documentation-addresses"/m,
    )
    expect(stderr).toMatch(/^ {2}refused \S+ \(\d\): line 6: /m)
    expect(stderr).toMatch(/^ {2}what was refused is in mixed\.txt\.refused\.ndjson$/m)
  })

  test('keeps what was refused, by the importer and by the node, for its owner alone', async () => {
    put('mixed.txt', 'evil.example\n999.1.1.1\nrefused[.]example\n')
    expect(await importedReport('mixed.txt')).toMatchObject({
      rows: 3,
      new: 1,
      refused: 2,
      deadLetter: 'mixed.txt.refused.ndjson',
    })
    expect(ndjson(read('mixed.txt.refused.ndjson'))).toEqual([
      { place: 'line 2', code: 'indicator-invalid', reason: expect.any(String), text: '999.1.1.1' },
      {
        place: 'line 3',
        code: 'guard-denied',
        reason: 'this one is never taken',
        text: 'refused[.]example',
      },
    ])
    expect(statSync(work('mixed.txt.refused.ndjson')).mode & 0o777).toBe(0o600)
  })

  test('puts what several files refuse into one, where told to', async () => {
    put('a.txt', 'evil.example\n999.1.1.1\n')
    put('b.txt', 'two.example\n999.1.1.2\n')
    expect((await importing('a.txt', 'b.txt', '--dead-letter', 'out.ndjson')).status).toBe(0)
    expect(ndjson(read('out.ndjson')).map(row => row.place)).toEqual(['a.txt: line 2', 'b.txt: line 2'])
  })

  test('does not mix what two files of one name refuse', async () => {
    put('a.txt', 'evil.example\n999.1.1.1\n')
    await importing('a.txt', join(home.work, 'a.txt'))
    expect(ndjson(read('a.txt.refused.ndjson'))).toHaveLength(1)
    expect(ndjson(read('a.txt.2.refused.ndjson'))).toHaveLength(1)
  })

  test('gives every row what the options say, where it says nothing itself', async () => {
    put('feed.txt', 'evil.example\n')
    await importing(
      'feed.txt',
      '--tlp',
      'GREEN',
      '--label',
      'feed',
      '--source',
      'ACME',
      '--exercise',
      '--confidence',
      '30',
    )
    expect((await home.node.show('evil.example'))?.claims).toMatchObject([
      { tlp: 'TLP:GREEN', labels: ['feed'], source: 'ACME', exercise: true, confidence: 30 },
    ])
  })

  test('reads columns as it is told to', async () => {
    put('odd.csv', 'x,y\nevil.example,bad one\n')
    expect(await importedReport('odd.csv', '--map', 'value=x,description=y')).toMatchObject({ status: 0, new: 1 })
    expect((await home.node.show('evil.example'))?.claims).toMatchObject([{ description: 'bad one' }])
  })

  test('reads standard input, plain and packed', async () => {
    for (const input of [LIST, gzipSync(LIST.replaceAll('evil', 'other'))]) {
      const { status, stdout } = await home.run(['indicator', 'import', '-'], { input })
      expect(status).toBe(0)
      expect(stdout).toMatch(/^-: 3 rows in = \d new/)
    }
  })

  test('sends at most 1000 rows at once', async () => {
    put('many.txt', Array.from({ length: 2500 }, (_, i) => `n${i}.example\n`).join(''))
    expect(await importedReport('many.txt')).toMatchObject({ status: 0, rows: 2500, new: 2500 })
    // Two are under way at once, on connections of their own.
    expect(home.node.state.batches.toSorted((a, b) => b - a)).toEqual([1000, 1000, 500])
  })

  test('waits where the node is busy, and loses nothing', async () => {
    home.node.state.busy = 2
    put('feed.txt', LIST)
    expect(await importedReport('feed.txt')).toMatchObject({ status: 0, rows: 3, new: 3 })
  })

  test('talks to nobody but about errors with -q', async () => {
    put('mixed.txt', `${LIST}999.1.1.1\n`)
    expect(await importing('mixed.txt', '-q')).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('without importing', () => {
  test('--explain tells how each column is read', async () => {
    put('feed.csv', CSV)
    const { status, stdout } = await importing('feed.csv', '--explain')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^feed\.csv: a table, columns separated by ",", the first row names them$/m)
    expect(stdout).toMatch(/^1 +ioc +value +any +by its name$/m)
    expect(stdout).toMatch(/^To read it otherwise: --map value=1,type=2,description=3$/m)
    expect(home.node.state.batches).toEqual([])
  })

  test('--explain gives its plan as JSON', async () => {
    put('feed.txt', LIST)
    const { stdout } = await importing('feed.txt', '--explain', '-o', 'ndjson')
    expect(JSON.parse(stdout)).toMatchObject({ file: 'feed.txt', format: 'list' })
  })

  test('--dry-run counts, needs no daemon and makes no file', async () => {
    await using silent = await openCliHome(false)
    writeFileSync(join(silent.work, 'mixed.txt'), `${LIST}999.1.1.1\n`)
    const { status, stdout } = await silent.run(['indicator', 'import', '--dry-run', 'mixed.txt'])
    expect([status, stdout]).toEqual([0, 'mixed.txt: 4 rows in = 3 good + 1 refused\n'])
    expect(existsSync(join(silent.work, 'mixed.txt.refused.ndjson'))).toBe(false)
  })
})

describe('bad input', () => {
  const damagedStix = STIX.slice(0, -40)
  const truncated = gzipSync(Array.from({ length: 40_000 }, (_, i) => `n${i * 7919}.example\n`).join(''))
  const cases: readonly [string, string, string | Uint8Array, string][] = [
    ['an empty file', 'empty.txt', '', 'import-no-value'],
    ['a file of comments', 'comments.txt', '# nothing\n', 'import-no-value'],
    ['a file without indicators', 'prose.txt', 'just some words\nand more of them\n', 'import-no-value'],
    ['a STIX bundle that ends in the middle', 'cut.json', damagedStix, 'import-json-invalid'],
    ['JSON that is not STIX', 'other.json', '{"hello": [1, 2]}', 'import-format-unsupported'],
    ['a MISP event without attributes', 'misp.json', '{"Event": {"info": "x", "Attribute": []}}', 'import-no-value'],
    ['a ZIP archive', 'a.zip', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0), 'import-format-unsupported'],
    ['a file of NUL bytes', 'nul.txt', new Uint8Array(100_000), 'import-'],
    ['NUL bytes among good lines', 'nul-line.txt', 'evil.example\n\0\0\0\ntwo.example\n', 'import-not-text'],
    ['damaged gzip', 'cut.gz', truncated.subarray(0, truncated.length / 2), 'import-gzip-invalid'],
    ['gzip of nothing but its magic', 'magic.gz', Uint8Array.of(0x1f, 0x8b), 'import-gzip-invalid'],
    [
      'a file that unpacks to more than is allowed',
      'bomb.gz',
      gzipSync(new Uint8Array(50_000_000)),
      'import-too-large',
    ],
    ['a file that is larger than is allowed', 'large.txt', 'evil.example\n'.repeat(200_000), 'import-too-large'],
  ]
  test.each(cases)('%s: %#', async (_title, name, content, code) => {
    put(name, content)
    const { status, stderr } = await importing(name, '--max-bytes', '1M')
    expect(status).toBe(64)
    expect(stderr).toMatch(new RegExp(`^error ${code}`, 'm'))
    expect(stderr).toMatch(/^→ /m)
    expect(stderr).not.toMatch(/internal/)
  })

  test('what stood before the damage is in, and the rest of the files too', async () => {
    put('cut.gz', truncated.subarray(0, truncated.length / 2))
    put('good.txt', 'evil.example\n')
    const { status, stdout } = await importing('cut.gz', 'none.txt', 'good.txt', '-o', 'json')
    expect(status).toBe(64)
    const [cut, good] = JSON.parse(stdout)
    expect(cut.new).toBeGreaterThan(1000)
    expect(home.node.status().indicators).toBe(cut.new + 1)
    expect(good).toMatchObject({ file: 'good.txt', rows: 1, new: 1 })
  })

  test('a mapping that fits no column', async () => {
    put('feed.csv', CSV)
    const { status, stderr } = await importing('feed.csv', '--map', 'value=nothing')
    expect(status).toBe(64)
    expect(stderr).toMatch(
      /^error import-mapping-invalid: there is no column "nothing"\n→ The first row has: ioc, type, notes/m,
    )
  })

  test.each([
    ['a missing file', 'none.txt'],
    ['a folder', '.'],
  ])('%s', async (_title, name) => {
    const { status, stdout, stderr } = await importing(name)
    expect([status, stdout]).toEqual([64, ''])
    expect(stderr).toMatch(/^error file-unreadable: /)
  })

  test('a place where refused rows cannot be kept', async () => {
    put('mixed.txt', 'evil.example\n999.1.1.1\n')
    const { status, stderr } = await importing('mixed.txt', '--dead-letter', 'no/such/folder.ndjson')
    expect(status).toBe(64)
    expect(stderr).toMatch(/^error file-unwritable: /m)
  })

  test('a size that is none', async () => {
    expect((await importing('x', '--max-bytes', 'much')).stderr).toMatch(/^error usage-invalid: .*number of bytes/)
  })
})

test('a rule goes through the node as a value, and a MISP feed by its folder', async () => {
  mkdirSync(work('feed'))
  put('feed/manifest.json', '{"5b646415-7b48-40d5-86b4-c0070acd0835": {}}')
  put('feed/5b646415-7b48-40d5-86b4-c0070acd0835.json', MISP)
  expect(await importedReport('feed')).toMatchObject({ status: 0, rows: 2, new: 2 })
  const { stdout } = await home.run(['indicator', 'list', '--type', 'yara', '-o', 'ndjson'])
  expect(ndjson(stdout)).toMatchObject([{ type: 'yara', value: 'rule evil {␊␉condition: true␊}' }])
})

test('what a MISP keeps for its own organisation stays there unless the operator says otherwise', async () => {
  put('own.json', MISP.replace('"info"', '"distribution":"0","info"'))
  const refused = await importedReport('own.json')
  expect(refused).toMatchObject({ status: 64, rows: 2, refused: 2 })
  expect(refused.stderr).toContain('add --restricted')
  expect(await importedReport('own.json', '--restricted')).toMatchObject({ status: 0, rows: 2, new: 2 })
})
