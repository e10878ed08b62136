import { lookup } from 'node:dns/promises'
import { connect, type Socket } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import type { ErrorCode } from '../base/codes.ts'
import type { Fault } from '../base/errors.ts'

/** One step towards an address, in this order; the first that has a fault is the last. */
export interface ProbeStep {
  readonly step: (typeof PROBE_STEPS)[number]
  readonly detail: string
  readonly fault: Fault | null
}

export const PROBE_STEPS = ['name', 'tcp', 'noise'] as const

export interface ProbeTimes {
  readonly nameMs: number
  readonly tcpMs: number
  readonly answerMs: number
}

const PROBE_TIMES: ProbeTimes = { nameMs: 5_000, tcpMs: 4_000, answerMs: 4_000 }
/** Of the addresses that one name has. */
const HOSTS_MAX = 4
/** What a listener of libp2p says first and then answers to the proposal of Noise, each behind its length. */
const MULTISTREAM = '\x13/multistream/1.0.0\n'
const NOISE = '\x07/noise\n'
const ANSWER_BYTES_MAX = 256

/**
 * Goes to a multiaddr as this machine sees it: resolves the name, connects by TCP, asks for Noise. Proves no key and
 * leaves nothing open. Never throws but for an aborted `signal`.
 */
export async function probeAddress(
  address: string,
  signal: AbortSignal,
  times: ProbeTimes = PROBE_TIMES,
): Promise<readonly ProbeStep[]> {
  const steps: ProbeStep[] = []
  const pass = (step: ProbeStep['step'], detail: string) => void steps.push({ step, detail, fault: null })
  let step: ProbeStep['step'] = 'name'
  let socket: Socket | undefined
  try {
    signal.throwIfAborted()
    const place = parsePlace(address)
    const hosts = await resolve(place, within(times.nameMs, signal))
    pass('name', place.family === null ? `${place.host} is ${hosts.join(', ')}` : `${place.host} needs no resolving`)
    step = 'tcp'
    socket = await connectAny(hosts, place.port, within(times.tcpMs, signal))
    pass('tcp', `something listens at ${socket.remoteAddress} port ${place.port}`)
    step = 'noise'
    await askForNoise(socket, within(times.answerMs, signal))
    pass('noise', 'it speaks libp2p and Noise')
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ProbeError)) throw error
    steps.push({ step, detail: error.fault.message, fault: error.fault })
  } finally {
    socket?.destroy()
  }
  return steps
}

class ProbeError extends Error {
  readonly fault: Fault

  constructor(code: ErrorCode, message: string, fix: string) {
    super(message)
    this.fault = { code, message, fix }
  }
}

interface Place {
  readonly host: string
  readonly port: number
  /** 4 or 6 where the host is an IP address; else it is a name. */
  readonly family: 4 | 6 | null
  /** Which addresses of the name are wanted; 0 for either kind. */
  readonly wanted: 0 | 4 | 6
}

const FAMILIES: Readonly<Record<string, Pick<Place, 'family' | 'wanted'>>> = {
  ip4: { family: 4, wanted: 4 },
  ip6: { family: 6, wanted: 6 },
  dns: { family: null, wanted: 0 },
  dns4: { family: null, wanted: 4 },
  dns6: { family: null, wanted: 6 },
}

function parsePlace(address: string): Place {
  try {
    const [first, second, ...more] = multiaddr(address).getComponents()
    const kind = FAMILIES[first?.name ?? '']
    const rest = more.every(({ name }) => name === 'p2p')
    if (kind !== undefined && first?.value !== undefined && second?.name === 'tcp' && rest) {
      return { host: first.value, port: Number(second.value), ...kind }
    }
  } catch {
    // Said below, in our words.
  }
  throw new ProbeError(
    'net-address-invalid',
    `"${address.slice(0, 200)}" is no address that can be called`,
    'It must be an address like /ip4/192.0.2.1/tcp/7117 or /dns4/node.example/tcp/7117: its nation corrects its document.',
  )
}

async function resolve({ host, family, wanted }: Place, patience: Patience): Promise<readonly string[]> {
  if (family !== null) return [host]
  const fix = 'Check the name and the DNS server of this machine; an address in place of a name needs none.'
  try {
    const found = await patience(lookup(host, { family: wanted, all: true }))
    return found.slice(0, HOSTS_MAX).map(each => each.address)
  } catch (error) {
    throw new ProbeError('net-name-unresolved', `${host} does not resolve: ${resolverFault(codeOf(error))}`, fix)
  }
}

