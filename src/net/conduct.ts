import type { PeerKeyHex } from './peer-key.ts'

export interface ConductRules {
  /** Rejections, after decay, from which a peer is cut off. */
  readonly cutAt: number
  /** Time in which the memory of a rejection halves. */
  readonly halfLifeMs: number
  readonly peersMax: number
}

/** A member that sent this much provable rubbish is cut off; after one to two half-lives it is tried again. */
const CONDUCT: ConductRules = { cutAt: 20, halfLifeMs: 5 * 60_000, peersMax: 4_096 }

/** Once cut, a peer stays cut until its count has fallen to this share of `cutAt`. */
const PARDON_SHARE = 0.5

interface Record {
  rejections: number
  atMs: number
  cut: boolean
}

/**
 * What peers had rejected, with a memory that outlives the connection: gossipsub's own score of a peer starts
 * at zero again when it reconnects. Pure: the time is passed in.
 */
export class Conduct {
  readonly #rules: ConductRules
  readonly #records = new Map<PeerKeyHex, Record>()

  constructor(rules: ConductRules = CONDUCT) {
    this.#rules = rules
  }

  /** Notes one rejected message. True when this one is what cuts the peer off. */
  reject(peer: PeerKeyHex, nowMs: number): boolean {
    const record = this.#decayed(peer, nowMs) ?? { rejections: 0, atMs: nowMs, cut: false }
    const wasCut = record.cut
    record.rejections++
    if (record.rejections >= this.#rules.cutAt) record.cut = true
    this.#records.delete(peer)
    this.#records.set(peer, record)
    const oldest = this.#records.keys().next()
    if (this.#records.size > this.#rules.peersMax && !oldest.done) this.#records.delete(oldest.value)
    return record.cut && !wasCut
  }

  /** Rejections still remembered, halved every `halfLifeMs`. */
  rejections(peer: PeerKeyHex, nowMs: number): number {
    return this.#decayed(peer, nowMs)?.rejections ?? 0
  }

  isCut(peer: PeerKeyHex, nowMs: number): boolean {
    return this.#decayed(peer, nowMs)?.cut ?? false
  }

  #decayed(peer: PeerKeyHex, nowMs: number): Record | undefined {
    const record = this.#records.get(peer)
    if (record === undefined) return undefined
    record.rejections *= 2 ** ((record.atMs - nowMs) / this.#rules.halfLifeMs)
    record.atMs = nowMs
    if (record.rejections <= this.#rules.cutAt * PARDON_SHARE) record.cut = false
    return record
  }
}
