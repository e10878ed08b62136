import { ProtocolError } from '../../base/errors.ts'
import { parseTlp, type Tlp } from '../../indicator/marking.ts'

/** What cells other than the value itself say: times, confidence, marking. Undefined where a cell says nothing usable. */

/** How a column of `3/4/2021` is meant, if its rows tell. */
export type DateOrder = 'day-first' | 'month-first'

const ISO = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})/
const SLASHED = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)/
const TIME = /[T\s](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i
const EPOCH = /^\d{10}(?:\d{3})?$/
/** Years of two digits are of this century: no indicator is older. */
const CENTURY = 2000

/** Milliseconds since 1970; without a zone UTC is meant. Dates of unclear order need `order`. */
export function parseMoment(text: string, order?: DateOrder): number | undefined {
  const trimmed = text.trim()
  if (EPOCH.test(trimmed)) return Number(trimmed) * (trimmed.length === 10 ? 1000 : 1)
  const date = parseDate(trimmed, order)
  if (date === undefined) return undefined
  const rest = trimmed.slice(date.length)
  if (rest.trim() === '' || /^\s*(?:Z|UTC|GMT)$/i.test(rest)) return date.dayMs
  const time = TIME.exec(rest)
  if (time === null || time.index !== 0) return undefined
  const [, hour = '', minute = '', second = '0', fraction = '', zone = ''] = time
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  const withinDayMs = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000
  return date.dayMs + withinDayMs + Math.floor(Number(`0.${fraction || 0}`) * 1000) - zoneMs(zone)
}

/** The order that one cell proves, if any: 13 and above can only be a day. */
export function dateOrderOf(text: string): DateOrder | undefined {
  const match = SLASHED.exec(text.trim())
  if (match === null) return undefined
  if (Number(match[1]) > 12) return 'day-first'
  return Number(match[2]) > 12 ? 'month-first' : undefined
}

/** Whether the cell has the form of a date, though its order may be unclear. */
export function looksLikeDate(text: string): boolean {
  return parseMoment(text, 'day-first') !== undefined || parseMoment(text, 'month-first') !== undefined
}

function parseDate(text: string, order: DateOrder | undefined): { dayMs: number; length: number } | undefined {
  const iso = ISO.exec(text)
  if (iso !== null) return dayOf(Number(iso[1]), Number(iso[2]), Number(iso[3]), iso[0].length)
  const slashed = SLASHED.exec(text)
  if (slashed === null) return undefined
  const meant = dateOrderOf(text) ?? order
  if (meant === undefined) return undefined
  const [first, second] = [Number(slashed[1]), Number(slashed[2])]
  const year = Number(slashed[3]) + (slashed[3]!.length === 2 ? CENTURY : 0)
  const [day, month] = meant === 'day-first' ? [first, second] : [second, first]
  return dayOf(year, month, day, slashed[0].length)
}

function dayOf(
  year: number,
  month: number,
  day: number,
  length: number,
): { dayMs: number; length: number } | undefined {
  const dayMs = Date.UTC(year, month - 1, day)
  const date = new Date(dayMs)
  const real = year >= 1970 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return real ? { dayMs, length } : undefined
}

function zoneMs(zone: string): number {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (match === null) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000
}

/** Words as STIX 2.1 appendix A.2 puts them into numbers. */
const CONFIDENCE_WORDS: Readonly<Record<string, number>> = { none: 0, low: 15, med: 50, medium: 50, high: 85 }

/** 0 to 100, from a number, a percentage or a word. */
export function parseConfidence(text: string): number | undefined {
  const word = text.trim().toLowerCase()
  if (Object.hasOwn(CONFIDENCE_WORDS, word)) return CONFIDENCE_WORDS[word]
  const match = /^(\d{1,3})(?:\.\d+)?\s*%?$/.exec(word)
  return match !== null && Number(match[1]) <= 100 ? Number(match[1]) : undefined
}

export function parseTlpCell(text: string): Tlp | undefined {
  if (text.trim() === '') return undefined
  try {
    return parseTlp(text)
  } catch (cause) {
    if (cause instanceof ProtocolError) return undefined
    throw cause
  }
}
