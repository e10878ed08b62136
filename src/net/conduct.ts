import type { ErrorCode } from '../base/codes.ts'
import type { PeerKeyHex } from './peer-key.ts'

/** What a peer can be seen to overdo, and how much of a rejected message each time counts for. */
const OFFENCES = {
  'net-invalid-messages': { weight: 1, sentence: 'it passes on messages that are wrong whatever one knows' },
  'net-malformed-rpc': { weight: 1, sentence: 'it sends gossip that cannot be decoded' },
  'net-flood-control': { weight: 0.5, sentence: 'it floods with subscriptions and control messages of gossip' },
  'net-flood-frames': { weight: 10, sentence: 'it breaks the limits of a connection: frames, pings or streams' },
  'net-flood-messages': { weight: 0, sentence: 'it sends more messages than can be judged' },
  'net-flood-streams': { weight: 0.02, sentence: 'it opens more streams than it may have' },
  'net-flood-connections': { weight: 0.1, sentence: 'it opens more connections than it may have' },
  'sync-peer-spoils': {
    weight: 6,
    sentence: 'what it gives by sync does not hold: it does not fit its proof or its signature',
  },
  'net-slow-reader': {
    weight: 0,
    sentence: 'gossip with it keeps breaking off: it does not read, or sends what is over the limits',
  },
} as const satisfies Partial<Record<ErrorCode, { readonly weight: number; readonly sentence: string }>>
export type Offence = keyof typeof OFFENCES

export function mapOffences<T>(of: (offence: Offence) => T): Record<Offence, T> {
  return Object.fromEntries(Object.keys(OFFENCES).map(key => [key, of(key as Offence)])) as Record<Offence, T>
}

export interface ConductRules {
  /** Rejections, after decay, from which a peer is cut off. */
  readonly cutAt: number
  /** Time in which the memory of a rejection halves. */
  readonly halfLifeMs: number
  /** Times that something was overdone, after decay, from which a peer is named for it. */
  readonly namedAt: number
  readonly peersMax: number
}

/** A member that sent this much provable rubbish is cut off; after one to two half-lives it is tried again. */
const CONDUCT: ConductRules = { cutAt: 20, halfLifeMs: 5 * 60_000, namedAt: 5, peersMax: 4_096 }

/** Once cut, a peer stays cut until its count has fallen to this share of `cutAt`. */
const PARDON_SHARE = 0.5

/** For what a peer is named, until it has been forgotten. */
export interface NamedOffence {
  readonly code: Offence
  readonly message: string
  /** Whether it is cut off for now. */
  readonly cut: boolean
}

interface Conducted {
  score: number
  readonly times: Map<Offence, number>
  /** For what it is named: what it overdid last of that which it overdid often. */
  named: Offence | null
  atMs: number
  cut: boolean
}

/**
 * What peers overdid, with a memory that outlives the connection: gossipsub's own score of a peer starts
 * at zero again when it reconnects. Whoever was only misconfigured is forgiven by the half-life. Pure: the time is
 * passed in.
 */
export class Conduct {
  readonly #rules: ConductRules
  readonly #records = new Map<PeerKeyHex, Conducted>()

  constructor(rules: ConductRules = CONDUCT) {
    this.#rules = rules
  }

  /** Notes one time. True when this one is what cuts the peer off. */
  note(peer: PeerKeyHex, offence: Offence, nowMs: number): boolean {
    const record = this.#decayed(peer, nowMs) ?? { score: 0, times: new Map(), named: null, atMs: nowMs, cut: false }
    const wasCut = record.cut
    record.times.set(offence, (record.times.get(offence) ?? 0) + 1)
    record.score += OFFENCES[offence].weight
    if (record.score >= this.#rules.cutAt) record.cut = true
    if (this.#isOften(record, offence, 1) || (record.cut && !wasCut)) record.named = offence
    this.#records.delete(peer)
    this.#records.set(peer, record)
    const oldest = this.#records.keys().next()
    if (this.#records.size > this.#rules.peersMax && !oldest.done) this.#records.delete(oldest.value)
    return record.cut && !wasCut
  }

  /** Rejections still remembered, halved every `halfLifeMs`, with what else counts as a part of one. */
  score(peer: PeerKeyHex, nowMs: number): number {
    return this.#decayed(peer, nowMs)?.score ?? 0
  }

  isCut(peer: PeerKeyHex, nowMs: number): boolean {
    return this.#decayed(peer, nowMs)?.cut ?? false
  }

  /** Null for a peer that is cut off for nothing and overdid nothing often of late. */
  named(peer: PeerKeyHex, nowMs: number): NamedOffence | null {
    const record = this.#decayed(peer, nowMs)
    if (record === undefined || record.named === null) return null
    const { named, cut } = record
    return { code: named, message: `${OFFENCES[named].sentence}${cut ? '; it is cut off for a while' : ''}`, cut }
  }

  /** All that are named, connected or not. */
  offenders(nowMs: number): readonly PeerKeyHex[] {
    return [...this.#records.keys()].filter(peer => this.named(peer, nowMs) !== null)
  }

  #isOften({ times }: Conducted, offence: Offence, share: number): boolean {
    return (times.get(offence) ?? 0) * Math.max(1, OFFENCES[offence].weight) >= this.#rules.namedAt * share
  }

  #decayed(peer: PeerKeyHex, nowMs: number): Conducted | undefined {
    const record = this.#records.get(peer)
    if (record === undefined) return undefined
    // A clock that was set back makes nothing worse.
    const share = 2 ** (Math.min(0, record.atMs - nowMs) / this.#rules.halfLifeMs)
    record.score *= share
    for (const [offence, times] of record.times) record.times.set(offence, times * share)
    record.atMs = nowMs
    if (record.score <= this.#rules.cutAt * PARDON_SHARE) record.cut = false
    if (!record.cut && record.named !== null && !this.#isOften(record, record.named, PARDON_SHARE)) record.named = null
    return record
  }
}
