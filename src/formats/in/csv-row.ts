import type { Advice } from '../../indicator/advice.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import { type TypeHint, typeHintOf } from '../type-hint.ts'
import { parseConfidence, parseMoment, parseTlpCell } from './cell-value.ts'
import type { Column, ColumnRole, CsvMapping } from './csv-mapping.ts'
import type { CsvRecord } from './csv-record.ts'
import { type AcceptedValue, isPlaceholder, type ReadValue, readGuessedValue, readValue } from './value-text.ts'

/** What one record says of all its values. */
export class CsvRow {
  readonly #record: CsvRecord
  readonly #columns: readonly Column[]
  readonly #facts: Partial<ClaimDraft>
  readonly warnings: readonly Advice[]

  constructor(record: CsvRecord, mapping: CsvMapping) {
    this.#record = record
    this.#columns = mapping.columns
    const { facts, warnings } = this.#read()
    this.#facts = facts
    this.warnings = warnings
  }

  /** The values of a cell, each with the text that it was read from. */
  readCell(cell: string, column: Column): readonly (readonly [string, ReadValue])[] {
    const typeCell = column.hint === 'any' ? this.#cell('type') : ''
    const hint = typeCell === '' ? column.hint : typeHintOf(typeCell)
    if (hint === undefined) {
      const reason = `the type ${JSON.stringify(typeCell.slice(0, 40))} is not known`
      return [[cell, { kind: 'refused', code: 'import-type-unsupported', reason }]]
    }
    return this.#record.guessed ? [[cell, readGuessedValue(cell, hint)]] : readParts(cell, hint)
  }

  draft(read: AcceptedValue): ClaimDraft {
    const port = this.#cell('port')
    const ports =
      read.labels.length === 0 && /^[1-9]\d{0,4}$/.test(port) && isHost(read) ? [`port:${port}`] : read.labels
    const labels = [...(this.#facts.labels ?? []), ...ports]
    return {
      type: read.type,
      value: read.value,
      ...(read.original !== undefined && { original: read.original }),
      ...this.#facts,
      ...(labels.length > 0 && { labels }),
    }
  }

  #read(): { facts: Partial<ClaimDraft>; warnings: readonly Advice[] } {
    const confidence = parseConfidence(this.#cell('confidence'))
    const tlp = parseTlpCell(this.#cell('tlp'))
    const labels = this.#cells('label')
      .flatMap(cell => cell.split(/[,;|]/))
      .map(label => label.trim())
    const url = this.#cell('reference')
    const times = this.#times()
    const warnings = [...times.warnings]
    if (tlp === undefined && this.#cell('tlp') !== '') {
      warnings.push(warning('import-marking-unresolved', `"${this.#cell('tlp').slice(0, 40)}" is no TLP level`))
    }
    const facts: Partial<ClaimDraft> = {
      ...times.facts,
      ...(confidence !== undefined && { confidence }),
      ...(tlp !== undefined && { marking: { tlp } }),
      ...(labels.length > 0 && { labels }),
      ...text('name', this.#cell('name')),
      ...text('description', this.#cells('description').join('\n')),
      ...text('source', this.#cell('source')),
      ...(url !== '' && { references: [{ sourceName: this.#cell('source') || 'import', url }] }),
    }
    return { facts, warnings }
  }

  #times(): { facts: Partial<ClaimDraft>; warnings: readonly Advice[] } {
    const facts: Record<string, number> = {}
    const warnings: Advice[] = []
    for (const [role, key] of TIMES) {
      const column = this.#columns.find(one => one.role === role)
      const cell = this.#cell(role)
      if (column === undefined || cell === '') continue
      const ms = parseMoment(cell, column.dateOrder)
      if (ms !== undefined) facts[key] = ms
      else
        warnings.push(
          warning('import-date-unclear', `"${cell.slice(0, 40)}" in column ${column.name} is no clear date`),
        )
    }
    return { facts: inOrder(facts, warnings), warnings }
  }

  /** The first cell of the role that says something, or empty. */
  #cell(role: ColumnRole): string {
    return this.#cells(role)[0] ?? ''
  }

  #cells(role: ColumnRole): readonly string[] {
    return this.#columns
      .filter(column => column.role === role)
      .map(column => (this.#record.cells[column.index] ?? '').trim())
      .filter(cell => !isPlaceholder(cell))
  }
}

const TIMES = [
  ['first-seen', 'firstSeenMs'],
  ['last-seen', 'lastSeenMs'],
  ['valid-from', 'validFromMs'],
  ['valid-until', 'validUntilMs'],
] as const satisfies readonly (readonly [ColumnRole, keyof ClaimDraft])[]

/** Times that contradict each other are left out: the value is worth more than its dates. */
function inOrder(facts: Record<string, number>, warnings: Advice[]): Record<string, number> {
  const { firstSeenMs, lastSeenMs, validFromMs, validUntilMs, ...others } = facts
  const seenTurned = firstSeenMs !== undefined && lastSeenMs !== undefined && lastSeenMs < firstSeenMs
  const validTurned = validFromMs !== undefined && validUntilMs !== undefined && validUntilMs <= validFromMs
  if (!seenTurned && !validTurned) return facts
  warnings.push(warning('import-date-unclear', 'the dates are in the wrong order'))
  return {
    ...others,
    ...(!seenTurned && firstSeenMs !== undefined && { firstSeenMs }),
    ...(!seenTurned && lastSeenMs !== undefined && { lastSeenMs }),
    ...(!validTurned && validFromMs !== undefined && { validFromMs }),
    ...(!validTurned && validUntilMs !== undefined && { validUntilMs }),
  }
}

const SECOND_URL = /[\s,;|](?:h[tx]{2}ps?|ftp):/i

/** The whole cell as one value; else its lines; else what commas, semicolons, bars and spaces part, if all of that is values. */
function readParts(cell: string, hint: TypeHint): readonly (readonly [string, ReadValue])[] {
  const lines = cell.split('\n').filter(line => line.trim() !== '')
  if (lines.length > 1) return lines.flatMap(line => readParts(line, hint))
  const whole = readValue(cell, hint)
  if (whole.kind === 'value' && !SECOND_URL.test(cell)) return [[cell, whole]]
  const parts = cell.split(/[,;|\s]+/).filter(part => part !== '')
  const reads = parts.map(part => [part, readValue(part, hint)] as const)
  return parts.length > 1 && reads.every(([, read]) => read.kind === 'value') ? reads : [[cell, whole]]
}

function isHost(read: AcceptedValue): boolean {
  return read.type === 'domain' || read.type === 'ipv4' || read.type === 'ipv6'
}

function text<Key extends 'name' | 'description' | 'source'>(key: Key, value: string): Partial<ClaimDraft> {
  return value === '' ? {} : { [key]: value }
}

function warning(code: Advice['code'], message: string): Advice {
  return { code, severity: 'warn', message }
}
