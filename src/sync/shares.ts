import type { LogIdHex } from '../base/ids.ts'

/** Who fetches what, where several pulls go on at once: no entry is fetched by two of them. Pure: time is passed in. */

/**
 * `shared`: in shares. `whole`: by one pull alone, whatever its place. `beside`: what differs at this peer, which holds
 * up nobody: it takes a claim that nobody signed to have it asked for.
 */
export type FetchMode = 'shared' | 'whole' | 'beside'

/** What a pull could fetch of a log. */
export interface Offer {
  readonly logId: LogIdHex
  /** Whose it is: authors have their turns one after the other. */
  readonly author: string
  /** How far it is held here. */
  readonly held: number
  readonly to: number
  /** How far it may be fetched now. */
  readonly allowedTo: number
  readonly mode: FetchMode
}

export interface Share {
  readonly logId: LogIdHex
  readonly from: number
  readonly to: number
}

export type Choice =
  | { readonly kind: 'share'; readonly share: Share }
  /** Others fetch all that is left. */
  | { readonly kind: 'wait' }
  /** Nothing is left but, where `delayed`, what is over a quota. */
  | { readonly kind: 'none'; readonly delayed: boolean }

export interface ShareRules {
  /** Of one share; a multiple of a bundle's. */
  readonly entries: number
  /** Nothing is fetched farther ahead of what is held. */
  readonly aheadMax: number
  /** Who sends nothing for so long of what all others wait for, or would need that long for the rest, loses it to another. */
  readonly slowMs: number
  /** What has come and is not held after so long never will be, as where the log took up another branch. */
  readonly writtenMs: number
}

const SHARE_RULES: ShareRules = { entries: 4096, aheadMax: 32_768, slowMs: 5000, writtenMs: 120_000 }

interface Lease extends Share {
  readonly puller: string
  /** All below has arrived. */
  arrived: number
  freshMs: number
  /** How far it was when the others began to wait for it. */
  awaited: { readonly sinceMs: number; readonly arrived: number } | undefined
}

/** More logs than this have no turn of their own; whoever is forgotten comes first again. */
const TURNS_MAX = 4096

