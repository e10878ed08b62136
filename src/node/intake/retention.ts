import { EMPTY } from '../../base/bytes.ts'
import { ProtocolError } from '../../base/errors.ts'
import { logIdHex } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { parseItem } from '../../indicator/item.ts'
import type { Tlp } from '../../indicator/marking.ts'
import { bodyDays, type RetentionRules } from '../../policy/retention.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import type { Store, StoredLog } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { KIND, type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import { createTurns } from '../mechanisms/turns.ts'
import type { BodyBook } from './body-book.ts'
import type { Pruned } from './pruned.ts'

export interface RetentionOptions {
  readonly store: Store
  readonly pruned: Pruned
  readonly bodies: Pick<BodyBook, 'release'>
  rules(): RetentionRules
  /** How far this node has stated that it holds a log with its bodies, or need not state it. */
  statedSize(log: StoredLog): Promise<number>
  /** Below it all is opened that can be. */
  openedTo(log: StoredLog): number
  /** Our clock less those of the others; undefined while none is known. */
  clockSkewMs(): number | undefined
  idle(): boolean
  readonly clock: Clock
  readonly logger: Logger
}

const LOOK_MS = 600_000
const PAGE_ENTRIES = 256
const PAGE_BYTES_MAX = 8 * 1024 * 1024
/** A clock that is farther off from those of the others destroys nothing. */
const SKEW_MAX_MS = 3_600_000

/**
 * takes the bodies of a log's oldest BATCHes once they are older than they are kept, up to the first that is not.
 * Headers, leaves, grants and whatever else is no BATCH stay, and so do the items that were opened. What the alliance
 * keeps for longer than this nation goes only after it was stated to be here.
 */
export function startRetention(options: RetentionOptions) {
  const { store, pruned, clock, logger } = options
  const inTurn = createTurns()
  let stopped = false
  const timer = setInterval(() => {
    inTurn(look).catch(error => logger.error({ err: error }, 'bodies could not be pruned'))
  }, LOOK_MS)

  async function look(): Promise<void> {
    const skewMs = options.clockSkewMs()
    if (skewMs === undefined || Math.abs(skewMs) > SKEW_MAX_MS) return
    for (const log of [...store.logs()]) await prune(log)
  }

  async function prune(log: StoredLog): Promise<void> {
    const { logId } = log.head
    const end = Math.min(log.standing.size, options.openedTo(log))
    const statedSize = await options.statedSize(log)
    const from = pruned.to(logId)
    let bytes = 0
    for (let at = from; at < end && !stopped && options.idle() && store.state === 'open'; ) {
      const page = await store.entriesRange(logId, at, Math.min(PAGE_ENTRIES, end - at), PAGE_BYTES_MAX)
      const due = await dueOf(page.map(parseEnvelope), statedSize)
      if (due.length === 0) break
      at += due.length
      const emptied = due.filter(hasBody)
      for (const { body } of emptied) bytes += body.length
      const bodies = emptied.map(entry => ({ ...entry, body: EMPTY }))
      await store.commit({ logs: [{ logId, bodies }], notes: pruned.notes(logId, at) })
      pruned.reached(logId, at)
      options.bodies.release(logId, at)
      if (due.length < page.length) break
    }
    if (bytes === 0) return
    await store.compact(logId, from, pruned.to(logId))
    logger.info({ log: logIdHex(logId), to: pruned.to(logId), bytes }, 'pruned bodies that were old enough')
  }

  /** The first of them, up to one that is to be kept. */
  async function dueOf(entries: readonly ParsedEntry[], statedSize: number): Promise<readonly ParsedEntry[]> {
    const rules = options.rules()
    const nowMs = clock.now()
    for (const [i, entry] of entries.entries()) {
      if (!hasBody(entry)) continue
      const { seq, timeMs } = entry.header
      const tlps = rules.daysByTlp.size === 0 ? [] : await tlpsOf(entry)
      const isOld = timeMs < nowMs - bodyDays(rules, tlps) * DAY_MS
      if (!isOld || (seq >= statedSize && timeMs >= nowMs - rules.allianceDays * DAY_MS)) return entries.slice(0, i)
    }
    return entries
  }

  /** Of what was opened from it here. */
  async function tlpsOf({ logId, header }: ParsedEntry): Promise<readonly Tlp[]> {
    const nation = store.log(logId)?.head.nation
    if (nation === undefined) return []
    const tlps: Tlp[] = []
    for (const id of await store.openedIds({ logId, seq: header.seq })) {
      for (const { item } of await store.itemsOfId({ nation, id })) tlps.push(...tlpOf(item))
    }
    return tlps
  }

  return {
    /** Looks at once. */
    look: () => inTurn(look),
    async stop(): Promise<void> {
      stopped = true
      clearInterval(timer)
      await inTurn(async () => {})
    },
  }
}

function hasBody({ header, body }: ParsedEntry): boolean {
  return header.kind === KIND.BATCH && body.length > 0
}

function tlpOf(bytes: Uint8Array): readonly Tlp[] {
  try {
    const parsed = parseItem(decodeLoose(Item, bytes, false))
    return 'marking' in parsed ? [parsed.marking.tlp] : []
  } catch (error) {
    if (error instanceof ProtocolError) return []
    throw error
  }
}
