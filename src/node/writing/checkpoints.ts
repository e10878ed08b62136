import type { AllianceId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { LogHead } from '../../chain/log-head.ts'
import { postQuantumTree } from '../../chain/post-quantum.ts'
import type { MlDsaSigner } from '../../crypto/signer.ts'
import type { Store } from '../../store/store.ts'
import type { EvidenceItem } from '../../wire/gen/tocsin.ts'
import type { EvidenceBook } from '../knowledge/evidence-book.ts'
import { heldCheckpoint } from '../knowledge/held-checkpoint.ts'
import { makeCheckpoint, makePostQuantum } from '../knowledge/own-evidence.ts'
import type { OwnLog } from './own-log.ts'

export interface CheckpointOptions {
  readonly allianceId: AllianceId
  readonly store: Store
  readonly book: EvidenceBook
  readonly ownLog: Pick<OwnLog, 'current' | 'signerOf'>
  /** Whether anything may be signed now. */
  maySign(): boolean
  /** Tells the others. */
  spread(items: readonly EvidenceItem[]): Promise<void>
  /** The ML-DSA-44 key beside a signing key of this node. */
  postQuantumSigner(signPk: Uint8Array): MlDsaSigner | undefined
  readonly clock: Clock
  readonly intervalMs: number
  readonly postQuantumMs: number
  readonly logger: Logger
}

/** Checkpoints of the own log, made as it grows, so that others can fetch it under one signature. */
export function startCheckpoints(options: CheckpointOptions) {
  const { store, book, ownLog, logger } = options
  const timer = setInterval(() => {
    make().catch(error => logger.error({ err: error }, 'no checkpoint could be made'))
  }, options.intervalMs)

  async function make(): Promise<void> {
    const head = ownLog.current()
    if (head === undefined || store.state !== 'open' || !options.maySign()) return
    const signer = ownLog.signerOf(head.signPk)
    const made: EvidenceItem[] = []
    if (signer !== undefined && (book.newestCheckpoint(head.logId)?.checkpoint.size ?? 0) < head.size) {
      made.push(await keep(await makeCheckpoint(store, options.allianceId, head, signer)))
    }
    const line = await makeLine(head)
    if (line !== undefined) made.push(await keep(line))
    if (made.length > 0) await options.spread(made)
  }

  /** hourly at most, of a tree that has none yet: to sign is hedged, and would give other bytes each time. */
  async function makeLine(head: LogHead): Promise<EvidenceItem | undefined> {
    const { allianceId, clock } = options
    const author = options.postQuantumSigner(head.signPk)
    const newest = heldCheckpoint(book, store, head.logId, head.size)
    if (author === undefined || newest === undefined) return undefined
    const last = postQuantumTree(book.checkpoints(head.logId))
    const timeSeconds = Math.floor(clock.now() / 1000)
    // A clock that was set back holds nothing up.
    const waits = last !== undefined && Math.abs(timeSeconds - last.timeSeconds) * 1000 < options.postQuantumMs
    if (waits || (last?.size ?? 0) >= newest.size) return undefined
    return makePostQuantum(store, allianceId, newest, author, timeSeconds)
  }

  async function keep(item: EvidenceItem): Promise<EvidenceItem> {
    await book.apply([item], 'self')
    return item
  }

  return {
    make,
    stop(): void {
      clearInterval(timer)
    },
  }
}
