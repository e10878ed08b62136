import { visibleText } from '../../base/visible-text.ts'
import type { ExportContext } from '../exported.ts'

const HEADING_LENGTH_MAX = 400

/** What a file is and whence it comes, as one comment line. */
export function exportHeading(context: ExportContext, comment = '#'): string {
  const { name, nation, allianceName, madeMs, serial } = context
  const text = `${name}, export ${serial} of Tocsin by ${nation} in ${allianceName}, ${new Date(madeMs).toISOString()}`
  return `${comment} ${oneLine(text)}\n`
}

/** Text of others where the end of the line would end a comment. */
function oneLine(text: string): string {
  return visibleText(text.toWellFormed()).slice(0, HEADING_LENGTH_MAX)
}
