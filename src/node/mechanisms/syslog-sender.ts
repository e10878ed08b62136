import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createConnection, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { SyslogTarget } from './syslog-target.ts'

/** One connection to a syslog receiver. */
export interface SyslogSender {
  /** Resolves when the system has taken them all; throws where the connection is gone. */
  send(messages: readonly string[]): Promise<void>
  /** Rejects when the connection breaks; never resolves. */
  readonly broken: Promise<never>
  close(): void
}

const CONNECT_TIMEOUT_MS = 10_000
/** Beyond it a receiver that takes nothing is given up. */
const SEND_TIMEOUT_MS = 30_000
/** What every receiver should take of one datagram (RFC 5426, 3.2). */
const DATAGRAM_BYTES_MAX = 2048

/** Throws what the system says where nothing can be reached. `ca`: PEM of whom a tls receiver is vouched for by. */
export function openSyslogSender(target: SyslogTarget, ca?: string): Promise<SyslogSender> {
  return target.kind === 'udp' ? openDatagrams(target.host, target.port) : openStream(target, ca)
}

async function openDatagrams(host: string, port: number): Promise<SyslogSender> {
  const { address, family } = await lookup(host)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  const { promise: broken, reject } = Promise.withResolvers<never>()
  broken.catch(() => {})
  socket.on('error', reject)
  socket.connect(port, address)
  await Promise.race([once(socket, 'connect'), broken])
  return {
    broken,
    async send(messages) {
      for (const message of messages) await Promise.race([sendDatagram(socket, message), broken])
    },
    close: () => socket.close(),
  }
}

function sendDatagram(socket: DatagramSocket, message: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const bytes = Buffer.from(message, 'utf8').subarray(0, DATAGRAM_BYTES_MAX)
  socket.send(bytes, error => (error ? reject(error) : resolve()))
  return promise
}

type StreamTarget = Exclude<SyslogTarget, { kind: 'udp' }>

/** TCP and TLS with octet counting, a Unix socket with line ends (RFC 6587, 3.4): what receivers expect of each. */
async function openStream(target: StreamTarget, ca: string | undefined): Promise<SyslogSender> {
  const { kind } = target
  const socket = connectTo(target, ca)
  const { promise: broken, reject } = Promise.withResolvers<never>()
  broken.catch(() => {})
  socket.on('error', reject)
  // A receiver says nothing: its end of the stream is the end of the connection.
  socket.on('close', () => reject(new Error('the receiver has closed the connection')))
  socket.resume()
  try {
    await Promise.race([
      once(socket, kind === 'tls' ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) }),
      broken,
    ])
  } catch (error) {
    socket.destroy()
    throw error
  }
  socket.setKeepAlive(true, CONNECT_TIMEOUT_MS)
  const frame = kind === 'unix' ? (message: string) => `${message}\n` : octetCounted
  return {
    broken,
    send: messages => Promise.race([write(socket, messages.map(frame).join('')), broken]),
    close: () => socket.destroy(),
  }
}

function connectTo(target: StreamTarget, ca: string | undefined): Socket {
  if (target.kind === 'unix') return createConnection({ path: target.path })
  const { kind, host, port } = target
  if (kind === 'tcp') return createConnection({ host, port })
  // RFC 5425: whoever receives shows a certificate for its name.
  return connectTls({ host, port, ...(ca !== undefined && { ca }), ...(isIP(host) === 0 && { servername: host }) })
}

function octetCounted(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`
}

async function write(socket: Socket, text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new Error('the receiver takes nothing')), SEND_TIMEOUT_MS)
  socket.write(text, 'utf8', error => (error ? reject(error) : resolve()))
  try {
    await promise
  } finally {
    clearTimeout(timer)
  }
}
