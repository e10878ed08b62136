import { ProtocolError } from '../../base/errors.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { Host } from '../../net/host.ts'
import type { PeerKeyHex } from '../../net/peer-key.ts'
import type { Verdict } from '../../net/verdict.ts'
import { encode } from '../../wire/codec.ts'
import { Evidence, type EvidenceItem } from '../../wire/gen/tocsin.ts'
import { decodeStrict } from '../../wire/strict.ts'
import { EVIDENCE, type EvidenceBook } from '../knowledge/evidence-book.ts'
import { createAllowance } from '../mechanisms/allowance.ts'
import { REGISTRY_HEAD, type RegistryHeads } from './registry-heads.ts'

export interface CheckpointSpreadOptions {
  readonly host: Pick<Host, 'subscribe' | 'publish'>
  readonly book: Pick<EvidenceBook, 'apply'>
  readonly heads: Pick<RegistryHeads, 'take'>
  readonly clock: Clock
  readonly logger: Logger
}

/** A Checkpoint message with one cosignature has little more than 1 KiB, one with an ML-DSA-44 line 4 KiB. */
const ITEMS_PER_MESSAGE = 32
const MESSAGE_BYTES_MAX = 192 * 1024
const SPREAD: ReadonlySet<number> = new Set([EVIDENCE.CHECKPOINT, EVIDENCE.PURGE])
/** Messages of one neighbour that cost signature checks: of a hundred nations at their usual pace twice as many. */
const JUDGED = { burst: 1024, perSecond: 4 }

/**
 * Checkpoints, single cosignatures, purge receipts and heads of registries on their way to all by gossip, once each from
 * whoever made them: who hears one takes it in and says nothing more of it. What gossip misses of evidence comes by sync.
 */
export function createCheckpointSpread({ host, book, heads, clock, logger }: CheckpointSpreadOptions) {
  const allowance = createAllowance(JUDGED, clock)

  /** Passed on where it says something new here. */
  async function judge(data: Uint8Array, from: PeerKeyHex): Promise<Verdict> {
    const { items } = decodeStrict(Evidence, data, MESSAGE_BYTES_MAX)
    if (!allowance.take(from)) return 'ignore'
    const [first, ...further] = items
    if (first?.type === REGISTRY_HEAD && further.length === 0) return heads.take(first)
    if (items.some(({ type }) => !SPREAD.has(type))) return 'ignore'
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
