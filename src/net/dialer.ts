import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Logger } from '../base/ports.ts'
import { backoffMs } from './backoff.ts'
import type { NetCounters } from './counters.ts'
import { type DialFault, dialFault } from './dial-error.ts'
import { type PeerKeyHex, peerIdText, peerKeyHex } from './peer-key.ts'

/** A peer to stay connected with. */
export interface PeerTarget {
  /** Raw Ed25519 key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Multiaddrs such as `/dns4/node.example/tcp/4001`, with or without `/p2p/…`; tried in this order. */
  readonly addresses: readonly string[]
  /** Another node of our own nation: gossip always goes to it directly. */
  readonly sameNation?: boolean
}

/** Where the dialer stands with a target. */
export interface DialState {
  readonly status: 'connected' | 'dialing' | 'waiting'
  /** Since when, in milliseconds of the epoch. */
  readonly sinceMs: number
  readonly addresses: readonly string[]
  readonly nextDialMs: number | null
  readonly fault: DialFault | null
  /** Calls in a row that did not come about, since it was last connected for a while. */
  readonly failures: number
}

const ADDRESSES_MAX = 8
const TARGETS_MAX = 4_096
/** An address may take this long; a peer with several gets as much for each. */
export const ADDRESS_DIAL_MS = 4_000
/** From the handshake until the other side has answered identify, which it only does for those it admits. */
const ADMISSION_MS = 10_000
/** A connection that held this long was a good one: the next failure starts from the shortest wait again. */
const STABLE_MS = 60_000
/** How often whoever answers at a peer's addresses is called; longer than it may stay in limbo. */
const CALL_ANYBODY_EVERY_MS = 15_000
/** Of two nodes the one with the lower key calls at once, so that they do not end up with two connections. */
const CALLER_DELAY_MS = 100
const CALLED_DELAY_MS = 800

export interface DialerOptions {
  readonly self: PeerKeyHex
  readonly dial: (addresses: readonly Multiaddr[], signal: AbortSignal) => Promise<void>
  /** Calls whoever answers at an address; the gater decides what becomes of it. */
  readonly dialAnybody: (address: Multiaddr, signal: AbortSignal) => Promise<void>
  readonly isUp: (peer: PeerKeyHex) => boolean
  /** Closes what is left of a connection that was opened and not admitted. */
  readonly hangUp: (peer: PeerKeyHex) => void
  readonly counters: NetCounters
  readonly logger: Logger
}

interface Target {
  readonly peer: PeerKeyHex
  readonly key: string
  readonly addresses: readonly Multiaddr[]
  status: DialState['status']
  sinceMs: number
  failures: number
  fault: DialFault | null
  nextDialMs: number | null
  timer: NodeJS.Timeout | null
  admission: PromiseWithResolvers<void> | null
  calledAnybodyMs: number
  /** Aborted when the target is replaced or removed: what is under way to its old addresses ends. */
  readonly ending: AbortController
}

/** Keeps the alliance's static peers connected: at once after our own start, then with growing, jittered waits. */
export class Dialer {
  readonly #options: DialerOptions
  readonly #targets = new Map<PeerKeyHex, Target>()
  #stopped = false

  constructor(options: DialerOptions) {
    this.#options = options
  }

  /** Replaces the targets. Those that stay as they are keep their state; those with new addresses are tried anew. */
  setPeers(peers: readonly PeerTarget[]): void {
    if (this.#stopped) return
    const wanted = new Map(peers.slice(0, TARGETS_MAX).map(each => [peerKeyHex(each.publicKey), each]))
    wanted.delete(this.#options.self)
    for (const [peer, target] of this.#targets) {
      if (wanted.has(peer)) continue
      end(target)
      this.#targets.delete(peer)
    }
    for (const [peer, { publicKey, addresses }] of wanted) this.#setPeer(peer, publicKey, addresses)
  }

  state(peer: PeerKeyHex): DialState | null {
    const target = this.#targets.get(peer)
    if (target === undefined) return null
    const { status, sinceMs, nextDialMs, fault, failures } = target
    return { status, sinceMs, nextDialMs, fault, failures, addresses: target.addresses.map(String) }
  }

  get peers(): Iterable<PeerKeyHex> {
    return this.#targets.keys()
  }

  /** The peer is admitted and identified, whoever called. */
  onUp(peer: PeerKeyHex): void {
    const target = this.#targets.get(peer)
    if (target === undefined || target.status === 'connected') return
    clearTimeout(target.timer ?? undefined)
    become(target, 'connected', null)
    target.admission?.resolve()
  }

  /** The last connection of a peer is gone, whether it had been admitted or not. */
  onDown(peer: PeerKeyHex): void {
    const target = this.#targets.get(peer)
    target?.admission?.reject(new Error('the connection was closed'))
    if (target?.status !== 'connected') return
    if (Date.now() - target.sinceMs >= STABLE_MS) target.failures = 0
    this.#wait(target, { code: 'net-closed', message: 'the connection was lost' })
  }

  stop(): void {
    this.#stopped = true
    for (const target of this.#targets.values()) end(target)
    this.#targets.clear()
  }

  #setPeer(peer: PeerKeyHex, publicKey: Uint8Array, texts: readonly string[]): void {
    const key = texts.join('\n')
    const before = this.#targets.get(peer)
    if (before?.key === key) return
    if (before !== undefined) end(before)
    const { addresses, fault } = parseAddresses(texts, peerIdText(publicKey))
    const status = this.#options.isUp(peer) ? 'connected' : 'waiting'
    const sinceMs = before?.sinceMs ?? Date.now()
    const fresh = { failures: 0, nextDialMs: null, timer: null, admission: null, calledAnybodyMs: 0 }
    const target: Target = { peer, key, addresses, status, sinceMs, fault, ...fresh, ending: new AbortController() }
    this.#targets.set(peer, target)
    if (status === 'waiting') this.#schedule(target, this.#firstDelay(peer))
  }

  #firstDelay(peer: PeerKeyHex): number {
    const mine = this.#options.self < peer
    return mine ? Math.random() * CALLER_DELAY_MS : CALLED_DELAY_MS / 2 + (Math.random() * CALLED_DELAY_MS) / 2
  }

  #wait(target: Target, fault: DialFault): void {
    target.failures++
    become(target, 'waiting', fault)
    const turn = this.#options.self < target.peer ? 0 : CALLED_DELAY_MS
    this.#schedule(target, backoffMs(target.failures, Math.random()) + turn)
  }

