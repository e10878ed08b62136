/**
 * A row of CSV (RFC 4180, but for its line end, which is that of Unix: scripts would take a carriage return for a part of
 * the last cell). Quotes, separators and line breaks in a cell stay within it.
 */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\n`
}

const NEEDS_QUOTES = /[",\r\n\t\u0085\u2028\u2029]|^\s|\s$/

function csvCell(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** What a spreadsheet may take for a formula, be it after white space. */
const FORMULA = /^\s*[=+\-@\t\r\uff0b\uff0d\uff1d\uff20]/

/** The cell with an apostrophe before it where a spreadsheet would compute it. */
export function plainCell(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

/** On one line, for cells that tools show. */
export function oneLine(text: string): string {
  return text.replace(/[\s\u0085]+/g, ' ').trim()
}
