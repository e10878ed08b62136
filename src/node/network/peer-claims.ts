import { type LogId, type LogIdHex, logIdHex, parseLogId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import type { PeerKeyHex } from '../../net/peer-key.ts'
import type { PullLocal } from '../../sync/pull.ts'
import type { Hello, LogHead } from '../../wire/gen/tocsin.ts'

/** What is known of a peer from asking it. Times are milliseconds since the Unix epoch; 0: never. */
export interface PeerSync {
  /** Since the last pull that completed. */
  failures: number
  lastMs: number
  /** When all that it has and that stands was here. */
  wholeMs: number
  failedMs: number
  error: string
  errorCode: string
  /** What it sent that was wrong whatever one knows, since the start of this node; and when it last did. */
  faults: number
  faultMs: number
  /** Our clock less its clock, when it last greeted. */
  skewMs: number | undefined
  /** When that was: our clock less one that nobody sets. */
  clockBaseMs: number
  /** What it claimed to hold beyond what is held here, unsigned. */
  heads: Map<LogIdHex, number>
}

/** Of one peer. */
const HEADS_KEPT_MAX = 1024

export function createPeerClaims(clock: Clock) {
  const known = new Map<PeerKeyHex, PeerSync>()
  const clockBase = () => clock.now() - performance.now()

  function of(peer: PeerKeyHex): PeerSync {
    const state = known.get(peer) ?? {
      ...{ failures: 0, lastMs: 0, wholeMs: 0, failedMs: 0, error: '', errorCode: '', faults: 0, faultMs: 0 },
      skewMs: undefined,
      clockBaseMs: 0,
      heads: new Map(),
    }
    known.set(peer, state)
    return state
  }

  return {
    of,
    get: (peer: PeerKeyHex): Readonly<PeerSync> | undefined => known.get(peer),
    all: (): Iterable<[PeerKeyHex, Readonly<PeerSync>]> => known,
    told(peer: PeerKeyHex, heads: readonly LogHead[], hello: Hello, local: PullLocal): void {
      const state = of(peer)
      state.heads = headsAhead(heads, local)
      state.skewMs = clock.now() - hello.timeMs
      state.clockBaseMs = clockBase()
    },
    /** It has less of the log than it said. */
    short: (peer: PeerKeyHex, logId: LogIdHex): void => void known.get(peer)?.heads.delete(logId),
    gone(peer: PeerKeyHex): void {
      const state = known.get(peer)
      if (state !== undefined) state.heads = new Map()
    },
    /** How many entries more than `size` the farthest peer claims to hold. */
    behind(logId: LogId, size: number): number {
      const key = logIdHex(logId)
      return Math.max(0, ...[...known.values()].map(({ heads }) => (heads.get(key) ?? 0) - size))
    },
    /** The farthest that any peer claims of each log. */
    farthest(): ReadonlyMap<LogIdHex, number> {
      const farthest = new Map<LogIdHex, number>()
      for (const { heads } of known.values())
        for (const [key, size] of heads) farthest.set(key, Math.max(size, farthest.get(key) ?? 0))
      return farthest
    },
    /** How far this clock is ahead of the middle one of the peers' clocks; undefined while none is known. */
    clockSkewMs: () => middleOf([...known.values()].flatMap(({ skewMs }) => skewMs ?? [])),
    /** The same, with what this clock was set forward or back since; while the machine slept, it seems to be ahead. */
    clockJumpMs(): number | undefined {
      const base = clockBase()
      return middleOf(
        [...known.values()].flatMap(({ skewMs, clockBaseMs }) => (skewMs ?? Number.NaN) + base - clockBaseMs),
      )
    },
  }
}

/** Undefined of none; what is no number counts for nothing. */
function middleOf(numbers: readonly number[]): number | undefined {
  const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** What a peer claims to hold beyond what is held here. */
function headsAhead(heads: readonly LogHead[], local: PullLocal): Map<LogIdHex, number> {
  const ahead = new Map<LogIdHex, number>()
  for (const head of heads) {
    const key = logIdHex(parseLogId(head.logId))
    if (head.size > (local.log(key)?.size ?? 0) && ahead.size < HEADS_KEPT_MAX) ahead.set(key, head.size)
  }
  return ahead
}
