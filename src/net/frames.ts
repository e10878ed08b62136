import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { concat, u32be } from '../base/bytes.ts'
import { ProtocolError, StoreError } from '../base/errors.ts'
import { FrameAssembler } from '../wire/frame-assembler.ts'
import type { NetCounters } from './counters.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Small frames are gathered to this size: one `send` each costs ten times as much. */
const COALESCE_BYTES = 64 * KIB
/** A writer waits while more than this is unsent. */
const WRITE_BYTES_HIGH = 256 * KIB

export interface FrameLimits {
  /** Longest frame, both ways. */
  readonly frameBytesMax: number
  /** Bytes received and not yet read above which the sender is stopped; one frame of any length always fits. */
  readonly readBufferBytesMax: number
  /** Longest silence while we wait for the other side to send or to take something. */
  readonly idleTimeoutMs: number
  /** Longest life of the stream, against a peer that drips. */
  readonly totalTimeoutMs: number
  /** All bytes of the stream, both ways. */
  readonly bytesMax: number
}

const FRAME_LIMITS: FrameLimits = {
  frameBytesMax: 4 * MIB + 64 * KIB,
  readBufferBytesMax: 1 * MIB,
  idleTimeoutMs: 30_000,
  totalTimeoutMs: 30 * 60_000,
  bytesMax: Number.POSITIVE_INFINITY,
}

export interface FrameOptions extends Partial<FrameLimits> {
  readonly signal?: AbortSignal
  readonly counters?: NetCounters
}

/**
 * Length-prefixed frames (four bytes big-endian, then the frame) over a libp2p stream, with back-pressure both ways.
 * Any failure ends the whole stream: every later call throws the same error. Codes: 'frame-too-large',
 * 'frame-truncated', 'net-timeout', 'net-closed', 'net-limbo-exceeded', or the reason of the signal.
 */
export interface Frames {
  /** The next frame, or null after the other side has closed properly. One call at a time. */
  read(): Promise<Uint8Array | null>
  /** Resolves once the frame is on its way as far as the other side's pace allows; the bytes must not change. */
  write(frame: Uint8Array): Promise<void>
  /** Resolves when all that was written has been handed to the connection. */
  flush(): Promise<void>
  /** Sends what is unsent and closes; what still comes from the other side is dropped. */
  close(): Promise<void>
  abort(error: Error): void
}

export function openFrames(stream: Stream, options: FrameOptions = {}): Frames {
  return new StreamFrames(stream, options)
}

class StreamFrames implements Frames {
  readonly #stream: Stream
  readonly #limits: FrameLimits
  readonly #counters: NetCounters | undefined
  readonly #inbox: FrameAssembler
  readonly #unsent: Uint8Array[] = []
  readonly #ended = new AbortController()
  #unsentBytes = 0
  #bytes = 0
  #sendSoon: NodeJS.Immediate | null = null
  #remoteDone = false
  #resuming = false
  #closing = false
  #error: Error | null = null
  #readable: PromiseWithResolvers<void> | null = null
  #writable: PromiseWithResolvers<void> | null = null

