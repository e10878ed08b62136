import { indicatorText } from '../../indicator/type.ts'
import type { ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'

const COMMON = {
  extension: '.txt',
  types: undefined,
  withdrawn: false,
  removals: false,
  parameters: {},
} as const

/** One value a line, in one file: what firewalls and scripts fetch. */
export const plainList: ExportFormat = {
  ...COMMON,
  name: 'plain',
  label: 'plain list, one value a line; filter by type for a list of one kind',
  shape: 'file',
  start: () => new ListWriter(() => ''),
}

/** The same as a folder with one file for each type that there is. */
export const plainLists: ExportFormat = {
  ...COMMON,
  name: 'plain-lists',
  label: 'folder of plain lists, one file for each type, one value a line',
  shape: 'folder',
  start: () => new ListWriter(type => `${type}.txt`),
}

/** Where some reader or other ends a line. */
const LINE_END = /[\n\r\v\f\u0085\u2028\u2029]/

class ListWriter implements ExportWriter {
  readonly #fileOf: (type: string) => string

  constructor(fileOf: (type: string) => string) {
    this.#fileOf = fileOf
  }

  begin(): readonly ExportPiece[] {
    return []
  }

  add(indicator: ExportedIndicator): Written {
    const text = indicatorText(indicator)
    if (LINE_END.test(text))
      return { left: `a value of type ${indicator.type} that has several lines fits into no list` }
    if (text.startsWith('#')) return { left: 'a value that begins with # would be taken for a comment' }
    return { pieces: [{ file: this.#fileOf(indicator.type), text: `${text}\n` }] }
  }

  end(): readonly ExportPiece[] {
    return []
  }
}