export function createShares({ entries, aheadMax, slowMs, writtenMs }: ShareRules = SHARE_RULES) {
  const leases = new Map<LogIdHex, Lease[]>()
  /** What pullers lost to others, of which they may still be sending the rest. */
  const lost = new Map<string, Share>()
  const turns = new Map<string, number>()
  let turn = 0

  function choose(puller: string, offers: readonly Offer[], nowMs: number): Choice {
    let isWaiting = false
    let delayed = false
    for (const offer of inTurn(offers)) {
      if (offer.mode === 'beside') return { kind: 'share', share: allOf(offer) }
      if (offer.held >= offer.to && offer.mode === 'shared') continue
      const share = shareOf(puller, offer, nowMs)
      if (share !== undefined) {
        const lease = { ...share, puller, arrived: share.from, freshMs: nowMs, awaited: undefined }
        leases.set(offer.logId, [...leasesOf(offer), lease])
        served(offer)
        return { kind: 'share', share }
      }
      if (offer.allowedTo <= offer.held && leasesOf(offer).length === 0) delayed = true
      else isWaiting = true
    }
    return isWaiting ? { kind: 'wait' } : { kind: 'none', delayed }
  }

  /** Who was served longest ago comes first: authors, and the logs of each. */
  function inTurn(offers: readonly Offer[]): readonly Offer[] {
    const turnOf = (name: string) => turns.get(name) ?? 0
    return offers.toSorted((a, b) => turnOf(a.author) - turnOf(b.author) || turnOf(a.logId) - turnOf(b.logId))
  }

  function served({ author, logId }: Offer): void {
    turn++
    for (const name of [author, logId]) {
      turns.delete(name)
      turns.set(name, turn)
    }
    while (turns.size > TURNS_MAX) turns.delete(turns.keys().next().value as string)
  }

  /** Those that still wait for something. */
  function leasesOf({ logId, held }: Offer): Lease[] {
    const current = (leases.get(logId) ?? []).filter(lease => lease.to > held)
    return current.sort((a, b) => a.from - b.from)
  }

  function shareOf(puller: string, offer: Offer, nowMs: number): Share | undefined {
    const { logId, held, mode } = offer
    const current = leasesOf(offer)
    if (mode === 'whole') return current.length === 0 ? allOf(offer) : undefined
    let from = held
    let end = Math.min(offer.to, offer.allowedTo, held + aheadMax)
    for (const lease of current) {
      if (lease.from > from) {
        end = Math.min(end, lease.from)
        break
      }
      if (isSlow(lease, held, nowMs) && lease.puller !== puller) {
        remove(each => each !== lease, [logId])
        lost.set(lease.puller, lease)
        end = Math.min(end, lease.to)
        break
      }
      from = Math.max(from, lease.to)
    }
    // What follows a GENESIS can be judged only after it.
    if (from >= end || (held === 0 && from > 0)) return undefined
    return { logId, from, to: Math.min(end, from - (from % entries) + entries) }
  }

  /** Everybody waits for what it has not sent; while what it sent is being written, it is we who are slow. */
  function isSlow(lease: Lease, held: number, nowMs: number): boolean {
    const { from, to, arrived, freshMs } = lease
    if (from > held || to <= held || to === Number.POSITIVE_INFINITY) return false
    if (arrived > held) return isGone(lease, nowMs)
    lease.awaited ??= { sinceMs: nowMs, arrived }
    const awaitedMs = nowMs - lease.awaited.sinceMs
    const needsLong = awaitedMs * (to - arrived) > slowMs * (arrived - lease.awaited.arrived)
    return nowMs - freshMs > slowMs || (awaitedMs > slowMs && needsLong)
  }

  function isGone({ freshMs }: Lease, nowMs: number): boolean {
    return nowMs - freshMs > writtenMs
  }

  function remove(keep: (lease: Lease) => boolean, logIds: Iterable<LogIdHex>): void {
    for (const logId of logIds) {
      const kept = (leases.get(logId) ?? []).filter(keep)
      if (kept.length === 0) leases.delete(logId)
      else leases.set(logId, kept)
    }
  }

  return {
    choose,
    /** Entries of a log have come, up to `to`. */
    arrived(puller: string, logId: LogIdHex, to: number, nowMs: number): void {
      for (const lease of leases.get(logId) ?? []) {
        if (lease.puller !== puller || to <= lease.from || to > lease.to) continue
        lease.arrived = Math.max(lease.arrived, to)
        lease.freshMs = nowMs
      }
      if (lost.get(puller)?.logId === logId && lost.get(puller)?.to === to) lost.delete(puller)
    },
    /** Whether the entry at `seq`, the next that is not here, is on its way, as far as `puller` has to wait for it. */
    isComing(puller: string, logId: LogIdHex, seq: number, nowMs: number): boolean {
      return (leases.get(logId) ?? []).some(
        lease =>
          lease.from <= seq &&
          seq < lease.to &&
          (lease.puller === puller ? !isGone(lease, nowMs) : !isSlow(lease, seq, nowMs)),
      )
    },
    /** It cannot have more of this log. */
    giveUp(puller: string, logId: LogIdHex): void {
      if (lost.get(puller)?.logId === logId) lost.delete(puller)
      remove(lease => lease.puller !== puller, [logId])
    },
    leave(puller: string): void {
      lost.delete(puller)
      remove(lease => lease.puller !== puller, [...leases.keys()])
    },
    /** What is held by now needs nobody to fetch it. Returns who is still at it, having lost it to another. */
    reached(logId: LogIdHex, held: number): readonly string[] {
      remove(lease => lease.to > held, [logId])
      return [...lost].flatMap(([puller, share]) => (share.logId === logId && share.to <= held ? puller : []))
    },
  }
}

function allOf({ logId }: Offer): Share {
  return { logId, from: 0, to: Number.POSITIVE_INFINITY }
}
