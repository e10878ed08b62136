import { UserError } from '../../base/errors.ts'
import { type TypeHint, typeHintOf } from '../type-hint.ts'
import { type DateOrder, dateOrderOf, looksLikeDate, parseTlpCell } from './cell-value.ts'
import { isPackageName, isPlaceholder, readValue, trimValue } from './value-text.ts'

/** What a column of a CSV file is for. */
export type ColumnRole =
  | 'value'
  | 'type'
  | 'port'
  | 'name'
  | 'description'
  | 'label'
  | 'first-seen'
  | 'last-seen'
  | 'valid-from'
  | 'valid-until'
  | 'confidence'
  | 'tlp'
  | 'source'
  | 'reference'
  | 'ignore'

export interface Column {
  /** From 0. */
  readonly index: number
  /** As the header has it, or `column 3`. */
  readonly name: string
  readonly role: ColumnRole
  /** Of a value column. */
  readonly hint: TypeHint
  /** Of a column of dates such as `3/4/2021`, if its rows tell. */
  readonly dateOrder?: DateOrder
  /** For `--explain`: why the column has this role. */
  readonly why: string
}

export interface CsvMapping {
  /** Whether the first row names the columns. */
  readonly header: boolean
  readonly columns: readonly Column[]
}

/** `value=ioc,type=kind,sha256=Hash,description=3`: what `--map` says. */
export interface MapEntry {
  readonly role: ColumnRole
  readonly hint: TypeHint
  /** A name in the header, or a number from 1. */
  readonly column: string
}

type Rows = readonly (readonly string[])[]

const ROLES: readonly ColumnRole[] = [
  'value',
  'type',
  'port',
  'name',
  'description',
  'label',
  'first-seen',
  'last-seen',
  'valid-from',
  'valid-until',
  'confidence',
  'tlp',
  'source',
  'reference',
]

/** Throws UserError `import-mapping-invalid`. */
export function parseMap(text: string): readonly MapEntry[] {
  return text.split(',').map(part => {
    const equals = part.indexOf('=')
    const role = part.slice(0, equals).trim()
    const column = part.slice(equals + 1).trim()
    const hint = typeHintOf(role)
    if (equals > 0 && column !== '') {
      if ((ROLES as readonly string[]).includes(role)) return { role: role as ColumnRole, hint: 'any', column }
      if (hint !== undefined) return { role: 'value', hint, column }
    }
    throw mappingFault(`"${part}" maps no column`, `Write ROLE=COLUMN, where ROLE is ${ROLES.join(', ')} or a type.`)
  })
}

/** The columns as the operator named them. Throws UserError `import-mapping-invalid`. */
export function resolveMap(entries: readonly MapEntry[], rows: Rows): CsvMapping {
  const first = rows[0] ?? []
  const names = first.map(normalName)
  const header = entries.some(entry => names.includes(normalName(entry.column))) || isHeader(first)
  const columns = entries.map((entry): Column => {
    const index = columnIndex(entry.column, names)
    if (index === undefined) {
      throw mappingFault(
        `there is no column "${entry.column}"`,
        `The first row has: ${first.join(', ').slice(0, 500)}.`,
      )
    }
    const name = header ? (first[index]?.trim() ?? entry.column) : `column ${index + 1}`
    return { index, name, role: entry.role, hint: entry.hint, ...orderOf(rows, index), why: 'as you said' }
  })
  if (!columns.some(column => column.role === 'value')) {
    throw mappingFault('the mapping names no column of values', 'Add value=COLUMN, or a type such as domain=COLUMN.')
  }
  return { header, columns }
}

function columnIndex(column: string, names: readonly string[]): number | undefined {
  const named = names.indexOf(normalName(column))
  if (named >= 0) return named
  return /^[1-9]\d{0,3}$/.test(column) ? Number(column) - 1 : undefined
}

function mappingFault(message: string, fix: string): UserError {
  return new UserError('import-mapping-invalid', message, { fix })
}

