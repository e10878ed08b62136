import { InvalidArgumentError } from 'commander'

/** Parsers for what stands on the command line; commander says which argument it was. */

/** What is written whole, or not at all, is a file. */
export function parseTarget(text: string): string {
  if (text !== '-') return text
  throw new InvalidArgumentError('It is the name of a file; standard output is none, for it may break off.')
}

/** A whole number from `min` to `max`. */
export function parseWhole(min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`)
  }
}

const SIZE = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b)?$/i
const SIZE_UNITS = ['', 'k', 'm', 'g', 't']

/** `500M`, `10GiB`, `4096`: bytes, in powers of 1024. */
export function parseBytes(text: string): number {
  const [, number, unit = ''] = SIZE.exec(text.trim()) ?? []
  const bytes = Math.floor(Number(number) * 1024 ** SIZE_UNITS.indexOf(unit.toLowerCase()))
  if (number !== undefined && bytes > 0 && Number.isSafeInteger(bytes)) return bytes
  throw new InvalidArgumentError('It is a number of bytes such as 500M or 10GiB.')
}

const SPAN = /^(\d{1,6})(m|h|d|w)$/
const SPAN_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const DAY_LENGTH = 'YYYY-MM-DD'.length
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/i

/** `2026-11-21`, `2026-11-21T18:00:00Z` (UTC where no zone is said) or `7d` for seven days before now. Milliseconds. */
export function parsePast(text: string): number {
  return parseMoment(text, -1)
}

/** As `parsePast`, but `7d` is seven days from now. */
export function parseFuture(text: string): number {
  return parseMoment(text, 1)
}

function parseMoment(text: string, direction: 1 | -1): number {
  const [, count, unit = ''] = SPAN.exec(text) ?? []
  if (count !== undefined) return Date.now() + direction * Number(count) * SPAN_MS[unit]!
  const moment = MOMENT.exec(text)
  if (moment !== null) {
    const zoned = text.length === DAY_LENGTH || moment[1] !== undefined ? text : `${text}Z`
    const timeMs = Date.parse(zoned.replace(' ', 'T'))
    if (timeMs >= 0 && isDay(text.slice(0, DAY_LENGTH))) return timeMs
  }
  throw new InvalidArgumentError('It is a time such as 2026-11-21, 2026-11-21T18:00:00Z, or 7d, 12h, 30m.')
}

/** `Date` takes the 31st of February for the 3rd of March. */
function isDay(text: string): boolean {
  return new Date(Date.parse(text)).toISOString().startsWith(text)
}

/** For options that may be given several times. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text]
}
