import { utf8 } from '../../../src/base/bytes.ts'
import { UserError } from '../../../src/base/errors.ts'
import {
  applyRow,
  CONTEXT_BYTES_MAX,
  EMPTY_TALLY,
  type ImportRow,
  REFUSED_TEXT_LENGTH_MAX,
} from '../../../src/formats/import-row.ts'
import { parseConfidence, parseMoment, parseTlpCell } from '../../../src/formats/in/cell-value.ts'
import { parseMap } from '../../../src/formats/in/csv-mapping.ts'
import { defang, refang } from '../../../src/formats/in/defang.ts'
import { type ImportOptions, readImport } from '../../../src/formats/in/import.ts'
import { readListLine } from '../../../src/formats/in/list-line.ts'
import { splitPattern } from '../../../src/formats/in/pattern-value.ts'
import { parseStixPattern } from '../../../src/formats/in/stix-pattern.ts'
import { PatternSyntaxError } from '../../../src/formats/in/stix-pattern-error.ts'
import { readLines } from '../../../src/formats/in/text-decoding.ts'
import { readGuessedValue, readValue } from '../../../src/formats/in/value-text.ts'
import { canonicalValue } from '../../../src/indicator/canonical.ts'
import { BUNDLES, LISTS, PATTERNS, TABLES, VALUES } from '../samples.ts'
import { assertHolds, type Target } from '../target.ts'
import { inPieces, textOf } from '../text.ts'

const FILE_BYTES_MAX = 32 * 1024
const all = [...BUNDLES, ...TABLES, ...LISTS].map(utf8)

async function rowsOf(input: Uint8Array, step: number, options: ImportOptions): Promise<ImportRow[]> {
  const rows: ImportRow[] = []
  for await (const row of readImport(inPieces(input, step), options)) rows.push(row)
  return rows
}

/** A whole file; small ones in small pieces, too, which must change nothing. */
function importer(format: 'auto' | 'stix' | 'csv' | 'list', name: string, seeds: readonly Uint8Array[]): Target {
  const options = { name, format } as const
  return {
    name: `formats-import-${format}`,
    form: 'text',
    lengthMax: FILE_BYTES_MAX,
    // About 50 µs for a row, and a row may be two bytes.
    allowanceMs: 1000,
    tokens: [
      ...[
        '"type":"bundle"',
        '"objects":[',
        '"type":"indicator"',
        '"pattern":"',
        '"id":"',
        'value',
        'type',
        'tlp',
        'date',
      ],
      ...['""', '\r\n', '||', '^', '0.0.0.0 ', '# ', 'hxxp://', '[.]', '\ufeff', '\ud83d\ude00', '2026-01-02', 'null'],
    ],
    seeds: () => seeds,
    async run(input) {
      const rows = await rowsOf(input, 65_536, options)
      for (const row of rows) assertRow(row)
      const { values, claims, context, refused } = rows.reduce(applyRow, EMPTY_TALLY)
      assertHolds(values === rows.length && values === claims + context + refused, 'every row is accounted for')
      if (input.length < 400) {
        const again = await rowsOf(input, 1 + (input.length % 7), options)
        assertHolds(JSON.stringify(again) === JSON.stringify(rows), 'rows hang not on how their bytes come')
      }
      return [...new Set(rows.map(row => (row.kind === 'refused' ? row.code : row.kind)))].sort().slice(0, 4).join(' ')
    },
  }
}

function assertRow(row: ImportRow): void {
  assertHolds(row.place !== '', 'a row has a place')
  if (row.kind === 'refused') {
    assertHolds(row.reason !== '' && row.text.length <= REFUSED_TEXT_LENGTH_MAX, 'a refusal says why, and is short')
  } else if (row.kind === 'context') {
    assertHolds(utf8(row.json).length <= CONTEXT_BYTES_MAX, 'an object kept for context is short')
  } else {
    const { type, value } = row.draft
    assertHolds(canonicalValue(type, value).value === value, 'a draft is canonical')
  }
}

