import type { RefusedRow } from '../import-row.ts'

/** One line, with its newline, of the NDJSON file in which an import leaves what it refused: `{place, code, reason, text}`. */
export function encodeDeadLetter({ place, code, reason, text }: RefusedRow): string {
  return `${JSON.stringify({ place, code, reason, text })}\n`
}
