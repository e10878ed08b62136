import type { ClaimDraft } from '../../indicator/claim.ts'
import { type ImportRow, refusedRow } from '../import-row.ts'
import { readListLine } from './list-line.ts'
import { type Line, readLines, type TextLine } from './text-decoding.ts'
import { type AcceptedValue, isPackageName, readGuessedValue, readValue } from './value-text.ts'

export interface ListOptions {
  /** The list names packages of mobile software (`com.vendor.product`), which look like hosts. */
  readonly packageNames: boolean
}

/** A list of one value to the line, in any of the shapes of `list-line.ts`. */
export async function* importList(chunks: AsyncIterable<Uint8Array>, options: ListOptions): AsyncGenerator<ImportRow> {
  let before = ''
  for await (const lines of readLines(chunks)) {
    for (const line of lines) {
      yield* rowsOf(line, before, options)
      if (line.text.trim() !== '') before = line.text
    }
  }
}

/** How a sentence ends that goes on with a link: `The report is available at`. */
const ANNOUNCES_LINK = /\s\S+\s.*\b(?:at|on|in|see|from|of|here|under|by|via|read|paper|post|and|the),?\s*$/i

function rowsOf(line: Line, before: string, options: ListOptions): readonly ImportRow[] {
  const place = `line ${line.number}`
  if (line.kind === 'refused') return [refusedRow(place, line.code, line.reason, line.text)]
  const parts = readListLine(line.text)
  if (parts.kind === 'nothing') return []
  if (parts.kind === 'refused') return [refusedRow(place, parts.code, parts.reason, line.text)]
  if (/^https?:/i.test(line.text) && ANNOUNCES_LINK.test(before)) {
    return [refusedRow(place, 'import-not-an-indicator', 'this is a link that the text before it gives', line.text)]
  }
  return parts.texts.map(text => rowOf(place, line, text, parts, options))
}

interface Remarks {
  readonly comment: string
  readonly labels: readonly string[]
}

function rowOf(place: string, line: TextLine, text: string, remarks: Remarks, options: ListOptions): ImportRow {
  if (options.packageNames && isPackageName(text)) {
    return refusedRow(
      place,
      'import-not-an-indicator',
      'this is the name of a package, as most of this list',
      line.text,
    )
  }
  const read = line.guessed ? readGuessedValue(text) : readValue(text)
  if (read.kind === 'refused') return refusedRow(place, read.code, read.reason, line.text)
  return { kind: 'claim', place, draft: draftOf(read, remarks), warnings: read.warnings }
}

function draftOf(read: AcceptedValue, { comment, labels }: Remarks): ClaimDraft {
  const all = [...labels, ...read.labels]
  return {
    type: read.type,
    value: read.value,
    ...(read.original !== undefined && { original: read.original }),
    ...(comment !== '' && { description: comment }),
    ...(all.length > 0 && { labels: all }),
  }
}
