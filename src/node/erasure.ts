import { UserError } from '../base/errors.ts'
import { type AllianceId, logIdHex, type NationId, parseHash } from '../base/ids.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { ERASURE_REASON, type ErasureReason } from '../chain/entry-content.ts'
import { buildPurgeReceipt } from '../chain/purge-receipt.ts'
import type { Ed25519Signer } from '../crypto/signer.ts'
import { DAY_MS } from '../registry/doc-fields.ts'
import type { EntryPosition, Store, Tombstone } from '../store/store.ts'
import { encode } from '../wire/codec.ts'
import { KIND, type ParsedEntry, parseEnvelope } from '../wire/entry.ts'
import { type EvidenceItem, Tombstone as TombstoneBody } from '../wire/gen/tocsin.ts'
import type { AuditLog } from './audit-log.ts'
import { EVIDENCE, type EvidenceBook } from './evidence-book.ts'
import type { OwnLog } from './own-log.ts'
import { createTurns } from './turns.ts'

export interface ErasureOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly store: Store
  readonly book: Pick<EvidenceBook, 'apply' | 'purges'>
  readonly ownLog: Pick<OwnLog, 'append'>
  readonly witness: Ed25519Signer
  readonly audit: Pick<AuditLog, 'record'>
  /** Why nothing may be signed now; undefined where it may. */
  hindrance(): UserError | undefined
  /** Whether this node may state anything now. */
  maySign(): boolean
  /** While nothing else is signed. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>
  /** Resolves when nothing that is held waits to be opened. */
  opened(): Promise<void>
  /** How long this node ran in all. */
  ranMs(): number
  /** Tells the others. */
  spread(items: readonly EvidenceItem[]): Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/** so long a bound has to come that undoes what a thief erased. */
const GRACE_MS = 14 * DAY_MS
const LOOK_MS = 600_000
/** Destroyed at once: each batch costs a merge of tables. */
const PURGES_PER_TURN = 256

/**
 * erases what this nation published, and destroys here what any nation erased, once its TOMBSTONE has stood for 14
 * days in which this node ran. A clock that was set brings that no nearer, a node that was away takes longer.
 */
