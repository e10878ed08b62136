import { concat, EMPTY } from '../base/bytes.ts'
import type { ClaimDraft } from '../indicator/claim.ts'
import { importCsv } from './csv.ts'
import { type CsvMapping, guessMapping, parseMap, resolveMap } from './csv-mapping.ts'
import { asCsv, asList, type Detected, detectFormat, type Format, HEAD_BYTES_MAX, type Head } from './detect.ts'
import { type DraftMarking, type ImportRow, refusedRow } from './import-row.ts'
import { importList } from './list.ts'
import { importStix } from './stix.ts'

export interface ImportOptions {
  /** Of the file: its ending helps to tell a table from a list. */
  readonly name: string
  readonly format?: 'auto' | Format
  /** For CSV: `value=ioc,type=kind,description=notes`; guessed where left out. */
  readonly map?: string
  /** What goes for every row that says nothing itself. */
  readonly defaults?: ImportDefaults
}

export type ImportDefaults = Pick<
  ClaimDraft,
  'marking' | 'confidence' | 'validUntilMs' | 'labels' | 'source' | 'lineage'
>

/** How a file will be read; what `--explain` shows. */
export type ImportPlan =
  | { readonly format: 'stix' }
  | { readonly format: 'csv'; readonly delimiter: string; readonly mapping: CsvMapping }
  | { readonly format: 'list'; readonly packageNames: boolean }
  | { readonly format: 'unsupported'; readonly reason: string }

/** Throws UserError `import-mapping-invalid`. */
export function planImport(head: Head, options: ImportOptions): ImportPlan {
  const detected = detectAs(head, options)
  switch (detected.kind) {
    case 'stix':
      return { format: 'stix' }
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
  if (format === 'stix') return { kind: 'stix' }
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
  const { head, all } = await readHead(chunks)
  const plan = planImport(head, options)
  if (plan.format === 'unsupported') {
    yield refusedRow('file', 'import-format-unsupported', plan.reason, options.name)
    return
  }
  const { defaults } = options
  for await (const row of rowsOf(plan, all)) yield defaults === undefined ? row : withDefaults(row, defaults)
}

/** The first bytes of a file, and the whole of it again. */
export async function readHead(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ head: Head; all: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]()
  let bytes: Uint8Array = EMPTY
  let complete = false
  while (bytes.length < HEAD_BYTES_MAX && !complete) {
    const next = await iterator.next()
    if (next.done === true) complete = true
    else bytes = concat(bytes, next.value)
  }
  return { head: { bytes: bytes.subarray(0, HEAD_BYTES_MAX), complete }, all: resume(bytes, iterator) }
}

async function* resume(bytes: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield bytes
    for (;;) {
      const next = await iterator.next()
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

function rowsOf(
  plan: Exclude<ImportPlan, { format: 'unsupported' }>,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ImportRow> {
  switch (plan.format) {
    case 'stix':
      return importStix(chunks)
    case 'csv':
      return importCsv(chunks, plan)
    case 'list':
      return importList(chunks, plan)
  }
}

function withDefaults(row: ImportRow, defaults: ImportDefaults): ImportRow {
  if (row.kind === 'refused') return row
  const marking: DraftMarking = { ...defaults.marking, ...(row.kind === 'claim' ? row.draft.marking : row.marking) }
  if (row.kind === 'context') return { ...row, marking }
  const labels = [...(row.draft.labels ?? []), ...(defaults.labels ?? [])]
  return { ...row, draft: { ...defaults, ...row.draft, marking, ...(labels.length > 0 && { labels }) } }
}
