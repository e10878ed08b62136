import { UserError } from '../../base/errors.ts'
import type { TaxiiPage, TaxiiQuery } from './taxii-client.ts'

/** How far a collection has been read; what is written down after each page. */
export interface TaxiiCursor {
  /** Everything that was added up to then has been read; empty at first. */
  readonly after: string
  /** Amid a walk through the pages: what the server gave for the next one; else empty. */
  readonly next: string
  /** The latest that a page of this walk said it reaches to; empty where one said nothing. */
  readonly reached: string
  /** Whether the pages of this walk came in order of time, so that none before `reached` is still to come. */
  readonly ordered: boolean
}

export const FIRST_CURSOR: TaxiiCursor = { after: '', next: '', reached: '', ordered: true }

/**
 * A server gives times to the microsecond at best, and what is added within the same one may show only after it was
 * asked: the last moments are read twice. What was seen is recognised.
 */
const OVERLAP_US = 5_000_000n
/** How far the clock of a server may be ahead of ours: what it says beyond that would hide all that comes meanwhile. */
const AHEAD_US = 86_400_000_000n
/** Pages without objects in a row, which a server that filters may give. */
const EMPTY_PAGES_MAX = 16

/** What to ask for next. */
export function queryOf({ after, next }: TaxiiCursor, limit: number): TaxiiQuery {
  return { addedAfter: after === '' ? undefined : after, next: next === '' ? undefined : next, limit }
}

/** Where a page leaves its reader. */
export interface TaxiiStep {
  readonly cursor: TaxiiCursor
  /** Whether there is a page to be asked for now. */
  readonly more: boolean
  /** The server says that there is more, and not how to get it. */
  readonly fault: UserError | undefined
}

/** Follows one walk through the pages, and ends it where it goes in circles. `nowMs` is of our own clock. */
export function createTaxiiWalk(start: TaxiiCursor) {
  const asked = new Set([questionOf(start)])
  let cursor = start
  let emptyPages = 0

  function faultOf(on: TaxiiCursor | undefined): UserError | undefined {
    if (on === undefined) return stuck('the server says that there is more, and not how to get it')
    if (emptyPages > EMPTY_PAGES_MAX) return stuck(`${emptyPages} pages in a row are empty, and there is to be more`)
    if (asked.has(questionOf(on))) return stuck('the server gives the same page for the next one again')
    return undefined
  }

  return {
    step(page: TaxiiPage, nowMs: number): TaxiiStep {
      emptyPages = page.objects === 0 ? emptyPages + 1 : 0
      const read = { ...cursor, ...reachOf(cursor, page, nowMs) }
      if (!page.more) return { cursor: ended(read), more: false, fault: undefined }
      const on = onward(read, page)
      const fault = faultOf(on)
      if (on === undefined || fault !== undefined) return { cursor: withoutNext(read), more: false, fault }
      asked.add(questionOf(on))
      cursor = on
      return { cursor, more: true, fault: undefined }
    },
  }
}

function questionOf({ after, next }: TaxiiCursor): string {
  return `${after}\n${next}`
}

/**
 * Where to go on when the server does not know its own `next` any more, as after its restart: as far as the pages came
 * in order, else at the start of the walk.
 */
export function withoutNext(cursor: TaxiiCursor): TaxiiCursor {
  const { after, reached, ordered } = cursor
  const resumed = ordered && reached !== '' ? earlier(reached, OVERLAP_US) : after
  return { ...FIRST_CURSOR, after: later(resumed, after) }
}

/** Undefined where the page does not say. */
function onward(cursor: TaxiiCursor, { next, last }: TaxiiPage): TaxiiCursor | undefined {
  if (next !== undefined && next !== '') return { ...cursor, next }
  if (last === undefined || microseconds(last) === undefined) return undefined
  // One microsecond earlier: of those that were added at one time a page may hold a part.
  return { ...cursor, after: later(earlier(last, 1n), cursor.after), next: '' }
}

function ended(cursor: TaxiiCursor): TaxiiCursor {
  const { after, reached } = cursor
  return { ...FIRST_CURSOR, after: reached === '' ? after : later(earlier(reached, OVERLAP_US), after) }
}

function reachOf(
  { reached, ordered }: TaxiiCursor,
  { objects, first, last }: TaxiiPage,
  nowMs: number,
): Pick<TaxiiCursor, 'reached' | 'ordered'> {
  if (objects === 0) return { reached, ordered }
  const lastUs = microseconds(last ?? '')
  const firstUs = microseconds(first ?? '') ?? lastUs
  const beforeUs = microseconds(reached) ?? 0n
  if (lastUs === undefined || firstUs === undefined || lastUs > BigInt(nowMs) * 1000n + AHEAD_US) {
    return { reached, ordered: false }
  }
  const inOrder = ordered && firstUs >= beforeUs && lastUs >= firstUs
  return { reached: lastUs > beforeUs ? encodeTime(lastUs) : reached, ordered: inOrder }
}

function later(a: string, b: string): string {
  return (microseconds(b) ?? -1n) > (microseconds(a) ?? -1n) ? b : a
}

function earlier(time: string, us: bigint): string {
  const at = microseconds(time) ?? 0n
  return encodeTime(at > us ? at - us : 0n)
}

const TIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:Z|\+00:00)$/

function microseconds(text: string): bigint | undefined {
  const [, seconds = '', digits = ''] = TIME.exec(text.trim()) ?? []
  const ms = Date.parse(`${seconds}Z`)
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1000n + BigInt(digits.padEnd(6, '0').slice(0, 6))
}

function encodeTime(us: bigint): string {
  const seconds = new Date(Number(us / 1_000_000n) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${String(us % 1_000_000n).padStart(6, '0')}Z`
}

function stuck(why: string): UserError {
  return new UserError('feed-paging', why, {
    fix: 'What came so far was taken in. Tell who runs the server; until then another limit may help.',
  })
}