/** Guesses the columns by their names and by what the first rows hold in them. */
export function guessMapping(rows: Rows): CsvMapping {
  const header = isHeader(rows[0] ?? [])
  const body = header ? rows.slice(1) : rows
  const width = rows.reduce((widest, row) => Math.max(widest, row.length), 0)
  const columns: Column[] = []
  for (let index = 0; index < width; index++) {
    const name = header ? (rows[0]![index] ?? '').trim() : ''
    const guess = guessColumn(name, cellsOf(body, index), width === 1)
    const order = guess.role.endsWith('-seen') || guess.role.startsWith('valid-') ? orderOf(body, index) : {}
    columns.push({ index, name: name || `column ${index + 1}`, ...guess, ...order })
  }
  return { header, columns: onlyFirstDates(columns, header) }
}

/** A header names columns and holds no value: one cell is a known name, none is an indicator. */
function isHeader(row: readonly string[]): boolean {
  const cells = row.map(cell => cell.trim()).filter(cell => cell !== '')
  return cells.some(cell => nameRule(cell) !== undefined) && !cells.some(cell => readValue(cell).kind === 'value')
}

interface Guess {
  readonly role: ColumnRole
  readonly hint: TypeHint
  readonly why: string
}

function guessColumn(name: string, cells: readonly string[], alone: boolean): Guess {
  const rule = name === '' ? undefined : nameRule(name)
  if (rule === undefined) return guessByContent(cells, alone)
  if (rule.role === 'type') {
    if (cells.length === 0 || cells.some(cell => typeHintOf(cell) !== undefined)) return { ...rule, why: 'by its name' }
    return { role: 'label', hint: 'any', why: 'by its name, though it holds no types of indicators' }
  }
  if (rule.role !== 'value')
    return { ...rule, why: rule.role === 'ignore' ? 'such columns hold no indicators' : 'by its name' }
  const read = cells.filter(cell => readCell(cell, rule.hint))
  if (cells.length > 0 && read.length === 0)
    return ignored(`named like a column of values, but none of its first rows is one`)
  return { ...rule, why: 'by its name' }
}

/** Of the cells that say something, how many must be values for a column without a known name. */
const VALUE_SHARE_MIN = 0.6
const DATE_SHARE_MIN = 0.8

function guessByContent(cells: readonly string[], alone: boolean): Guess {
  if (cells.length === 0) return ignored('it is empty')
  if (share(cells, isPackageName) > 0.5) return ignored('it holds names of software packages')
  if (share(cells, cell => looksLikeDate(cell)) >= DATE_SHARE_MIN) {
    return { role: 'first-seen', hint: 'any', why: 'it holds dates' }
  }
  if (share(cells, cell => /^tlp:/i.test(cell) && parseTlpCell(cell) !== undefined) >= DATE_SHARE_MIN) {
    return { role: 'tlp', hint: 'any', why: 'it holds TLP levels' }
  }
  const valueShare = share(cells, cell => readCell(cell, 'any'))
  if (valueShare >= VALUE_SHARE_MIN || (alone && valueShare > 0)) {
    const percent = Math.round(valueShare * 100)
    return { role: 'value', hint: 'any', why: `${percent} % of its first rows are indicators` }
  }
  return ignored('neither its name nor its rows say what it is')
}

function ignored(why: string): Guess {
  return { role: 'ignore', hint: 'any', why }
}

/** In a file without header the first column of dates counts; under an unknown name none does. */
function onlyFirstDates(columns: readonly Column[], header: boolean): readonly Column[] {
  let seen = false
  return columns.map(column => {
    if (column.role !== 'first-seen' || column.why !== 'it holds dates') return column
    if (!header && !seen) {
      seen = true
      return column
    }
    return { ...column, role: 'ignore', why: 'it holds dates, but not said of what' }
  })
}

function readCell(cell: string, hint: TypeHint): boolean {
  return (
    cell.split(/[\n,;|\s]+/).some(part => readValue(part, hint).kind === 'value') ||
    readValue(cell, hint).kind === 'value'
  )
}

