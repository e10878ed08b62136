/** A worked example of the specification: named values, shown in README.md as hex or text. */

import { toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'

export interface Example {
  readonly name: string
  readonly parts: Readonly<Record<string, Uint8Array | string>>
}

/** Longer values are named by length, SHA-256 and beginning. */
const SHOWN_BYTES_MAX = 256
const BEGINNING_BYTES = 16
const LINE_BYTES = 44
const LABEL_WIDTH = 20

/** What stands in README.md: a line or more a value, the label before the first. */
export function formatExample({ parts }: Example): string {
  return Object.entries(parts)
    .flatMap(([label, value]) =>
      linesOf(value).map((line, i) => `${(i === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`),
    )
    .join('\n')
}

/** Every value whole, on one line each. */
export function formatFull({ parts }: Example): string {
  return Object.entries(parts)
    .map(([label, value]) => `${label}: ${typeof value === 'string' ? JSON.stringify(value) : toHex(value)}`)
    .join('\n')
}

/** Bytes as hex; text as JSON strings, broken after each newline. */
function linesOf(value: Uint8Array | string): string[] {
  if (typeof value === 'string') return value.split(/(?<=\n)/).map(line => JSON.stringify(line))
  if (value.length === 0) return ['(empty)']
  if (value.length > SHOWN_BYTES_MAX) {
    const beginning = toHex(value.subarray(0, BEGINNING_BYTES))
    return [`${value.length} bytes: ${beginning}…`, `SHA-256 ${toHex(sha256(value))}`]
  }
  const hex = toHex(value)
  return hex.match(new RegExp(`.{1,${LINE_BYTES * 2}}`, 'g')) ?? []
}

/** An example that does not hold what it shows is a fault of its script. */
export function assertHolds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`the example does not hold: ${what}`)
}
