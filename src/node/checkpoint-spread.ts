import { ProtocolError } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { Host } from '../net/host.ts'
import type { PeerKeyHex } from '../net/peer-key.ts'
import type { Verdict } from '../net/verdict.ts'
import { encode } from '../wire/codec.ts'
import { Evidence, type EvidenceItem } from '../wire/gen/tocsin.ts'
import { decodeStrict } from '../wire/strict.ts'
import { createAllowance } from './allowance.ts'
import { EVIDENCE, type EvidenceBook } from './evidence-book.ts'

export interface CheckpointSpreadOptions {
  readonly host: Pick<Host, 'subscribe' | 'publish'>
  readonly book: Pick<EvidenceBook, 'apply'>
  readonly clock: Clock
  readonly logger: Logger
}

/** A Checkpoint message with one cosignature has little more than 1 KiB, and 4 KiB at most. */
const ITEMS_PER_MESSAGE = 32
const MESSAGE_BYTES_MAX = 128 * 1024
/** Messages of one neighbour that cost signature checks: of a hundred nations at their usual pace twice as many. */
const JUDGED = { burst: 1024, perSecond: 4 }

/**
 * Checkpoints and single cosignatures on their way to all by gossip, once each from whoever made them: who hears one
 * takes it in and says nothing more of it. What gossip misses comes by sync.
 */
export function createCheckpointSpread({ host, book, clock, logger }: CheckpointSpreadOptions) {
  const allowance = createAllowance(JUDGED, clock)

  /** Passed on where it says something new here. */
  async function judge(data: Uint8Array, from: PeerKeyHex): Promise<Verdict> {
    const { items } = decodeStrict(Evidence, data, MESSAGE_BYTES_MAX)
    if (items.some(({ type }) => type !== EVIDENCE.CHECKPOINT) || !allowance.take(from)) return 'ignore'
    const { added, refused } = await book.apply(items, 'gossip')
    const [refusal] = refused
    if (refusal !== undefined) throw new ProtocolError(refusal.code, refusal.reason)
    return added > 0 ? 'accept' : 'ignore'
  }

  return {
    start(): void {
      host.subscribe('heads', judge)
    },
    async spread(items: readonly EvidenceItem[]): Promise<void> {
      for (let first = 0; first < items.length; first += ITEMS_PER_MESSAGE) {
        try {
          await host.publish('heads', encode(Evidence, { items: items.slice(first, first + ITEMS_PER_MESSAGE) }))
        } catch (error) {
          logger.warn({ err: error }, 'gossip did not take a checkpoint; peers fetch it by sync')
        }
      }
    },
  }
}
