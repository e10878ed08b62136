import type { RPC } from '@libp2p/gossipsub/message'
import type { MessageId } from '@libp2p/gossipsub/types'

export interface MessageCacheLimits {
  /** Heartbeats for which a message is kept, and can be forwarded or asked for. */
  readonly windows: number
  /** Heartbeats for which its id is offered to neighbours outside the mesh. */
  readonly offeredWindows: number
  readonly bytesMax: number
  /** What one neighbour is offered, and is sent on asking, in one heartbeat. */
  readonly answerBytesMax: number
  readonly answerMessagesMax: number
}

interface CachedMessage {
  readonly message: RPC.Message
  readonly bytes: number
  validated: boolean
  /** Neighbours that sent it too while its verdict was pending: they need no copy from us. */
  originatingPeers: Set<string>
  readonly askedBy: Map<string, number>
}

interface Answered {
  bytes: number
  messages: number
}

/** Framing and topic of a message in an RPC, on top of its data. */
const ENVELOPE_BYTES = 160

/**
 * Gossipsub's cache of the last few heartbeats' messages, bounded in bytes. An answer to IWANT is one RPC, and an RPC
 * over the receiver's frame limit makes it drop the sender for good; gossipsub itself bounds ids, not bytes (R-5.1).
 * So no neighbour is offered, nor sent, more than `answerBytesMax` in one heartbeat. The methods are those that
 * gossipsub calls on its own `MessageCache`.
 */
export class BoundedMessageCache {
  readonly msgs: Map<string, CachedMessage> = new Map()
  notValidatedCount = 0
  readonly #limits: MessageCacheLimits
  readonly #windows: (MessageId & { readonly topic: string })[][]
  readonly #answered = new Map<string, Answered>()
  #bytes = 0

  constructor(limits: MessageCacheLimits) {
    this.#limits = limits
    this.#windows = Array.from({ length: limits.windows }, () => [])
  }

  get size(): number {
    return this.msgs.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Remembers a message in the newest window; false if it is there already. The oldest make room. */
  put(id: MessageId, message: RPC.Message, validated = false): boolean {
    if (this.msgs.has(id.msgIdStr)) return false
    const bytes = (message.data?.length ?? 0) + ENVELOPE_BYTES
    this.msgs.set(id.msgIdStr, { message, bytes, validated, originatingPeers: new Set(), askedBy: new Map() })
    this.#windows[0]!.push({ ...id, topic: message.topic })
    this.#bytes += bytes
    if (!validated) this.notValidatedCount++
    for (const oldest of this.msgs.keys()) {
      if (this.#bytes <= this.#limits.bytesMax) break
      this.remove(oldest)
    }
    return true
  }

  observeDuplicate(id: string, peer: string): void {
    const cached = this.msgs.get(id)
    if (cached !== undefined && !cached.validated) cached.originatingPeers.add(peer)
  }

  /** The message for an IWANT of `peer` with how often it asked, or null beyond what it may have this heartbeat. */
  getWithIWantCount(id: string, peer: string): { msg: RPC.Message; count: number } | null {
    const cached = this.msgs.get(id)
    if (cached === undefined || !this.#mayAnswer(peer, cached.bytes)) return null
    const count = (cached.askedBy.get(peer) ?? 0) + 1
    cached.askedBy.set(peer, count)
    return { msg: cached.message, count }
  }

  #mayAnswer(peer: string, bytes: number): boolean {
    const answered = this.#answered.get(peer) ?? { bytes: 0, messages: 0 }
    if (!fits(answered, bytes, this.#limits)) return false
    answered.bytes += bytes
    answered.messages++
    this.#answered.set(peer, answered)
    return true
  }

  /** Ids to offer in IHAVE, newest first, no more over all topics than one answer may carry. */
  getGossipIDs(topics: Set<string>): Map<string, Uint8Array[]> {
    const idsByTopic = new Map<string, Uint8Array[]>()
    const offered: Answered = { bytes: 0, messages: 0 }
    for (const window of this.#windows.slice(0, this.#limits.offeredWindows)) {
      for (const { msgId, msgIdStr, topic } of window.toReversed()) {
        const cached = this.msgs.get(msgIdStr)
        if (cached === undefined || !cached.validated || !topics.has(topic)) continue
        if (!fits(offered, cached.bytes, this.#limits)) return idsByTopic
        offered.bytes += cached.bytes
        offered.messages++
        const ids = idsByTopic.get(topic)
        if (ids === undefined) idsByTopic.set(topic, [msgId])
        else ids.push(msgId)
      }
    }
    return idsByTopic
  }

  /** Marks a message as good to forward; null once it is forgotten. */
  validate(id: string): { message: RPC.Message; originatingPeers: Set<string> } | null {
    const cached = this.msgs.get(id)
    if (cached === undefined) return null
    if (!cached.validated) this.notValidatedCount--
    cached.validated = true
    const { message, originatingPeers } = cached
    cached.originatingPeers = new Set()
    return { message, originatingPeers }
  }

  remove(id: string): { message: RPC.Message; originatingPeers: Set<string> } | null {
    const cached = this.msgs.get(id)
    if (cached === undefined) return null
    this.msgs.delete(id)
    this.#bytes -= cached.bytes
    if (!cached.validated) this.notValidatedCount--
    return cached
  }

  /** One heartbeat passes: the oldest window is forgotten, and every neighbour may ask anew. */
  shift(): void {
    for (const { msgIdStr } of this.#windows.pop() ?? []) this.remove(msgIdStr)
    this.#windows.unshift([])
    this.#answered.clear()
  }
}

function fits(sum: Answered, bytes: number, limits: MessageCacheLimits): boolean {
  return sum.bytes + bytes <= limits.answerBytesMax && sum.messages < limits.answerMessagesMax
}
