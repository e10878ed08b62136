import { CODES } from '../../base/codes.ts'
import { ProtocolError, TocsinError } from '../../base/errors.ts'
import { type LogId, type LogIdHex, logIdHex, type NationId } from '../../base/ids.ts'
import type { Clock, Logger, Random } from '../../base/ports.ts'
import type { TreeHead } from '../../chain/tree-head.ts'
import type { Host } from '../../net/host.ts'
import type { PeerKeyHex } from '../../net/peer-key.ts'
import type { PullLocal } from '../../sync/pull.ts'
import type { Bodies, Bundle, EvidenceItem, Hello } from '../../wire/gen/tocsin.ts'
import type { BundleOrder } from '../intake/ingest.ts'
import { createPeerClaims, type PeerSync } from './peer-claims.ts'
import { createRangeShares } from './range-shares.ts'
import { type PullPort, type PullResult, pull, type ShareTaker } from './sync-client.ts'
import { type SyncSource, serveSync } from './sync-server.ts'

export const SYNC_PROTOCOL = '/tocsin/sync/1'

export interface SyncServiceOptions {
  readonly host: Host
  readonly source: SyncSource
  /** The local state for one pull, frozen as of now. */
  local(): PullLocal
  readonly port: SyncPort
  nationOf(peer: PeerKeyHex): NationId | undefined
  /** A peer came to ask; what it says of itself is unsigned. */
  greeted(peer: PeerKeyHex, hello: Hello): void
  /** A peer's whole frontier was seen, and all that stands of it was fetched but what a quota of others lets in later. */
  synced(nation: NationId): void
  readonly intervalMs: number
  readonly gapMs: number
  /** How far a log is held. */
  sizeOf(logId: LogId): number
  /** The nation of a log, where that is known. */
  authorOf(logId: LogId): NationId | undefined
  /** How far a log may be fetched now. */
  allowedTo(logId: LogId): number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** What a pull does to this node; see `PullPort`. */
export interface SyncPort {
  applyEvidence(items: readonly EvidenceItem[]): Promise<void>
  ingestBundle(bundle: Bundle, branch: TreeHead | undefined, order: BundleOrder): Promise<number>
  storeBodies(bodies: Bodies): Promise<void>
}

const STREAM_CAPS = { streamsMaxPerPeer: 4, streamsMaxTotal: 256 }
/** Pulls at once, each from another nation, so that none has all of them; what one of them holds in memory is bounded. */
const PULLS_MAX = 3
const TOO_SLOW = 'the peer was so slow that others brought what it was asked for'
/** Logs whose gaps are watched; whoever invents more of them is served by the pull for these. */
const GAPS_MAX = 1024

/** Keeps this node equal to its peers: on connecting, after gaps, and at a random peer every so often. */
export function createSyncService(options: SyncServiceOptions) {
  const { host, logger, clock } = options
  const ending = new AbortController()
  const connected = new Set<PeerKeyHex>()
  const claims = createPeerClaims(clock)
  const shares = createRangeShares({ ...options, signal: ending.signal })
  const wanted = new Set<PeerKeyHex>()
  const active = new Map<PeerKeyHex, Promise<void>>()
  const gaps = new Map<LogIdHex, { readonly logId: LogId; readonly seq: number }>()
  const retries = new Map<PeerKeyHex, NodeJS.Timeout>()
  let gapTimer: NodeJS.Timeout | undefined
  let roundTimer: NodeJS.Timeout | undefined
  let isRandom = false

  function want(peer: PeerKeyHex): void {
    if (ending.signal.aborted) return
    wanted.add(peer)
    startSome()
  }

  function startSome(): void {
    for (const peer of wanted) {
      if (active.size >= PULLS_MAX) return
      if ([...active.keys()].some(other => ownerOf(other) === ownerOf(peer))) continue
      wanted.delete(peer)
      if (!connected.has(peer)) continue
      const work = pullFrom(peer).finally(() => {
        active.delete(peer)
        startSome()
      })
      active.set(peer, work)
    }
  }

  function ownerOf(peer: PeerKeyHex): string {
    return options.nationOf(peer) ?? peer
  }

  async function pullFrom(peer: PeerKeyHex): Promise<void> {
    const state = claims.of(peer)
    const tooSlow = new AbortController()
    try {
      const signal = AbortSignal.any([ending.signal, tooSlow.signal])
      const frames = await host.openStream(peer, SYNC_PROTOCOL, signal)
      try {
        const local = options.local()
        const puller = shares.puller(peer, () => tooSlow.abort(new ProtocolError('net-timeout', TOO_SLOW)))
        const port: PullPort = {
          ...options.port,
          ingestBundle: (bundle, branch) => options.port.ingestBundle(bundle, branch, puller.inOrder),
          heads: (heads, hello) => claims.told(peer, heads, hello, local),
        }
        const taker: ShareTaker = {
          ...puller,
          giveUp(logId, isShort) {
            if (isShort) claims.short(peer, logId)
            puller.giveUp(logId, isShort)
          },
        }
        const result = await pull(frames, local, port, taker)
        await frames.close()
        succeeded(peer, state, result)
      } catch (error) {
        frames.abort(error instanceof Error ? error : new Error(String(error)))
        throw error
      }
    } catch (error) {
      if (!ending.signal.aborted) failed(peer, state, error)
    }
  }

  function succeeded(peer: PeerKeyHex, state: PeerSync, { isWhole, isWholeToQuota }: PullResult): void {
    state.error = ''
    state.errorCode = ''
    state.lastMs = clock.now()
    state.failures = 0
    const nation = options.nationOf(peer)
    // What floods must not keep this node from signing: no quota holds up its own logs.
    if (isWholeToQuota && nation !== undefined) options.synced(nation)
    if (!isWhole) {
      retry(peer, options.intervalMs / 4)
      return
    }
    state.wholeMs = clock.now()
  }

  /** Ever more seldom, and never more often than a peer is asked anyway. */
  function failed(peer: PeerKeyHex, state: PeerSync, error: unknown): void {
    state.failedMs = clock.now()
    state.error = error instanceof Error ? error.message : String(error)
    state.errorCode = error instanceof TocsinError ? error.code : 'internal'
    logger.debug({ peer, code: state.errorCode, reason: state.error }, 'a sync with a peer did not complete')
    if (isFaultOfPeer(error)) {
      state.faults++
      state.faultMs = clock.now()
      logger.warn({ peer, nation: options.nationOf(peer), code: state.errorCode }, 'a peer sent what does not hold')
      host.blame(peer)
    }
    retry(peer, Math.min(options.gapMs * 2 ** state.failures++, options.intervalMs))
  }

  function retry(peer: PeerKeyHex, delayMs: number): void {
    if (retries.has(peer) || ending.signal.aborted) return
    const timer = setTimeout(() => {
      retries.delete(peer)
      want(peer)
    }, delayMs)
    retries.set(peer, timer)
  }

  function down(peer: PeerKeyHex): void {
    connected.delete(peer)
    claims.gone(peer)
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
      (a, b) => (claims.get(b)?.heads.get(key) ?? 0) - (claims.get(a)?.heads.get(key) ?? 0),
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
      isRandom = !isRandom
      const peer = isRandom ? pick([...connected]) : longestAgo()
      if (peer !== undefined) want(peer)
      scheduleRound()
    }, delayMs)
  }

  /** One of the nation that was asked for longest ago: so every one of them has its turn, however few are drawn by lot. */
  function longestAgo(): PeerKeyHex | undefined {
    const asked = new Map<string, number>()
    for (const [peer, { lastMs, failedMs }] of claims.all())
      asked.set(ownerOf(peer), Math.max(lastMs, failedMs, asked.get(ownerOf(peer)) ?? 0))
    for (const peer of active.keys()) asked.set(ownerOf(peer), Number.MAX_SAFE_INTEGER)
    const sinceMs = (peer: PeerKeyHex) => asked.get(ownerOf(peer)) ?? 0
    return [...connected].sort((a, b) => sinceMs(a) - sinceMs(b))[0]
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
    /** Whether a pull from this peer goes on, or waits for its turn. */
    isAsking: (peer: PeerKeyHex): boolean => active.has(peer) || wanted.has(peer),
    peer: claims.get,
    behind: claims.behind,
    farthest: claims.farthest,
    faults: (): readonly (readonly [PeerKeyHex, Readonly<PeerSync>])[] =>
      [...claims.all()].filter(([, { faults }]) => faults > 0),
    connected: () => connected.size,
    connectedPeers: (): readonly PeerKeyHex[] => [...connected],
    clockSkewMs: claims.clockSkewMs,
    clockJumpMs: claims.clockJumpMs,
    async stop(): Promise<void> {
      ending.abort(new Error('the node stops'))
      clearTimeout(gapTimer)
      clearTimeout(roundTimer)
      for (const timer of retries.values()) clearTimeout(timer)
      await Promise.allSettled(active.values())
    },
  }
}

export type SyncService = ReturnType<typeof createSyncService>

/** What is wrong whatever one knows, its sender could have known. */
function isFaultOfPeer(error: unknown): boolean {
  if (!(error instanceof ProtocolError)) return false
  const [kind] = CODES[error.code]
  return kind === 'malformed' || kind === 'forged'
}