  constructor(stream: Stream, { signal, counters, ...limits }: FrameOptions) {
    this.#stream = stream
    this.#limits = { ...FRAME_LIMITS, ...limits }
    this.#counters = counters
    this.#inbox = new FrameAssembler(this.#limits.frameBytesMax)
    // The last resort against a caller that does not await its writes.
    stream.maxWriteBufferLength = WRITE_BYTES_HIGH + 4 * this.#limits.frameBytesMax
    const timer = setTimeout(() => this.#timeOut('the stream lived'), this.#limits.totalTimeoutMs)
    this.#ended.signal.addEventListener('abort', () => clearTimeout(timer))
    signal?.addEventListener('abort', () => this.abort(asError(signal.reason)), { signal: this.#ended.signal })
    // `for await` and `onDrain` of a libp2p stream give no back-pressure: its events do.
    stream.addEventListener('remoteCloseWrite', () => this.#onRemoteDone())
    stream.addEventListener('close', event => this.#onClose(event))
    stream.addEventListener('drain', () => this.#wakeWriters())
    stream.addEventListener('idle', () => this.#wakeWriters())
    stream.addEventListener('message', event => this.#onMessage(event))
    if (signal?.aborted) this.abort(asError(signal.reason))
    else if (stream.status !== 'open') this.#fail(connectionLost())
    else this.#remoteDone = stream.remoteWriteStatus === 'closed'
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#readable !== null) throw new StoreError('internal', 'two reads of one stream at a time')
    for (;;) {
      if (this.#error !== null) throw this.#error
      if (this.#inbox.heldBytes <= this.#limits.readBufferBytesMax / 2) this.#resume()
      const frame = this.#inbox.take()
      if (frame !== null) {
        this.#countFrame('In', frame.length)
        return frame
      }
      if (this.#error === null && this.#remoteDone && this.#stream.readBufferLength === 0) {
        if (!this.#inbox.within) return null
        throw this.#fail(new ProtocolError('frame-truncated', 'the stream ended within a frame'))
      }
      this.#readable = Promise.withResolvers()
      await this.#patiently(this.#readable.promise, 'the peer sent nothing').finally(() => (this.#readable = null))
    }
  }

  async write(frame: Uint8Array): Promise<void> {
    this.#assertWritable()
    if (frame.length > this.#limits.frameBytesMax) {
      throw new StoreError('frame-too-large', `a frame of ${frame.length} bytes is over ${this.#limits.frameBytesMax}`)
    }
    this.#count(4 + frame.length)
    this.#countFrame('Out', frame.length)
    if (4 + frame.length + this.#unsentBytes > COALESCE_BYTES) this.#sendUnsent()
    this.#unsent.push(u32be(frame.length), frame)
    this.#unsentBytes += 4 + frame.length
    if (this.#unsentBytes >= COALESCE_BYTES) this.#sendUnsent()
    else this.#sendSoon ??= setImmediate(() => this.#sendUnsent())
    await this.#untilUnsentAtMost(WRITE_BYTES_HIGH)
  }

  async flush(): Promise<void> {
    this.#assertWritable()
    this.#sendUnsent()
    await this.#untilUnsentAtMost(0)
  }

  async close(): Promise<void> {
    if (this.#error !== null || this.#closing) return
    this.#closing = true
    const stream = this.#stream
    try {
      this.#sendUnsent()
      this.#inbox.clear()
      this.#resume()
      await this.#untilUnsentAtMost(0)
      await stream.close({ signal: AbortSignal.timeout(this.#limits.idleTimeoutMs) })
    } catch (error) {
      this.abort(asError(error))
      return
    }
    if (stream.status !== 'open') return
    const linger = setTimeout(() => this.#timeOut('the peer left the stream open'), this.#limits.idleTimeoutMs)
    this.#ended.signal.addEventListener('abort', () => clearTimeout(linger))
  }

  abort(error: Error): void {
    this.#fail(error)
  }

  #onMessage(event: StreamMessageEvent): void {
    if (this.#closing || this.#error !== null) return
    try {
      this.#count(event.data.byteLength)
      this.#inbox.push(event.data.subarray())
    } catch (error) {
      this.#fail(asError(error))
      return
    }
    this.#pauseWhenFull()
    this.#readable?.resolve()
  }

  #onRemoteDone(): void {
    this.#remoteDone = true
    this.#readable?.resolve()
  }

  #onClose(event: StreamCloseEvent): void {
    this.#ended.abort()
    // All that the other side sent before it closed is here. Without that, the connection was lost: libp2p reports no
    // error then.
    if (!this.#remoteDone) this.#fail(event.error ?? connectionLost())
    this.#wakeWriters()
  }

  #pauseWhenFull(): void {
    if (this.#resuming || this.#inbox.heldBytes < this.#limits.readBufferBytesMax) return
    if (this.#stream.readStatus === 'readable') this.#stream.pause()
  }

  /**
   * What libp2p held back meanwhile arrives within the call. A pause made in there would be undone when the call goes
   * on to reopen the window, while the stream still counts as paused: so it is made afterwards.
   */
  #resume(): void {
    if (this.#stream.readStatus !== 'paused') return
    this.#resuming = true
    try {
      this.#stream.resume()
    } catch {
      // The connection went while we were paused: there is nobody left to tell, and 'close' says the rest.
    }
    this.#resuming = false
    this.#pauseWhenFull()
  }

  #sendUnsent(): void {
    if (this.#sendSoon !== null) clearImmediate(this.#sendSoon)
    this.#sendSoon = null
    const parts = this.#unsent.splice(0)
    const bytes = this.#unsentBytes
    this.#unsentBytes = 0
    if (bytes === 0 || this.#error !== null) return
    try {
      if (bytes <= COALESCE_BYTES) this.#stream.send(concat(...parts))
      else for (const part of parts) this.#stream.send(part)
    } catch (error) {
      this.#fail(asError(error))
    }
  }

  async #untilUnsentAtMost(bytes: number): Promise<void> {
    for (;;) {
      if (this.#error !== null) throw this.#error
      if (this.#stream.writeBufferLength <= bytes) return
      if (this.#stream.writeStatus === 'closed') throw connectionLost()
      this.#writable ??= Promise.withResolvers()
      await this.#patiently(this.#writable.promise, 'the peer took nothing')
    }
  }

  /** All that wait look again; the next to wait starts a new round. */
  #wakeWriters(): void {
    this.#writable?.resolve()
    this.#writable = null
  }

  async #patiently(event: Promise<void>, complaint: string): Promise<void> {
    const timer = setTimeout(() => this.#timeOut(complaint), this.#limits.idleTimeoutMs)
    try {
      await event
    } finally {
      clearTimeout(timer)
    }
  }

  #timeOut(complaint: string): void {
    this.#fail(new ProtocolError('net-timeout', `${complaint} for longer than allowed`))
  }

  #assertWritable(): void {
    if (this.#error !== null) throw this.#error
    if (this.#closing || this.#stream.writeStatus !== 'writable') throw connectionLost()
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > this.#limits.bytesMax) {
      throw this.#fail(new ProtocolError('net-limbo-exceeded', `the stream is over its ${this.#limits.bytesMax} bytes`))
    }
  }

  #countFrame(direction: 'In' | 'Out', bytes: number): void {
    if (this.#counters === undefined) return
    this.#counters[`frames${direction}`]++
    this.#counters[`frameBytes${direction}`] += bytes
  }

  /** Ends the stream; the first error stays. Returns the error that holds. */
  #fail(error: Error): Error {
    if (this.#error === null) {
      this.#error = error
      this.#inbox.clear()
      this.#unsent.length = 0
      if (this.#sendSoon !== null) clearImmediate(this.#sendSoon)
      this.#ended.abort()
      this.#stream.abort(error)
      this.#readable?.resolve()
      this.#wakeWriters()
    }
    return this.#error
  }
}

function connectionLost(): StoreError {
  return new StoreError('net-closed', 'the stream is closed')
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
