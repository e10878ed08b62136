import { UserError } from '../../base/errors.ts'
import { logIdHex } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import type { EntryPosition, Store } from '../../store/store.ts'
import type { Tombstone } from '../../store/tombstone.ts'
import { KIND, type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { createTurns } from '../mechanisms/turns.ts'

export interface PurgingOptions {
  readonly store: Store
  readonly audit: Pick<AuditLog, 'record'>
  /** Resolves when nothing that is held waits to be opened. */
  opened(): Promise<void>
  /** How long this node ran in all. */
  ranMs(): number
  /** What stands and was destroyed here, now or before. */
  purged(tombstones: readonly Tombstone[]): Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/** so long a bound has to come that undoes what a thief erased. */
const GRACE_MS = 14 * DAY_MS
const LOOK_MS = 600_000
/** Destroyed at once: each batch costs a merge of tables. */
const PURGES_PER_TURN = 256

/**
 * destroys here what its nation erased, once the TOMBSTONE has stood for 14 days in which this node ran. A clock
 * that was set brings that no nearer, and a node that was away takes longer.
 */
export function startPurging(options: PurgingOptions) {
  const { store, clock, logger } = options
  const inTurn = createTurns()
  const timer = setInterval(() => {
    inTurn(look).catch(error => logger.error({ err: error }, 'what was erased could not be destroyed'))
  }, LOOK_MS)

  async function look(): Promise<void> {
    if (store.state !== 'open') return
    await watch()
    const ranMs = options.ranMs()
    const standing = [...store.tombstones()].filter(({ stands }) => stands)
    const due = standing.filter(
      ({ sinceRanMs, purgedMs }) => purgedMs === 0 && sinceRanMs !== undefined && ranMs - sinceRanMs >= GRACE_MS,
    )
    for (let at = 0; at < due.length; at += PURGES_PER_TURN) await destroy(due.slice(at, at + PURGES_PER_TURN), 'node')
    await options.purged(standing.filter(({ purgedMs }) => purgedMs > 0))
  }

  /** Since when each stands. One that does not stand for a time begins anew. */
  async function watch(): Promise<void> {
    const ranMs = options.ranMs()
    const moved = [...store.tombstones()].filter(({ stands, sinceRanMs }) => stands !== (sinceRanMs !== undefined))
    const tombstones = moved.map(each => ({ ...each, sinceRanMs: each.stands ? ranMs : undefined }))
    if (tombstones.length > 0) await store.commit({ tombstones })
  }

  /** Takes the bodies and all that was opened from them, where they are here. */
  async function destroy(tombstones: readonly Tombstone[], by: string): Promise<void> {
    await options.opened()
    const held: Tombstone[] = []
    for (const tombstone of tombstones) {
      const entry = await entryAt(store, tombstone.target)
      if (entry?.header.kind === KIND.BATCH) held.push(tombstone)
    }
    if (held.length === 0) return
    const targets = [...new Map(held.map(({ target }) => [placeName(target), target])).values()]
    for (const entry of targets) await options.audit.record({ kind: 'purged', by, entry })
    const purged = held.map(tombstone => ({ ...tombstone, purgedMs: clock.now() }))
    await store.purge(targets, purged)
    for (const target of targets) logger.info({ entry: placeName(target) }, 'destroyed what was erased')
    await options.purged(purged)
  }

  return {
    /** at once, by this node's operator. Throws UserError where no TOMBSTONE that stands names the entry. */
    purge: (target: EntryPosition, by: string): Promise<void> =>
      inTurn(async () => {
        const tombstone = store.tombstonesOf(target).find(({ stands }) => stands)
        if (tombstone === undefined) {
          throw new UserError(
            'erasure-absent',
            `${placeName(target)} is not erased: no TOMBSTONE that stands names it`,
            {
              fix: 'The nation that published it erases it with "tocsin entry erase".',
            },
          )
        }
        if ((await entryAt(store, target)) === undefined) throw entryAbsent(target)
        await destroy([tombstone], by)
      }),
    /** Looks at what has stood long enough. */
    look: () => inTurn(look),
    async stop(): Promise<void> {
      clearInterval(timer)
      await inTurn(async () => {})
    },
  }
}

export async function entryAt(store: Pick<Store, 'entry'>, place: EntryPosition): Promise<ParsedEntry | undefined> {
  const bytes = await store.entry(place.logId, place.seq)
  return bytes && parseEnvelope(bytes)
}

export function entryAbsent(entry: EntryPosition): UserError {
  return new UserError('entry-absent', `no entry ${placeName(entry)} stands here`, {
    fix: 'Entries are counted from 0; "tocsin status" says how long each log is.',
  })
}

/** `LOG/SEQ`. */
export function placeName({ logId, seq }: EntryPosition): string {
  return `${logIdHex(logId)}/${seq}`
}
