import type { RPC } from '@libp2p/gossipsub/message'
import { type Rate, TokenBucket } from './token-bucket.ts'

/**
 * What one neighbour may have us do beside judging messages. Honest: a dozen grafts, prunes and offers a second, an
 * "I have it" note for each large message, and 10,000 RPCs a second at the very most.
 */
const CONTROL_RATE: Rate = { burst: 2_048, perSecond: 512 }

/** Of a subscription, a graft or a prune: each changes a table, and is answered. */
const CHANGE_COST = 1
/** Of a list of ids, beside the ids. */
const LIST_COST = 1 / 8
const ID_COST = 1 / 64
/** Of a message, beside its judgement. */
const MESSAGE_COST = 1 / 128
/** Of an RPC that brings no message. */
const IDLE_COST = 1 / 4

/** What decoding and carrying out an RPC costs. `isTopic`: whether a topic is one of ours. */
export function rpcCost({ subscriptions, messages, control }: RPC, isTopic: (topic: string) => boolean): number {
  const strange = messages.filter(({ topic }) => !isTopic(topic)).length
  const changes = subscriptions.length + (control?.graft.length ?? 0) + (control?.prune.length ?? 0) + strange
  const lists = [...(control?.ihave ?? []), ...(control?.iwant ?? []), ...(control?.idontwant ?? [])]
  const ids = lists.reduce((sum, { messageIDs }) => sum + messageIDs.length, 0)
  const fixed = messages.length === 0 ? IDLE_COST : messages.length * MESSAGE_COST
  return fixed + changes * CHANGE_COST + lists.length * LIST_COST + ids * ID_COST
}

/** StrictNoSign: gossipsub drops such a message and says nothing. No honest neighbour sends or forwards one. */
export function isSigned({ from, seqno, signature, key }: RPC.Message): boolean {
  return [from, seqno, signature, key].some(field => field !== undefined && field.length > 0)
}

/** By neighbour; of those that are gone nothing is kept. */
export class RpcMeter<Neighbour extends object> {
  readonly #rate: Rate
  readonly #buckets = new WeakMap<Neighbour, TokenBucket>()

  constructor(rate: Rate = CONTROL_RATE) {
    this.#rate = rate
  }

  take(neighbour: Neighbour, cost: number, nowMs: number): boolean {
    const bucket = this.#buckets.get(neighbour) ?? new TokenBucket(this.#rate, nowMs)
    this.#buckets.set(neighbour, bucket)
    return bucket.take(cost, nowMs)
  }
}
