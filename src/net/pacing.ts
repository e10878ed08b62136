import { setTimeout as delay } from 'node:timers/promises'

/** The part of a libp2p stream that tells how far the other side is behind. */
export interface OutboundStream {
  readonly writeBufferLength: number
}

export interface PacingLimits {
  /** Bytes buffered for one neighbour above which publishing waits for it. */
  readonly highBytes: number
  /** Bytes below which a neighbour that lagged is waited for again. */
  readonly lowBytes: number
  /** How long one neighbour may hold up the others before it is no longer waited for. */
  readonly patienceMs: number
}

const POLL_MS = 5

/**
 * Outbound pacing for gossipsub, which has no back-pressure: `send` only grows the stream's buffer, and the stream is
 * aborted, silently and for good, when that passes its cap. A neighbour that stays over the mark for
 * `patienceMs` is left to its cap, the watchdog and sync, so that one slow link does not slow the alliance.
 */
export class OutboundPacer<Stream extends OutboundStream & object = OutboundStream> {
  readonly #streams: () => Iterable<Stream>
  readonly #limits: PacingLimits
  readonly #fullSinceMs = new WeakMap<Stream, number>()

  constructor(streams: () => Iterable<Stream>, limits: PacingLimits) {
    this.#streams = streams
    this.#limits = limits
  }

  /** Resolves with the milliseconds waited until `bytes` more fit for everybody worth waiting for, or `waitMs` is over. */
  async room(bytes: number, waitMs: number = Number.POSITIVE_INFINITY): Promise<number> {
    if (!this.#mustWait(bytes, Date.now())) return 0
    const startMs = Date.now()
    while (Date.now() - startMs < waitMs) {
      await delay(POLL_MS)
      if (!this.#mustWait(bytes, Date.now())) break
    }
    return Date.now() - startMs
  }

  #mustWait(bytes: number, nowMs: number): boolean {
    let wait = false
    for (const stream of this.#streams()) {
      const buffered = stream.writeBufferLength
      if (buffered <= this.#limits.lowBytes) this.#fullSinceMs.delete(stream)
      if (buffered === 0 || buffered + bytes <= this.#limits.highBytes) continue
      const sinceMs = this.#fullSinceMs.get(stream) ?? nowMs
      this.#fullSinceMs.set(stream, sinceMs)
      if (nowMs - sinceMs <= this.#limits.patienceMs) wait = true
    }
    return wait
  }
}