const value: Target = {
  name: 'formats-value',
  form: 'text',
  lengthMax: 16 * 1024,
  tokens: ['hxxp', '[.]', '(dot)', '[@]', '://', '[:]', '*.', 'N/A', '\u200b', '\u201c', ':80', 'xn--'],
  seeds: () => VALUES.map(utf8),
  run(input) {
    const text = textOf(input)
    const read = readValue(text)
    readGuessedValue(text)
    readValue(text, 'hash')
    readListLine(text)
    assertHolds(refang(refang(text)) === refang(text), 'undone twice is undone once')
    if (read.kind === 'refused') return `refused ${read.code}`
    assertHolds(canonicalValue(read.type, read.value).value === read.value, 'what was read is canonical')
    const plain = read.type !== 'stix-pattern' && refang(read.value) === read.value
    if (plain) assertHolds(refang(defang(read.value)) === read.value, 'defanging is undone to the letter')
    return read.type
  },
}

const pattern: Target = {
  name: 'formats-pattern',
  form: 'text',
  lengthMax: 64 * 1024,
  tokens: [
    ' AND ',
    ' OR ',
    ' NOT ',
    ' IN ',
    ' LIKE ',
    ' MATCHES ',
    ' FOLLOWEDBY ',
    ' REPEATS ',
    ' TIMES',
    ' WITHIN ',
    "t'",
    "h'",
    "b'",
    '[*]',
    'EXISTS ',
  ],
  seeds: () => PATTERNS.map(utf8),
  run(input) {
    const text = textOf(input)
    try {
      return splitPattern(text, parseStixPattern(text))
        .map(({ kind }) => kind)
        .slice(0, 3)
        .join(' ')
    } catch (error) {
      if (error instanceof PatternSyntaxError) return 'refused'
      throw error
    }
  },
}

const cell: Target = {
  name: 'formats-cell',
  form: 'text',
  lengthMax: 4096,
  tokens: ['2026-01-02', 'T', 'Z', '+02:00', 'Jan', 'high', 'TLP:', '%', '/', 'value=', 'type=', ',', '*'],
  seeds: () =>
    ['2026-01-02T03:04:05Z', '2 Jan 2026 03:04', '01/02/26', '80 %', 'high', 'TLP:AMBER', 'value=ioc,type=kind'].map(
      utf8,
    ),
  run(input) {
    const text = textOf(input)
    const moment = parseMoment(text)
    if (moment !== undefined) assertHolds(Number.isSafeInteger(moment), 'a moment is a whole number')
    parseMoment(text, 'day-first')
    parseMoment(text, 'month-first')
    const confidence = parseConfidence(text)
    if (confidence !== undefined) assertHolds(confidence >= 0 && confidence <= 100, 'a confidence is up to 100')
    parseTlpCell(text)
    try {
      return `${parseMap(text).length}`
    } catch (error) {
      if (error instanceof UserError) return `${error.code} ${moment !== undefined} ${confidence !== undefined}`
      throw error
    }
  },
}

const lines: Target = {
  name: 'formats-lines',
  form: 'text',
  lengthMax: FILE_BYTES_MAX,
  seeds: () => [...LISTS.map(utf8), Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0a, 0), Uint8Array.of(0xe4, 0x0a, 0x0d, 0xa0)],
  async run(input) {
    const whole = await linesOf(input, 65_536)
    if (input.length < 2048) {
      const cut = await linesOf(input, 1 + (input.length % 5))
      assertHolds(JSON.stringify(cut) === JSON.stringify(whole), 'lines hang not on how their bytes come')
    }
    return [...new Set(whole.map(line => (line.kind === 'text' ? `text ${line.guessed}` : line.code)))].sort().join(' ')
  },
}

async function linesOf(input: Uint8Array, step: number) {
  const found = []
  for await (const batch of readLines(inPieces(input, step))) found.push(...batch)
  return found
}

export const formatTargets: readonly Target[] = [
  importer('auto', 'x.txt', all),
  importer('stix', 'x.json', BUNDLES.map(utf8)),
  importer('csv', 'x.csv', TABLES.map(utf8)),
  importer('list', 'x.txt', LISTS.map(utf8)),
  value,
  pattern,
  cell,
  lines,
]