  #schedule(target: Target, delayMs: number): void {
    if (target.ending.signal.aborted || target.addresses.length === 0) return
    target.nextDialMs = Date.now() + delayMs
    target.timer = setTimeout(() => this.#call(target), delayMs)
    target.timer.unref()
  }

  #call(target: Target): void {
    this.#attempt(target).catch((cause: unknown) => {
      if (target.ending.signal.aborted || target.status === 'connected') return
      const fault = dialFault(cause)
      this.#options.counters.dialsFailed++
      this.#options.logger.debug({ peer: target.peer, code: fault.code, cause }, 'dial failed')
      this.#wait(target, fault)
      if (fault.code === 'net-wrong-key') this.#callAnybody(target)
    })
  }

  /**
   * Where another key answers, the peer may have changed its key while we were away, and then it knows us: it is called
   * by its address alone and may prove itself in limbo. A stranger learns our peer key so and nothing else; the
   * peer itself is called as before.
   */
  #callAnybody(target: Target): void {
    const nowMs = Date.now()
    if (nowMs - target.calledAnybodyMs < CALL_ANYBODY_EVERY_MS) return
    target.calledAnybodyMs = nowMs
    const signal = AbortSignal.any([target.ending.signal, AbortSignal.timeout(2 * ADDRESS_DIAL_MS)])
    for (const address of target.addresses) {
      this.#options.dialAnybody(address.decapsulate('/p2p'), signal).catch((cause: unknown) => {
        this.#options.logger.debug({ peer: target.peer, cause }, 'whoever answers at the address did not connect')
      })
    }
  }

  async #attempt(target: Target): Promise<void> {
    become(target, 'dialing', target.fault)
    this.#options.counters.dials++
    const patience = AbortSignal.timeout(ADDRESS_DIAL_MS * (target.addresses.length + 1))
    await this.#options.dial(target.addresses, AbortSignal.any([target.ending.signal, patience]))
    if (this.#options.isUp(target.peer)) this.onUp(target.peer)
    else await this.#untilAdmitted(target)
  }

  /** A dial that resolves is no admission: the other side's gater may be about to close. Only identify tells. */
  async #untilAdmitted(target: Target): Promise<void> {
    const admission = Promise.withResolvers<void>()
    target.admission = admission
    const timer = setTimeout(() => admission.reject(new Error('the connection was closed')), ADMISSION_MS)
    try {
      await admission.promise
    } catch (error) {
      if (!target.ending.signal.aborted) this.#options.hangUp(target.peer)
      throw error
    } finally {
      clearTimeout(timer)
      target.admission = null
    }
  }
}

function end(target: Target): void {
  clearTimeout(target.timer ?? undefined)
  target.ending.abort(new Error('the peer is called at other addresses, or no longer'))
}

function become(target: Target, status: DialState['status'], fault: DialFault | null): void {
  target.status = status
  target.sinceMs = Date.now()
  target.fault = fault
  target.nextDialMs = null
  target.timer = null
}

/** The usable addresses with `/p2p/` and the peer's id at their end, and a fault that names the first unusable one. */
function parseAddresses(texts: readonly string[], id: string): { addresses: Multiaddr[]; fault: DialFault | null } {
  const addresses: Multiaddr[] = []
  let fault: DialFault | null =
    texts.length === 0 ? { code: 'net-address-invalid', message: 'no address is known for it' } : null
  for (const text of texts.slice(0, ADDRESSES_MAX)) {
    try {
      const address = multiaddr(text)
      const named = address.getComponents().findLast(component => component.name === 'p2p')?.value
      if (named !== undefined && named !== id) throw new Error('it names another peer')
      addresses.push(named === undefined ? address.encapsulate(`/p2p/${id}`) : address)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      fault ??= { code: 'net-address-invalid', message: `"${text.slice(0, 100)}" is no usable address: ${why}` }
    }
  }
  return { addresses, fault }
}
