import { TocsinError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import { type LogId, type LogIdHex, logIdHex, parseLogId } from '../base/ids.ts'
import type { Clock, Logger, Random } from '../base/ports.ts'
import type { Host } from '../net/host.ts'
import type { PeerKeyHex } from '../net/peer-key.ts'
import type { PullLocal } from '../sync/pull.ts'
import type { Hello, LogHead } from '../wire/gen/tocsin.ts'
import { type PullPort, pull } from './sync-client.ts'
import { type SyncSource, serveSync } from './sync-server.ts'

export const SYNC_PROTOCOL = '/tocsin/sync/1'

export interface SyncServiceOptions {
  readonly host: Host
  readonly source: SyncSource
  /** The local state for one pull, frozen as of now. */
  local(): PullLocal
  readonly port: Omit<PullPort, 'heads'>
  nationOf(peer: PeerKeyHex): NationId | undefined
  /** A peer came to ask; what it says of itself is unsigned. */
  greeted(peer: PeerKeyHex, hello: Hello): void
  /** A peer's whole frontier was seen and all that stands of it was fetched. */
  synced(nation: NationId): void
  readonly intervalMs: number
  readonly gapMs: number
  /** How far a log is held. */
  sizeOf(logId: LogId): number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

interface PeerSync {
  /** Since the last pull that completed. */
  failures: number
  lastMs: number
  error: string
  errorCode: string
  /** Our clock less its clock, when it last greeted. */
  skewMs: number | undefined
  /** When that was: our clock less one that nobody sets. */
  clockBaseMs: number
  /** What it claimed to hold, unsigned. */
  heads: ReadonlyMap<LogIdHex, number>
}

const STREAM_CAPS = { streamsMaxPerPeer: 4, streamsMaxTotal: 256 }
/** Pulls at once: one commits while the other waits for the network. */
const PULLS_MAX = 2
/** Logs whose gaps are watched; whoever invents more of them is served by the pull for these. */
const GAPS_MAX = 1024

/** Keeps this node equal to its peers: on connecting, after gaps, and at a random peer every so often. */
export function createSyncService(options: SyncServiceOptions) {
  const { host, logger, clock } = options
  const ending = new AbortController()
  const connected = new Set<PeerKeyHex>()
  const known = new Map<PeerKeyHex, PeerSync>()
  const wanted = new Set<PeerKeyHex>()
  const active = new Map<PeerKeyHex, Promise<void>>()
  const clockBase = () => clock.now() - performance.now()
  const gaps = new Map<LogIdHex, { readonly logId: LogId; readonly seq: number }>()
  const retries = new Map<PeerKeyHex, NodeJS.Timeout>()
  let gapTimer: NodeJS.Timeout | undefined
  let roundTimer: NodeJS.Timeout | undefined

  function want(peer: PeerKeyHex): void {
    if (ending.signal.aborted) return
    wanted.add(peer)
    startSome()
  }

  function startSome(): void {
    for (const peer of wanted) {
      if (active.size >= PULLS_MAX) return
      if (active.has(peer)) continue
      wanted.delete(peer)
      if (!connected.has(peer)) continue
      const work = pullFrom(peer).finally(() => {
        active.delete(peer)
        startSome()
      })
      active.set(peer, work)
    }
  }

  async function pullFrom(peer: PeerKeyHex): Promise<void> {
    const state = stateOf(peer)
    try {
      const frames = await host.openStream(peer, SYNC_PROTOCOL, ending.signal)
      try {
        const local = options.local()
        const heads = (told: readonly LogHead[], hello: Hello) => {
          state.heads = headsAhead(told, local)
          state.skewMs = clock.now() - hello.timeMs
          state.clockBaseMs = clockBase()
        }
        await pull(frames, local, { ...options.port, heads })
        await frames.close()
      } catch (error) {
        frames.abort(error instanceof Error ? error : new Error(String(error)))
        throw error
      }
      state.error = ''
      state.errorCode = ''
      state.lastMs = clock.now()
      state.failures = 0
      const nation = options.nationOf(peer)
      if (nation !== undefined) options.synced(nation)
    } catch (error) {
      if (ending.signal.aborted) return
      state.error = error instanceof Error ? error.message : String(error)
      state.errorCode = error instanceof TocsinError ? error.code : 'internal'
      logger.debug({ peer, code: state.errorCode, reason: state.error }, 'a sync with a peer did not complete')
      retry(peer, state)
    }
  }

  /** Ever more seldom, and never more often than a peer is asked anyway. */
  function retry(peer: PeerKeyHex, state: PeerSync): void {
    if (retries.has(peer)) return
    const delayMs = Math.min(options.gapMs * 2 ** state.failures++, options.intervalMs)
    const timer = setTimeout(() => {
      retries.delete(peer)
      want(peer)
    }, delayMs)
    retries.set(peer, timer)
  }

  function down(peer: PeerKeyHex): void {
    connected.delete(peer)
    const state = known.get(peer)
    if (state !== undefined) state.heads = new Map()
  }

  function stateOf(peer: PeerKeyHex): PeerSync {
    const state = known.get(peer) ?? {
      failures: 0,
      lastMs: 0,
      error: '',
      errorCode: '',
      skewMs: undefined,
      clockBaseMs: 0,
      heads: new Map(),
    }
    known.set(peer, state)
    return state
  }

  /** The entry at `seq` was seen and is not held: it is fetched unless it has come by itself after a while. */
  function gap(logId: LogId, seq: number): void {
    const key = logIdHex(logId)
    if (gaps.size < GAPS_MAX || gaps.has(key)) gaps.set(key, { logId, seq: Math.max(seq, gaps.get(key)?.seq ?? 0) })
    gapTimer ??= setTimeout(closeGaps, options.gapMs)
  }

  function closeGaps(): void {
    gapTimer = undefined
    for (const { logId, seq } of gaps.values()) if (options.sizeOf(logId) <= seq) wantLog(logIdHex(logId))
    gaps.clear()
  }

  /** Who claims to have most of it first, and anybody, since claims are unsigned. */
  function wantLog(key: LogIdHex): void {
    const holders = [...connected].sort(
      (a, b) => (known.get(b)?.heads.get(key) ?? 0) - (known.get(a)?.heads.get(key) ?? 0),
    )
    if (holders[0] !== undefined) want(holders[0])
    const other = pick(holders.slice(1))
    if (other !== undefined) want(other)
  }

  function pick(peers: readonly PeerKeyHex[]): PeerKeyHex | undefined {
    const [byte = 0] = options.random.bytes(1)
    return peers[byte % Math.max(1, peers.length)]
  }

  function scheduleRound(): void {
    const [byte = 0] = options.random.bytes(1)
    const delayMs = options.intervalMs * (1 + byte / 255)
    roundTimer = setTimeout(() => {
      const peer = pick([...connected])
      if (peer !== undefined) want(peer)
      scheduleRound()
    }, delayMs)
  }

  return {
    async start(): Promise<void> {
      await host.handleStream(
        SYNC_PROTOCOL,
        (frames, peer) => serveSync(frames, options.source, hello => options.greeted(peer, hello)),
        STREAM_CAPS,
      )
      const up = (peer: PeerKeyHex) => {
        connected.add(peer)
        want(peer)
      }
      host.onPeer(({ kind, peer }) => {
        if (kind === 'up') up(peer)
        else if (kind === 'down') down(peer)
      })
      // Whoever called while this node was starting.
      for (const { peer, status } of host.peers()) if (status === 'connected') up(peer)
      scheduleRound()
    },
    gap,
    /** Asks this peer, or anybody. */
    ask(peer = pick([...connected])): void {
      if (peer !== undefined) want(peer)
    },
    /** Asks every connected peer, such as after evidence has changed. */
    all(): void {
      for (const peer of connected) want(peer)
    },
    peer: (peer: PeerKeyHex): Readonly<PeerSync> | undefined => known.get(peer),
    /** How many entries more than `size` the farthest peer claims to hold. */
    behind(logId: LogId, size: number): number {
      const key = logIdHex(logId)
      return Math.max(0, ...[...known.values()].map(({ heads }) => (heads.get(key) ?? 0) - size))
    },
    connected: () => connected.size,
    /** How far this clock is ahead of the middle one of the peers' clocks; undefined while none is known. */
    clockSkewMs: () => middleOf([...known.values()].flatMap(({ skewMs }) => skewMs ?? [])),
    /** The same, with what this clock was set forward or back since; while the machine slept, it seems to be ahead. */
    clockJumpMs(): number | undefined {
      const base = clockBase()
      return middleOf(
        [...known.values()].flatMap(({ skewMs, clockBaseMs }) => (skewMs ?? Number.NaN) + base - clockBaseMs),
      )
    },
    async stop(): Promise<void> {
      ending.abort(new Error('the node stops'))
      clearTimeout(gapTimer)
      clearTimeout(roundTimer)
      for (const timer of retries.values()) clearTimeout(timer)
      await Promise.allSettled(active.values())
    },
  }
}

/** Undefined of none; what is no number counts for nothing. */
function middleOf(numbers: readonly number[]): number | undefined {
  const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}
export type SyncService = ReturnType<typeof createSyncService>

/** What a peer claims to hold beyond what is held here. */
function headsAhead(heads: readonly LogHead[], local: PullLocal): ReadonlyMap<LogIdHex, number> {
  const ahead = new Map<LogIdHex, number>()
  for (const head of heads) {
    const key = logIdHex(parseLogId(head.logId))
    if (head.size > (local.log(key)?.size ?? 0) && ahead.size < HEADS_KEPT_MAX) ahead.set(key, head.size)
  }
  return ahead
}

/** Of one peer. */
const HEADS_KEPT_MAX = 1024
