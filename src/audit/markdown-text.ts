import { visibleText } from '../base/visible-text.ts'

/**
 * Text in Markdown. What others wrote is shown letter by letter: it can end no line, begin no markup or HTML, open no
 * table cell, become no link and steer no terminal.
 */

/** All that begins markup within a line; the colon and the point, since addresses become links of themselves. */
const MARKUP = /[\\`*_[\]<>|~&$#!]|:(?=\/)|(?<=www)\.|@/gi

export function markdownText(text: string): string {
  return visibleText(text).replace(MARKUP, char => `\\${char}`)
}

/** All columns but the last are as wide as what they hold, so that the table can be read as it stands, too. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const cells = [head, ...rows].map(row => row.map(cell => (cell === '' ? '–' : cell)))
  const last = head.length - 1
  const widths = head.map((name, column) =>
    column === last ? name.length : Math.max(...cells.map(row => row[column]!.length)),
  )
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const [first, ...others] = cells.map(line)
  return [first!, line(widths.map(width => '-'.repeat(width))), ...others, '']
}