function resolverFault(code: string): string {
  switch (code) {
    case 'ENOTFOUND':
      return 'there is no such name (ENOTFOUND)'
    case 'EAI_AGAIN':
      return 'no DNS server answers this machine (EAI_AGAIN)'
    case 'ETIMEDOUT':
      return 'the DNS server does not answer in time'
    default:
      return `the resolver says ${code}`
  }
}

/** The first of the hosts that takes the connection; throws the fault of the last. */
async function connectAny(hosts: readonly string[], port: number, patience: Patience): Promise<Socket> {
  let fault: unknown
  for (const host of hosts) {
    try {
      return await connectTcp(host, port, patience)
    } catch (error) {
      fault = tcpFault(codeOf(error), `${host} port ${port}`)
    }
  }
  throw fault
}

async function connectTcp(host: string, port: number, patience: Patience): Promise<Socket> {
  const socket = connect({ host, port })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('connect', resolve).once('error', reject)
  try {
    await patience(promise)
    return socket
  } catch (error) {
    socket.on('error', () => {}).destroy()
    throw error
  }
}

function tcpFault(code: string, where: string): ProbeError {
  switch (code) {
    case 'ECONNREFUSED':
      return new ProbeError(
        'net-nothing-listens',
        `nothing listens at ${where}`,
        'Ask its operator whether the node runs and listens on this port, and whether a firewall rejects the connection.',
      )
    case 'ETIMEDOUT':
      return new ProbeError(
        'net-no-answer',
        `no answer from ${where}`,
        'A firewall on the way drops it, here or there, or the machine is off: open the port for the address of this machine.',
      )
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return new ProbeError(
        'net-no-route',
        `this machine has no route to ${where} (${code})`,
        'Check the network of this machine and its routes, VPN included; for /ip6 whether it has IPv6 at all.',
      )
    case 'ECONNRESET':
    case 'EPIPE':
      return new ProbeError('net-reset', `the connection to ${where} was reset`, RESET_FIX)
    default:
      return new ProbeError(
        'net-unreachable',
        `the connection to ${where} failed: ${code}`,
        'Check the network of this machine and the address.',
      )
  }
}

const RESET_FIX =
  'A firewall or proxy on the way cuts it, or the node takes no more connections at the moment: try again, then ask.'

/** Says what every listener of libp2p has to answer in kind. Throws ProbeError for any other answer. */
async function askForNoise(socket: Socket, patience: Patience): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let answer = ''
  const judge = () => {
    const expected = MULTISTREAM + NOISE
    if (answer.length >= expected.length && answer.startsWith(expected)) resolve()
    else if (!expected.startsWith(answer.slice(0, expected.length))) reject(foreignAnswer(answer))
  }
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    answer = (answer + text).slice(0, ANSWER_BYTES_MAX)
    judge()
  })
  socket.once('error', error => reject(tcpFault(codeOf(error), 'it')))
  socket.once('close', () => reject(tcpFault('ECONNRESET', 'it')))
  socket.write(MULTISTREAM + NOISE, 'latin1')
  try {
    await patience(promise)
  } catch (error) {
    if (codeOf(error) !== 'ETIMEDOUT') throw error
    throw new ProbeError(
      'net-silent',
      'it takes the connection and says nothing',
      'Another program may have this port, or a proxy takes connections for a node that is down: ask its operator.',
    )
  }
}

function foreignAnswer(answer: string): ProbeError {
  if (answer.startsWith(MULTISTREAM)) {
    return new ProbeError(
      'net-not-libp2p',
      'it speaks libp2p, but not Noise',
      'That is no node of Tocsin: check the address and the port with its operator.',
    )
  }
  const shown = JSON.stringify(answer.slice(0, 40))
  return new ProbeError(
    'net-not-libp2p',
    `another program answers there, with ${shown}`,
    'Check the port with its operator: that is no node of Tocsin.',
  )
}

class TimedOut extends Error {
  readonly code = 'ETIMEDOUT'
}

/** The outcome of a work, or the end of the time for it. */
type Patience = <T>(work: Promise<T>) => Promise<T>

function within(timeoutMs: number, signal: AbortSignal): Patience {
  return async work => {
    signal.throwIfAborted()
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new TimedOut()), timeoutMs)
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop)
    try {
      return await Promise.race([work, promise])
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  }
}

/** The system's name of an error, such as ECONNREFUSED. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)
}
