import { guessMapping } from './csv-mapping.ts'
import { CsvRecordReader } from './csv-record.ts'
import { isResolverLine, readListLine } from './list-line.ts'
import { headLines, headText } from './text-decoding.ts'
import { isPackageName } from './value-text.ts'

/** Of this much of a file its format is judged. */
export const HEAD_BYTES_MAX = 64 * 1024
const SAMPLE_LINES_MAX = 500

/** As the operator may name them. */
export const FORMATS = ['stix', 'misp', 'openioc', 'advisory', 'csv', 'list'] as const

export type Format = (typeof FORMATS)[number]

export type Detected =
  | { readonly kind: 'stix' | 'misp' | 'openioc' }
  | { readonly kind: 'advisory'; readonly markup: 'html' | 'text' }
  | { readonly kind: 'csv'; readonly delimiter: string; readonly rows: Rows }
  | { readonly kind: 'list'; readonly packageNames: boolean }
  | { readonly kind: 'unsupported'; readonly reason: string }

type Rows = readonly (readonly string[])[]

/** The start of a file; `complete` if it is all of it. */
export interface Head {
  readonly bytes: Uint8Array
  readonly complete: boolean
}

/** What the file is, by its first bytes and, between a list and a table of one column, by its name. */
export function detectFormat(head: Head, name: string): Detected {
  const text = headText(head.bytes)
  const container = CONTAINERS.find(([pattern]) => pattern.test(text))
  if (container !== undefined) return { kind: 'unsupported', reason: container[1] }
  if (JSON_START.test(text)) return detectJson(text)
  if (HTML.test(text)) return { kind: 'advisory', markup: 'html' }
  if (XML.test(text)) {
    if (OPENIOC.test(text)) return { kind: 'openioc' }
    return { kind: 'unsupported', reason: 'this is XML, but not OpenIOC' }
  }
  if (PROSE_NAME.test(name)) return { kind: 'advisory', markup: 'text' }
  const lines = sampleLines(head)
  if (lines.filter(isResolverLine).length * 2 > lines.length) return { kind: 'list', packageNames: false }
  const named = /\.[ct]sv(?:\.gz)?$/i.test(name)
  const table = detectTable(lines, named)
  if (table !== undefined && (named || isTable(table.rows, table.delimiter))) return table
  if (named) return asCsv(head)
  return isProse(lines) ? { kind: 'advisory', markup: 'text' } : asList(head)
}

/** Below this too little is there to tell a report from a list with a heading. */
const PROSE_LINES_MIN = 8
const PROSE_SHARE_MIN = 1 / 3
const THREE_WORDS = /\S\s+\S+\s+\S/

/** Whether much of it is sentences: lines of several words that are no entries of a list. */
function isProse(lines: readonly string[]): boolean {
  const sentences = lines.filter(line => THREE_WORDS.test(line) && readListLine(line).kind === 'refused')
  return lines.length >= PROSE_LINES_MIN && sentences.length >= lines.length * PROSE_SHARE_MIN
}

/** For a file that the operator says is a table. */
export function asCsv(head: Head): Extract<Detected, { kind: 'csv' }> {
  const lines = sampleLines(head)
  return detectTable(lines, true) ?? { kind: 'csv', delimiter: ',', rows: recordsOf(lines, ',') }
}

/** For a file that the operator says is written for people. */
export function asAdvisory(head: Head, name: string): Extract<Detected, { kind: 'advisory' }> {
  const isHtml = HTML.test(headText(head.bytes)) || /\.html?(?:\.gz)?$/i.test(name)
  return { kind: 'advisory', markup: isHtml ? 'html' : 'text' }
}

/** For a file that the operator says is a list. */
export function asList(head: Head): Extract<Detected, { kind: 'list' }> {
  const lines = sampleLines(head)
  return { kind: 'list', packageNames: lines.filter(isPackageName).length * 2 > lines.length }
}

