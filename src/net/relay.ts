import type { Socket } from 'node:net'
import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import { ProtocolError } from '../base/errors.ts'
import { type PeerKeyHex, peerKeyHex } from './peer-key.ts'
import { connectTo, isOwnMachine, type RelayTarget, relayTarget } from './relay-target.ts'

/**
 * How a node that dials its own edges alone reaches others all the same: it opens a stream to an edge, writes the
 * 32 bytes of a peer key and reads one byte of answer; from there on the edge passes bytes on, both ways, to and from a
 * TCP connection with that peer. The Noise handshake runs through it from end to end: the edge sees what a router would
 * see, and can answer for nobody.
 */
export const RELAY_PROTOCOL = '/tocsin/relay/1'
const RELAY_ANSWER = { CONNECTED: 0, NOT_SERVED: 1, UNREACHABLE: 2 } as const
const KEY_BYTES = 32

/** Of one inner node, and of all together. */
export const RELAY_CAPS = { streamsMaxPerPeer: 64, streamsMaxTotal: 256 }

/** Where the target is dialled for this caller; none where it is not served. */
export type RelayAddresses = (caller: PeerKeyHex, target: PeerKeyHex) => readonly string[]

interface RelayRules {
  readonly addressesOf: RelayAddresses
  /** Whether the machine itself is called too. */
  readonly toItself: boolean
}

/** Within the time that the caller has for all of it. */
const CONNECT_MS = 3_000
const KEY_MS = 5_000

/** Serves a stream of an inner node, until what it was joined with ends. Throws ProtocolError where it was not joined. */
export async function serveRelay(stream: Stream, caller: PeerKeyHex, rules: RelayRules): Promise<void> {
  const target = peerKeyHex(await takeBytes(stream, KEY_BYTES, AbortSignal.timeout(KEY_MS)))
  const targets = rules.addressesOf(caller, target).flatMap(address => relayTarget(address) ?? [])
  const allowed = targets.filter(({ host }) => rules.toItself || !isOwnMachine(host))
  if (allowed.length === 0) return refuse(stream, RELAY_ANSWER.NOT_SERVED)
  const socket = await connectAny(allowed, rules.toItself)
  if (socket === undefined) return refuse(stream, RELAY_ANSWER.UNREACHABLE)
  stream.send(Uint8Array.of(RELAY_ANSWER.CONNECTED))
  await join(stream, socket)
}

/** Throws ProtocolError `net-not-relayed` or `net-closed`. */
export async function askRelay(stream: Stream, target: Uint8Array, signal: AbortSignal): Promise<void> {
  stream.send(target)
  const [answer] = await takeBytes(stream, 1, signal)
  if (answer === RELAY_ANSWER.CONNECTED) return
  const why = answer === RELAY_ANSWER.UNREACHABLE ? 'cannot reach that peer' : 'does not relay to that peer'
  throw new ProtocolError('net-not-relayed', `the edge ${why}`)
}

async function refuse(stream: Stream, answer: number): Promise<void> {
  stream.send(Uint8Array.of(answer))
  await stream.close()
}

/** The first bytes of a stream; what comes after them stays in it. */
function takeBytes(stream: Stream, count: number, signal: AbortSignal): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const ended = new AbortController()
  const until = { signal: ended.signal }
  let bytes: Uint8Array = new Uint8Array(0)
  stream.addEventListener(
    'message',
    ({ data }) => {
      bytes = Buffer.concat([bytes, data.subarray()])
      if (bytes.length < count) return
      ended.abort()
      if (bytes.length > count) stream.unshift(bytes.subarray(count))
      resolve(new Uint8Array(bytes.subarray(0, count)))
    },
    until,
  )
  const lost = () => reject(new ProtocolError('net-closed', 'the stream ended before it began'))
  stream.addEventListener('close', lost, until)
  stream.addEventListener('remoteCloseWrite', lost, until)
  signal.addEventListener('abort', () => reject(signal.reason), until)
  if (signal.aborted) reject(signal.reason)
  return promise.finally(() => ended.abort())
}

/** To whichever of the addresses answers first. */
async function connectAny(targets: readonly RelayTarget[], toItself: boolean): Promise<Socket | undefined> {
  const sockets = targets.map(target => openSocket(connectTo(target, toItself)))
  try {
    const first = await Promise.any(sockets.map(({ connected }) => connected))
    for (const { socket } of sockets) if (socket !== first) socket.destroy()
    return first
  } catch {
    return undefined
  }
}

function openSocket(socket: Socket): { readonly socket: Socket; readonly connected: Promise<Socket> } {
  const connected = new Promise<Socket>((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), CONNECT_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      reject(new Error('not connected'))
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(socket)
    })
  })
  socket.on('error', () => socket.destroy())
  return { socket, connected }
}

/** Passes bytes on both ways at the pace of the slower side. Resolves when both have ended. */
function join(stream: Stream, socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let resuming = false
  const pauseWhenFull = () => {
    if (!resuming && socket.writableNeedDrain && stream.readStatus === 'readable') stream.pause()
  }
  stream.addEventListener('message', ({ data }: StreamMessageEvent) => {
    socket.write(data.subarray())
    pauseWhenFull()
  })
  // What was held back comes within the call, and a pause made in there would be undone at its end.
  socket.on('drain', () => {
    if (stream.readStatus !== 'paused') return
    resuming = true
    stream.resume()
    resuming = false
    pauseWhenFull()
  })
  socket.on('data', chunk => {
    if (stream.writeStatus !== 'writable') return
    if (!stream.send(chunk)) socket.pause()
  })
  const resumeSocket = () => void socket.resume()
  stream.addEventListener('drain', resumeSocket)
  stream.addEventListener('idle', resumeSocket)
  stream.addEventListener('end', () => socket.end())
  stream.addEventListener('close', () => {
    socket.destroySoon()
    resolve()
  })
  socket.on('end', () => void stream.close().catch(() => stream.abort(new Error('the relayed stream did not close'))))
  // After its end both sides have closed; without one the connection broke.
  socket.on('close', hadError => {
    if (hadError || !socket.readableEnded) stream.abort(new Error('the relayed connection broke'))
    resolve()
  })
  if (stream.status !== 'open') socket.destroy()
  if (socket.destroyed) resolve()
  return promise
}
