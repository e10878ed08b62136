import type { AllianceId } from '../base/ids.ts'
import type { Logger } from '../base/ports.ts'
import type { Store } from '../store/store.ts'
import type { EvidenceItem } from '../wire/gen/tocsin.ts'
import type { EvidenceBook } from './evidence-book.ts'
import { makeCheckpoint } from './own-evidence.ts'
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
  readonly intervalMs: number
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
    if (signer === undefined || (book.newestCheckpoint(head.logId)?.checkpoint.size ?? 0) >= head.size) return
    const items = [await makeCheckpoint(store, options.allianceId, head, signer)]
    await book.apply(items, 'self')
    await options.spread(items)
  }

  return {
    make,
    stop(): void {
      clearInterval(timer)
    },
  }
}
