import { fromUtf8, utf8 } from '../../base/bytes.ts'
import { isNationId, type LogId, type NationId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { LogIdentity } from '../../chain/genesis.ts'
import {
  charged,
  fullQuota,
  mayFetch,
  mayFetchFromMs,
  type QuotaLeft,
  type QuotaRules,
  refilled,
  usedShare,
} from '../../policy/quota.ts'
import { countOf, momentOf } from '../../registry/phrase.ts'
import type { Store } from '../../store/store.ts'
import { NATIONS_MAX } from '../../wire/limits.ts'
import type { Committed } from '../intake/entry-writer.ts'
import type { EvidenceBook } from '../knowledge/evidence-book.ts'
import type { Problem } from '../orders/node-service.ts'

export interface QuotasOptions {
  readonly store: Pick<Store, 'commit' | 'log' | 'note' | 'state'>
  readonly book: Pick<EvidenceBook, 'directory' | 'standingOf'>
  /** Whose entries are not counted. */
  readonly nation: NationId
  readonly clock: Clock
  readonly logger: Logger
}

const NOTE = 'quotas'
const NOTED_EVERY_MS = 60_000
const ALERT_SHARE = 0.5

/**
 * for each nation: beyond a day's bytes or entries its logs are fetched at the quota's rate. What a quorum has
 * witnessed is not counted: its witnesses took it in at that rate, and a newcomer need not wait for it again.
 */
export async function openQuotas(options: QuotasOptions) {
  const { store, book, clock } = options
  const lefts = parseLefts(await store.note(NOTE))
  let dirty = false
  const timer = setInterval(keep, NOTED_EVERY_MS)

  function rules(): QuotaRules {
    const { dailyBytesPerNation: dailyBytes, dailyEntriesPerNation: dailyEntries } = book.directory().policy
    return { dailyBytes, dailyEntries }
  }

  function leftOf(nation: string): QuotaLeft {
    const nowMs = clock.now()
    const left = lefts.get(nation)
    if (left === undefined) return fullQuota(rules(), nowMs)
    // Of a clock that was set back: it fills up from now on, not from when that time comes again.
    if (left.atMs > nowMs) lefts.set(nation, { ...left, atMs: nowMs })
    return refilled(left, rules(), nowMs)
  }

  function committed(entries: readonly Committed[]): void {
    const sums = new Map<NationId, { bytes: number; entries: number }>()
    for (const { entry, own } of entries) {
      const { nation } = entry.log
      if (own || nation === options.nation || entry.header.seq < witnessedSize(entry.log)) continue
      const sum = sums.get(nation) ?? { bytes: 0, entries: 0 }
      sum.bytes += entry.headerBytes.length + entry.signature.length + entry.body.length
      sum.entries++
      sums.set(nation, sum)
    }
    for (const [nation, sum] of sums) {
      if (lefts.size >= NATIONS_MAX && !lefts.has(nation)) continue
      lefts.set(nation, charged(leftOf(nation), sum.bytes, sum.entries, rules()))
      dirty = true
    }
  }

  function witnessedSize(log: LogIdentity): number {
    return book.standingOf(log).quorate?.size ?? 0
  }

  /** How far a log may be fetched now. Of one that is not known the beginning may. */
  function allowedTo(logId: LogId): number {
    const head = store.log(logId)?.head
    if (head === undefined || head.nation === options.nation) return Number.POSITIVE_INFINITY
    return Math.max(witnessedSize(head), head.size + mayFetch(leftOf(head.nation)))
  }

  /** A full disk is no fault of this: what is lost was used since a moment ago. */
  async function keep(): Promise<void> {
    if (!dirty || store.state !== 'open') return
    dirty = false
    try {
      await store.commit({ notes: new Map([[NOTE, encodeLefts(lefts)]]) })
    } catch (error) {
      options.logger.error({ err: error }, 'what is used of the quotas could not be kept')
    }
  }

  return {
    committed,
    allowedTo,
    /** Whether more of this nation is taken in at full speed. */
    has: (nation: string): boolean => nation === options.nation || mayFetch(leftOf(nation)) > 0,
    /** When more of this nation is taken in; undefined: now. */
    waitsUntilMs(nation: string): number | undefined {
      const left = leftOf(nation)
      return nation === options.nation || mayFetch(left) > 0 ? undefined : mayFetchFromMs(left, rules())
    },
    problems(): Problem[] {
      return [...lefts.keys()].flatMap(nation => problemOf(nation, leftOf(nation), rules()) ?? [])
    },
    async stop(): Promise<void> {
      clearInterval(timer)
      await keep()
    },
  }
}

export type Quotas = Awaited<ReturnType<typeof openQuotas>>

function problemOf(nation: string, left: QuotaLeft, rules: QuotaRules): Problem | undefined {
  if (usedShare(left, rules) < ALERT_SHARE) return undefined
  const isOver = mayFetch(left) === 0
  const hourly = countOf(Math.max(1, Math.floor(rules.dailyEntries / 24)), 'entry', 'entries')
  const next = momentOf(mayFetchFromMs(left, rules))
  return {
    grade: 'warning',
    code: isOver ? 'quota-reached' : 'quota-half',
    occasion: nation,
    message: isOver
      ? `${nation} has published more than its quota of a day: nothing is lost, the rest comes at the rate of the quota, at most ${hourly} an hour, the next from ${next} on`
      : `${nation} has used more than half of its quota of a day`,
    fix: `Ask ${nation} whether it means to publish so much; the governors set the quota: tocsin alliance propose policy daily-entries=N daily-bytes=N`,
  }
}

/** `NATION BYTES ENTRIES MS` a line. */
function encodeLefts(lefts: ReadonlyMap<string, QuotaLeft>): Uint8Array {
  const lines = [...lefts].map(([nation, { bytes, entries, atMs }]) =>
    [nation, Math.floor(bytes), Math.floor(entries), atMs].join(' '),
  )
  return utf8(lines.join('\n'))
}

function parseLefts(note: Uint8Array | undefined): Map<string, QuotaLeft> {
  const lefts = new Map<string, QuotaLeft>()
  for (const line of note === undefined ? [] : fromUtf8(note).split('\n')) {
    const [nation = '', ...numbers] = line.split(' ')
    const [bytes, entries, atMs] = numbers.map(Number)
    if (isNationId(nation) && [bytes, entries, atMs].every(Number.isSafeInteger))
      lefts.set(nation, { bytes: bytes!, entries: entries!, atMs: atMs! })
  }
  return lefts
}
