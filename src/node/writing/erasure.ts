import { UserError } from '../../base/errors.ts'
import { type AllianceId, logIdHex, type NationId, parseHash } from '../../base/ids.ts'
import { ERASURE_REASON, type ErasureReason } from '../../chain/entry-content.ts'
import { buildPurgeReceipt } from '../../chain/purge-receipt.ts'
import type { Ed25519Signer } from '../../crypto/signer.ts'
import type { EntryPosition, Store } from '../../store/store.ts'
import type { Tombstone } from '../../store/tombstone.ts'
import { encode } from '../../wire/codec.ts'
import { KIND } from '../../wire/entry.ts'
import { type EvidenceItem, Tombstone as TombstoneBody } from '../../wire/gen/tocsin.ts'
import { entryAbsent, entryAt, placeName } from '../intake/purging.ts'
import { EVIDENCE, type EvidenceBook } from '../knowledge/evidence-book.ts'
import type { OwnLog } from './own-log.ts'

export interface ErasureOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly store: Store
  readonly book: Pick<EvidenceBook, 'apply' | 'purges' | 'hasRoomForPurge'>
  readonly ownLog: Pick<OwnLog, 'append'>
  readonly witness: Ed25519Signer
  /** Why nothing may be signed now; undefined where it may. */
  hindrance(): UserError | undefined
  /** Whether this node may state anything now. */
  mayState(): boolean
  /** While nothing else is signed. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>
  /** Tells the others. */
  spread(items: readonly EvidenceItem[]): Promise<void>
}

/** erases what this nation published, and states what was destroyed here, whoever erased it. */
export function createErasure(options: ErasureOptions) {
  const { allianceId, nation, store, book } = options

  /** Throws UserError where the entry cannot be erased by this node; nothing is signed. */
  async function assertErasable({ logId, seq }: EntryPosition): Promise<void> {
    const log = store.log(logId)
    if (log?.head.nation !== nation) {
      throw new UserError('erasure-not-ours', `log ${logIdHex(logId)} is of another nation`, {
        fix: 'Ask the nation that published the entry to erase it.',
      })
    }
    const entry = seq < log.standing.size ? await entryAt(store, { logId, seq }) : undefined
    if (entry === undefined) throw entryAbsent({ logId, seq })
    if (entry.header.kind !== KIND.BATCH) {
      throw new UserError(
        'erasure-kind',
        `${placeName({ logId, seq })} holds no published items: it cannot be erased`,
        {
          fix: 'Name the entry that "tocsin indicator show" tells for a claim.',
        },
      )
    }
    if (store.tombstonesOf({ logId, seq }).some(({ stands }) => stands)) {
      throw new UserError('erasure-done', `${placeName({ logId, seq })} is erased already`, {
        fix: '"tocsin entry show" says where it is destroyed.',
      })
    }
  }

  function assertMaySign(): void {
    const hindered = options.hindrance()
    if (hindered !== undefined) throw hindered
    if (options.mayState()) return
    throw new UserError('signing-not-yet', 'nothing is signed before another nation has answered (R-2.11)', {
      fix: 'Try again when "tocsin status" says that the node is ready.',
    })
  }

  return {
    assertErasable,
    /** Signs a TOMBSTONE: it hides here at once, and elsewhere as it arrives. Returns where it stands. */
    erase: (target: EntryPosition, reason: ErasureReason, by: string): Promise<EntryPosition> =>
      options.exclusively(async () => {
        await assertErasable(target)
        assertMaySign()
        const body = encode(TombstoneBody, { ...target, reason: ERASURE_REASON[reason] })
        const records = [{ kind: 'erased', by, entry: target, name: reason }] as const
        const { logId, header } = await options.ownLog.append({
          kind: KIND.TOMBSTONE,
          build: () => ({ body, records }),
        })
        return { logId, seq: header.seq }
      }),
    /** Says what of these was destroyed here, where that is not said yet: also what an earlier run had no time for. */
    async state(purged: readonly Tombstone[]): Promise<void> {
      if (!options.mayState()) return
      const items: EvidenceItem[] = []
      for (const { target, by, purgedMs } of purged) {
        if (!book.hasRoomForPurge(by) || book.purges(by).some(said => said.nation === nation)) continue
        const entry = await entryAt(store, target)
        if (entry === undefined) continue
        const bodyHash = parseHash(entry.header.bodyHash)
        const receipt = { target, bodyHash, tombstone: by, timeSeconds: Math.floor(purgedMs / 1000) }
        items.push({ type: EVIDENCE.PURGE, body: buildPurgeReceipt(allianceId, receipt, options.witness) })
      }
      if (items.length === 0) return
      const { added } = await book.apply(items, 'self')
      if (added > 0) await options.spread(items)
    },
  }
}
