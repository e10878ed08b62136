import { concat, EMPTY } from '../../base/bytes.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import { type DraftMarking, type ImportRow, refusedRow } from '../import-row.ts'
import { importAdvisory } from './advisory.ts'
import { importCsv } from './csv.ts'
import { type CsvMapping, guessMapping, parseMap, resolveMap } from './csv-mapping.ts'
import {
  asAdvisory,
  asCsv,
  asList,
  type Detected,
  detectFormat,
  type Format,
  HEAD_BYTES_MAX,
  type Head,
} from './detect.ts'
import { importList } from './list.ts'
import { importMisp } from './misp.ts'
import { importOpenIoc } from './openioc.ts'
import { importStix } from './stix.ts'

export interface ImportOptions {
  /** Of the file: its ending helps to tell a table from a list. */
  readonly name: string
  readonly format?: 'auto' | Format
  /** For CSV: `value=ioc,type=kind,description=notes`; guessed where left out. */
  readonly map?: string
  /** MISP: what is for its own organisation or a sharing group goes in as well. */
  readonly restricted?: boolean
  /** What goes for every row that says nothing itself. */
  readonly defaults?: ImportDefaults
}

export type ImportDefaults = Pick<
  ClaimDraft,
  'marking' | 'confidence' | 'validUntilMs' | 'labels' | 'source' | 'lineage'
>

/** How a file will be read. */
export type ImportPlan =
  | { readonly format: 'stix' | 'misp' | 'openioc' }
  | { readonly format: 'advisory'; readonly markup: 'html' | 'text' }
  | { readonly format: 'csv'; readonly delimiter: string; readonly mapping: CsvMapping }
  | { readonly format: 'list'; readonly packageNames: boolean }
  | { readonly format: 'unsupported'; readonly reason: string }

/** Throws UserError `import-mapping-invalid`. */
export function planImport(head: Head, options: ImportOptions): ImportPlan {
  const detected = detectAs(head, options)
  switch (detected.kind) {
    case 'stix':
    case 'misp':
    case 'openioc':
      return { format: detected.kind }
    case 'advisory':
      return { format: 'advisory', markup: detected.markup }
    case 'list':
      return { format: 'list', packageNames: detected.packageNames }
    case 'unsupported':
      return { format: 'unsupported', reason: detected.reason }
    case 'csv': {
      const { delimiter, rows } = detected
      const mapping = options.map === undefined ? guessMapping(rows) : resolveMap(parseMap(options.map), rows)
      return { format: 'csv', delimiter, mapping }
    }
  }
}

function detectAs(head: Head, { name, format = 'auto', map }: ImportOptions): Detected {
  if (format === 'stix' || format === 'misp' || format === 'openioc') return { kind: format }
  if (format === 'advisory') return asAdvisory(head, name)
  if (format === 'csv' || (format === 'auto' && map !== undefined)) return asCsv(head)
  return format === 'list' ? asList(head) : detectFormat(head, name)
}

/**
 * The rows of a file of any known format, unpacked. Memory stays flat however long the file is. A file of a format that
 * is not read is one refused row. Throws UserError `import-mapping-invalid`, and what `chunks` throws.
 */
export async function* readImport(
  chunks: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): AsyncGenerator<ImportRow> {
  const source = new Source(chunks)
  try {
    const plan = planImport(await source.head(), options)
    if (plan.format === 'unsupported') {
      yield refusedRow('file', 'import-format-unsupported', plan.reason, options.name)
      return
    }
    const { defaults } = options
    for await (const row of rowsOf(plan, source, options))
      yield defaults === undefined ? row : withDefaults(row, defaults)
  } finally {
    await source.close()
  }
}

/** How `readImport` would read the file, by its first bytes; for `--explain`. Throws as `planImport` does. */
export async function explainImport(chunks: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImportPlan> {
  const source = new Source(chunks)
  try {
    return planImport(await source.head(), options)
  } finally {
    await source.close()
  }
}

/** A file of which the first bytes are looked at before it is read as a whole. */
class Source implements AsyncIterable<Uint8Array> {
  readonly #chunks: AsyncIterator<Uint8Array>
  #bytes: Uint8Array = EMPTY

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async head(): Promise<Head> {
    while (this.#bytes.length < HEAD_BYTES_MAX) {
      const next = await this.#chunks.next()
      if (next.done === true) return { bytes: this.#bytes, complete: true }
      this.#bytes = concat(this.#bytes, next.value)
    }
    return { bytes: this.#bytes.subarray(0, HEAD_BYTES_MAX), complete: false }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    yield this.#bytes
    this.#bytes = EMPTY
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next()) yield next.value
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

function rowsOf(
  plan: Exclude<ImportPlan, { format: 'unsupported' }>,
  chunks: AsyncIterable<Uint8Array>,
  { restricted = false }: ImportOptions,
): AsyncGenerator<ImportRow> {
  switch (plan.format) {
    case 'stix':
      return importStix(chunks)
    case 'misp':
      return importMisp(chunks, { restricted })
    case 'openioc':
      return importOpenIoc(chunks)
    case 'advisory':
      return importAdvisory(chunks, plan)
    case 'csv':
      return importCsv(chunks, plan)
    case 'list':
      return importList(chunks, plan)
  }
}

export function withDefaults(row: ImportRow, defaults: ImportDefaults): ImportRow {
  if (row.kind === 'refused') return row
  const marking: DraftMarking = { ...defaults.marking, ...(row.kind === 'claim' ? row.draft.marking : row.marking) }
  if (row.kind === 'context') return { ...row, marking }
  const labels = [...(row.draft.labels ?? []), ...(defaults.labels ?? [])]
  return { ...row, draft: { ...defaults, ...row.draft, marking, ...(labels.length > 0 && { labels }) } }
}
