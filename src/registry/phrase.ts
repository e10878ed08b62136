import { visibleText } from '../base/visible-text.ts'

/** The small phrases of which sentences about documents are made. What others wrote is quoted, so that it cannot pose as ours. */

const KEY_NAME_DIGITS = 32
const SHORT_ID_DIGITS = 16

/** The first half of a key id, in groups that two people can read to each other. */
export function keyName(idHex: string): string {
  return idHex.slice(0, KEY_NAME_DIGITS).match(/.{4}/g)!.join(' ')
}

/** Enough of a key or log to find it in a listing; too little to compare by. */
export function shortId(hex: string): string {
  return `${hex.slice(0, SHORT_ID_DIGITS)}…`
}

export function quoted(text: string): string {
  return visibleText(JSON.stringify(text))
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(names: readonly string[], word = 'and'): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`
}

export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** In UTC. */
export function dayOf(timeMs: number): string {
  return isoTime(timeMs).split('T')[0]!
}

/** In UTC, to the second. */
export function momentOf(timeMs: number): string {
  return isoTime(timeMs)
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
}

/** The last that a Date can hold; the times of documents may go beyond. */
const DATE_MS_MAX = 8.64e15

/** ISO 8601 in UTC, with milliseconds. */
export function isoTime(timeMs: number): string {
  return new Date(Math.min(timeMs, DATE_MS_MAX)).toISOString()
}