const CONTAINERS: readonly (readonly [RegExp, string])[] = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: magic numbers
  [/^\x1f[\ufffd\x8b]\x08/, 'this is gzip inside of gzip; unpack it first'],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: magic numbers
  [/^PK\x03\x04/, 'this is a ZIP archive or an office document; unpack it, or save the table as CSV'],
  [/^%PDF-/, 'this is a PDF; save its text and import that'],
]

const HTML = /^\ufeff?\s*(?:<!--[\s\S]{0,4096}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b/i
const XML = /^\ufeff?\s*<(?:\?xml|!--|[A-Za-z_][\w.-]*:?)/
const OPENIOC = /<(?:\w+:)?(?:ioc|OpenIOC)\b/
const PROSE_NAME = /\.(?:md|markdown|adoc|rst|eml)(?:\.gz)?$/i

const JSON_START = /^\ufeff?\s*(?:\{|\[\s*(?:[{"\]]|$))/
const MISP = /"(?:Event|Attribute|Orgc|EventReport)"\s*:\s*[[{]|"to_ids"\s*:\s*["\dtf]/
const STIX = /"(?:objects|spec_version)"\s*:|"id"\s*:\s*"[a-z0-9-]+--[0-9a-f]{8}-/

function detectJson(text: string): Detected {
  if (MISP.test(text)) return { kind: 'misp' }
  if (STIX.test(text)) return { kind: 'stix' }
  if (/^\ufeff?\s*(?:\[\s*\]|\{\s*\})\s*$/.test(text)) return { kind: 'stix' }
  return { kind: 'unsupported', reason: 'this is JSON, but neither STIX nor MISP' }
}

function sampleLines(head: Head): readonly string[] {
  const lines: string[] = []
  for (const { text } of headLines(head.bytes, head.complete)) {
    if (text.trim() !== '' && !/^(?:#|;|!|\/\/)/.test(text)) lines.push(text)
    if (lines.length === SAMPLE_LINES_MAX) break
  }
  return lines
}

const DELIMITERS = [',', '\t', ';', '|'] as const
/** How many rows must have the same number of cells; fewer where the name says that it is a table. */
const EVEN_SHARE_MIN = 0.8
const EVEN_SHARE_MIN_NAMED = 0.4

/** The delimiter that cuts the most rows into the same number of cells. */
function detectTable(lines: readonly string[], named: boolean): Extract<Detected, { kind: 'csv' }> | undefined {
  let best: { kind: 'csv'; delimiter: string; rows: Rows } | undefined
  let bestShare = named ? EVEN_SHARE_MIN_NAMED : EVEN_SHARE_MIN
  for (const delimiter of DELIMITERS) {
    const rows = recordsOf(lines, delimiter)
    const share = evenShare(rows)
    if (share > bestShare) {
      best = { kind: 'csv', delimiter, rows }
      bestShare = share
    }
  }
  return best
}

function recordsOf(lines: readonly string[], delimiter: string): Rows {
  const reader = new CsvRecordReader(delimiter)
  const records = lines.flatMap((text, index) => reader.push({ kind: 'text', number: index + 1, text, guessed: false }))
  return [...records, ...reader.end()].map(record => record.cells)
}

/** The share of the most frequent width among all rows; 0 if that is one cell. */
function evenShare(rows: Rows): number {
  const widths = new Map<number, number>()
  for (const row of rows) widths.set(row.length, (widths.get(row.length) ?? 0) + 1)
  const [width, count] = [...widths].reduce((most, one) => (one[1] > most[1] ? one : most), [1, 0])
  return width === 1 ? 0 : count / rows.length
}

/** A list with a score or remark after a tab is a list; a table has a column of values and says so in every row. */
function isTable(rows: Rows, delimiter: string): boolean {
  if (delimiter === '\t' && rows.every(row => row.length === 2 && /^\d+$/.test(row[1]!.trim()))) return false
  return guessMapping(rows).columns.some(column => column.role === 'value')
}