function cellsOf(rows: Rows, index: number): readonly string[] {
  return rows.map(row => trimValue(row[index] ?? '')).filter(cell => !isPlaceholder(cell))
}

function share(cells: readonly string[], test: (cell: string) => boolean): number {
  return cells.filter(test).length / cells.length
}

function orderOf(rows: Rows, index: number): { dateOrder?: DateOrder } {
  for (const row of rows) {
    const order = dateOrderOf(row[index] ?? '')
    if (order !== undefined) return { dateOrder: order }
  }
  return {}
}

/** `FirstSeen_UTC` as `first seen utc`. */
function normalName(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[^a-z0-9&]+/g, ' ')
    .trim()
}

interface NameRule {
  readonly role: ColumnRole
  readonly hint: TypeHint
}

const HEADER_NAME_LENGTH_MAX = 60

/** In this order; the first that fits decides. */
const NAME_RULES: readonly (readonly [RegExp, ColumnRole, TypeHint?])[] = [
  // Hashes and keys that are not of a whole file, and what only looks like a host.
  [
    /\b(?:imp ?hash|auth(?:enti)? ?hash|pe ?hash|vhash|rich|ssdeep|tlsh|ja3s?|ja4\w*|jarm|thumbprint|fingerprint|serial|cert\w*|key|salt|u?u?id|guid|mutex)\b/,
    'ignore',
  ],
  [
    /\b(?:file ?names?|path|pdb|package|process|author|registry|compile\w*|directory|folder|wallet|extension|version|file ?(?:size|type))\b/,
    'ignore',
  ],
  [
    /^(?:first (?:seen|observed|submission)\b.*|date( added| observed| seen)?|dateadded|timestamp|time|seen|observed( at)?|event date|submission date)$/,
    'first-seen',
  ],
  [/^(?:last (?:seen|online|observed)\b.*)$/, 'last-seen'],
  [/^valid from$/, 'valid-from'],
  [/^(?:valid (?:until|to)|expir\w+( date)?)$/, 'valid-until'],
  [/^(?:(?:indicator|ioc|attribute|observable|value|data|hash)? ?type|kind|itype)$/, 'type'],
  [/^confidence( level| score)?$/, 'confidence'],
  [/^(?:tlp|traffic light( protocol)?|marking)$/, 'tlp'],
  [/^(?:(?:c2|dst|dest|destination|server)? ?port)$/, 'port'],
  [
    /^(?:tags?|labels?|category|classification|domain use|threat type|(?:malware )?family|malware( alias| printable| name)?|yara( hit| rule)?|tool( name)?|campaign|actor|threat actor)$/,
    'label',
  ],
  [/^(?:name|title|threat( name)?|signature)$/, 'name'],
  [/^(?:notes?|comments?|desc(?:ription)?|details?|context|info(?:rmation)?|remarks?)$/, 'description'],
  [/^(?:source|provider|feed|reporter|origin)$/, 'source'],
  [/\b(?:references?|report|blog|link)\b/, 'reference'],
  [/\b(?:md5|sha ?1|sha ?256|sha ?512|hash(?:es)?)\b/, 'value', 'hash'],
  [/\b(?:url|urls|uri)\b/, 'value', 'url'],
  [/\b(?:e ?mails?|sender)\b/, 'value', 'email'],
  [/\b(?:cve|vulnerability)\b/, 'value', 'cve'],
  [/\b(?:ips?|ipv[46]|ip address|cidr|domains?|fqdn|host(?:name)?|dns|c2|c&c|cnc|server|panel)\b/, 'value', 'host'],
  [/^(?:indicators?|iocs?|values?|observables?|artifacts?|atomic)( value)?$|^ioc\b/, 'value', 'any'],
]

function nameRule(name: string): NameRule | undefined {
  if (name.length > HEADER_NAME_LENGTH_MAX) return undefined
  const normal = normalName(name)
  for (const [pattern, role, hint = 'any'] of NAME_RULES) if (pattern.test(normal)) return { role, hint }
  return undefined
}