export function startErasure(options: ErasureOptions) {
  const { allianceId, store, book, clock, logger } = options
  const inTurn = createTurns()
  const timer = setInterval(() => {
    inTurn(look).catch(error => logger.error({ err: error }, 'what was erased could not be destroyed'))
  }, LOOK_MS)

  async function look(): Promise<void> {
    if (store.state !== 'open') return
    const ranMs = options.ranMs()
    const all = [...store.tombstones()]
    const moved = all.filter(({ stands, sinceRanMs }) => stands !== (sinceRanMs !== undefined))
    if (moved.length > 0) {
      const tombstones = moved.map(each => ({ ...each, sinceRanMs: each.stands ? ranMs : undefined }))
      await store.commit({ tombstones })
    }
    const due = all.filter(({ stands, sinceRanMs, purgedMs }) => {
      return stands && purgedMs === 0 && sinceRanMs !== undefined && ranMs - sinceRanMs >= GRACE_MS
    })
    for (let at = 0; at < due.length; at += PURGES_PER_TURN) await destroy(due.slice(at, at + PURGES_PER_TURN), 'node')
    await state(all)
  }

  /** Takes the bodies and all that was opened from them; what is not here has nothing to take. */
  async function destroy(tombstones: readonly Tombstone[], by: string): Promise<void> {
    await options.opened()
    const held: Tombstone[] = []
    for (const tombstone of tombstones) {
      const entry = await entryAt(tombstone.target)
      if (entry?.header.kind === KIND.BATCH) held.push(tombstone)
    }
    if (held.length === 0) return
    const purgedMs = clock.now()
    for (const { target } of held) await options.audit.record({ kind: 'purged', by, entry: target })
    const targets = new Map(held.map(({ target }) => [placeName(target), target]))
    await store.purge(
      [...targets.values()],
      held.map(({ stands: _, ...tombstone }) => ({ ...tombstone, purgedMs })),
    )
    for (const { target } of held) logger.info({ entry: placeName(target) }, 'destroyed what was erased')
    await state(held.map(tombstone => ({ ...tombstone, purgedMs })))
  }

  /** Says what was destroyed here, where that is not said yet: also what an earlier run had no time for. */
  async function state(tombstones: readonly Tombstone[]): Promise<void> {
    if (!options.maySign()) return
    const items: EvidenceItem[] = []
    for (const { target, by, stands, purgedMs } of tombstones) {
      if (!stands || purgedMs === 0 || book.purges(by).some(({ nation }) => nation === options.nation)) continue
      const entry = await entryAt(target)
      if (entry === undefined) continue
      const bodyHash = parseHash(entry.header.bodyHash)
      const receipt = { target, bodyHash, tombstone: by, timeSeconds: Math.floor(purgedMs / 1000) }
      items.push({ type: EVIDENCE.PURGE, body: buildPurgeReceipt(allianceId, receipt, options.witness) })
    }
    if (items.length === 0) return
    const { added } = await book.apply(items, 'self')
    if (added > 0) await options.spread(items)
  }

  async function entryAt({ logId, seq }: EntryPosition): Promise<ParsedEntry | undefined> {
    const bytes = await store.entry(logId, seq)
    return bytes && parseEnvelope(bytes)
  }

  /** Throws UserError where the entry cannot be erased by this node. */
  async function assertErasable({ logId, seq }: EntryPosition): Promise<void> {
    const log = store.log(logId)
    if (log?.head.nation !== options.nation) {
      throw new UserError('erasure-not-ours', `log ${logIdHex(logId)} is of another nation`, {
        fix: 'Ask the nation that published the entry to erase it.',
      })
    }
    const entry = seq < log.standing.size ? await entryAt({ logId, seq }) : undefined
    if (entry === undefined) throw absent({ logId, seq })
    if (entry.header.kind !== KIND.BATCH) {
      throw new UserError('erasure-kind', `${placeName({ logId, seq })} holds no published items: it cannot be erased`)
    }
    if (standing({ logId, seq }) !== undefined) {
      throw new UserError('erasure-done', `${placeName({ logId, seq })} is erased already`)
    }
  }

  function standing(target: EntryPosition): Tombstone | undefined {
    return store.tombstonesOf(target).find(({ stands }) => stands)
  }

  return {
    /** Throws UserError where `erase` would, and nothing is signed. */
    assertErasable,
    /** Signs a TOMBSTONE: hidden here at once, and elsewhere as it arrives. */
    async erase(target: EntryPosition, reason: ErasureReason, by: string): Promise<EntryPosition> {
      return options.exclusively(async () => {
        await assertErasable(target)
        const hindered = options.hindrance()
        if (hindered !== undefined) throw hindered
        if (!options.maySign()) {
          throw new UserError('signing-not-yet', 'nothing is signed before another nation has answered (R-2.11)', {
            fix: 'Try again when "tocsin status" says that the node is ready.',
          })
        }
        const body = encode(TombstoneBody, { ...target, reason: ERASURE_REASON[reason] })
        const records = [{ kind: 'erased', by, entry: target, name: reason }] as const
        const { logId, header } = await options.ownLog.append({
          kind: KIND.TOMBSTONE,
          build: () => ({ body, records }),
        })
        return { logId, seq: header.seq }
      })
    },
    /** at once, by this node's operator. Throws UserError where no TOMBSTONE that stands names the entry. */
    purge: (target: EntryPosition, by: string): Promise<void> =>
      inTurn(async () => {
        const tombstone = standing(target)
        if (tombstone === undefined) {
          throw new UserError(
            'erasure-absent',
            `${placeName(target)} is not erased: no TOMBSTONE that stands names it`,
            {
              fix: 'The nation that published it erases it with "tocsin entry erase".',
            },
          )
        }
        if ((await entryAt(target)) === undefined) throw absent(target)
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

export type Erasures = ReturnType<typeof startErasure>

function absent(entry: EntryPosition): UserError {
  return new UserError('entry-absent', `no entry ${placeName(entry)} stands here`)
}

/** `LOG/SEQ`. */
export function placeName({ logId, seq }: EntryPosition): string {
  return `${logIdHex(logId)}/${seq}`
}
