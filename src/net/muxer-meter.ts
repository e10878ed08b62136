import { type Rate, TokenBucket } from './token-bucket.ts'

/** What the other side of a connection may do with the streams in it. */
export interface MuxerLimits {
  /** Of one frame of data; the muxer collects a frame whole before it looks at the window. */
  readonly frameBytesMax: number
  /** Every frame costs time, however short it is. */
  readonly frames: Rate
  readonly pings: Rate
  readonly streamsOpened: Rate
  /** Streams that are open and have not agreed on a protocol. */
  readonly undecidedMax: number
  /** Bytes for such streams: each short question in them is answered. An agreement takes about a hundred. */
  readonly undecidedBytes: Rate
  /** Bytes for streams that are not there: no window holds them back. Honest is what was on its way when one ended. */
  readonly strayBytes: Rate
}

/** The streams of a connection as the muxer knows them, which does not know those of the bytes at hand yet. */
export interface OpenStreams {
  has(streamId: number): boolean
  /** Whether it is there and has not agreed on its protocol. */
  isUndecided(streamId: number): boolean
}

/** Honest: 10,000 short gossip messages a second, a ping in 30 s, a stream for each inner node behind an edge. */
export const MUXER_LIMITS: MuxerLimits = {
  frameBytesMax: 2 * 1024 * 1024,
  frames: { burst: 100_000, perSecond: 40_000 },
  pings: { burst: 50, perSecond: 5 },
  streamsOpened: { burst: 512, perSecond: 64 },
  undecidedMax: 128,
  undecidedBytes: { burst: 64 * 1024, perSecond: 8 * 1024 },
  strayBytes: { burst: 16 * 1024 * 1024, perSecond: 1024 * 1024 },
}

const HEADER_BYTES = 12
const TYPE = { DATA: 0, PING: 2 } as const
const FLAG_SYN = 1
const FLAG_END = 4 | 8

/** Reads the headers of a yamux connection as they come in, and says what breaks its limits. */
export class MuxerMeter {
  readonly #limits: MuxerLimits
  readonly #streams: OpenStreams
  readonly #frames: TokenBucket
  readonly #pings: TokenBucket
  readonly #opened: TokenBucket
  readonly #undecidedBytes: TokenBucket
  readonly #stray: TokenBucket
  /** The streams that may be undecided still, with the turn in which they were opened. */
  readonly #undecided = new Map<number, number>()
  readonly #header = new Uint8Array(HEADER_BYTES)
  readonly #view = new DataView(this.#header.buffer)
  #headerBytes = 0
  /** Counts the calls of `take`. */
  #turn = 0
  /** Of the data of the frame under way. */
  #bytesLeft = 0

  constructor(limits: MuxerLimits, streams: OpenStreams, nowMs: number) {
    this.#limits = limits
    this.#streams = streams
    this.#stray = new TokenBucket(limits.strayBytes, nowMs)
    this.#undecidedBytes = new TokenBucket(limits.undecidedBytes, nowMs)
    this.#frames = new TokenBucket(limits.frames, nowMs)
    this.#pings = new TokenBucket(limits.pings, nowMs)
    this.#opened = new TokenBucket(limits.streamsOpened, nowMs)
  }

  /** What is wrong with what came, in one piece or in several; null where all is well. */
  take(pieces: Iterable<Uint8Array>, nowMs: number): string | null {
    this.#turn++
    if (this.#undecided.size > this.#limits.undecidedMax && !this.#areFewUndecided()) {
      return 'opens streams and does not say for what'
    }
    for (const bytes of pieces) {
      const fault = this.#piece(bytes, nowMs)
      if (fault !== null) return fault
    }
    return null
  }

  #piece(bytes: Uint8Array, nowMs: number): string | null {
    for (let at = 0; at < bytes.length; ) {
      if (this.#bytesLeft > 0) {
        const skipped = Math.min(this.#bytesLeft, bytes.length - at)
        this.#bytesLeft -= skipped
        at += skipped
        continue
      }
      const taken = Math.min(HEADER_BYTES - this.#headerBytes, bytes.length - at)
      this.#header.set(bytes.subarray(at, at + taken), this.#headerBytes)
      this.#headerBytes += taken
      at += taken
      if (this.#headerBytes < HEADER_BYTES) return null
      this.#headerBytes = 0
      const fault = this.#frame(nowMs)
      if (fault !== null) return fault
    }
    return null
  }

  #frame(nowMs: number): string | null {
    const type = this.#view.getUint8(1)
    const flags = this.#view.getUint16(2)
    const streamId = this.#view.getUint32(4)
    const length = this.#view.getUint32(8)
    if (!this.#frames.take(1, nowMs)) return 'sends more frames than anybody needs'
    if (type === TYPE.PING) return this.#pings.take(1, nowMs) ? null : 'sends one ping after another'
    if ((flags & FLAG_SYN) !== 0) {
      if (!this.#opened.take(1, nowMs)) return 'opens one stream after another'
      this.#undecided.set(streamId, this.#turn)
    }
    if ((flags & FLAG_END) !== 0) this.#undecided.delete(streamId)
    if (type !== TYPE.DATA) return null
    this.#bytesLeft = length
    if (length > this.#limits.frameBytesMax) return `announces a frame of ${length} bytes`
    return this.#data(streamId, length, nowMs)
  }

  #data(streamId: number, length: number, nowMs: number): string | null {
    if (this.#isUndecided(streamId)) {
      return this.#undecidedBytes.take(length, nowMs) ? null : 'sends and sends on streams that have no protocol'
    }
    if (this.#streams.has(streamId) || this.#stray.take(length, nowMs)) return null
    return 'sends and sends to streams that are not there'
  }

  /** Forgets a stream that has agreed on its protocol or has ended. */
  #isUndecided(streamId: number): boolean {
    const openedTurn = this.#undecided.get(streamId)
    if (openedTurn === undefined) return false
    // The muxer learns of a stream after this has seen it.
    if (openedTurn === this.#turn || this.#streams.isUndecided(streamId)) return true
    this.#undecided.delete(streamId)
    return false
  }

  #areFewUndecided(): boolean {
    const undecided = [...this.#undecided.keys()].filter(streamId => this.#isUndecided(streamId))
    return undecided.length <= this.#limits.undecidedMax
  }
}
