import { setTimeout as delay } from 'node:timers/promises'
import { type Fault, TocsinError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import { PROBE_STEPS } from '../../net/address-probe.ts'
import { dialFault } from '../../net/dial-error.ts'
import type { EdgeAddress } from '../../net/edge-address.ts'
import type { Host } from '../../net/host.ts'
import { type PeerKeyHex, peerIdText, peerKeyBytes, peerKeyHex } from '../../net/peer-key.ts'
import type { PeerState } from '../../net/peer-state.ts'
import type { Directory, PeerNode } from '../../registry/directory.ts'
import type { Hello } from '../../wire/gen/tocsin.ts'
import { SYNC_PROTOCOL } from '../network/sync-service.ts'
import { type DiagnosisCheck, type DiagnosisSubject, failed, passed, skipped } from '../orders/diagnosis-check.ts'
import { checkAddresses, subjectOf } from './address-checks.ts'
import { checkGreeting, GREETING_CHECKS } from './greeting-checks.ts'
import { type Greeting, greet } from './peer-greeting.ts'
import { routeTo } from './peer-route.ts'

const CALL_MS = 6_000
/** A side that lets us in answers identify at once. */
const ADMISSION_MS = 6_000
const GREETING_MS = 6_000
const POLL_MS = 20

/** What comes after name, TCP and Noise, in this order. */
export const CONNECTION_CHECKS = ['peer key', 'admission', ...GREETING_CHECKS] as const

export interface PeerDiagnosisOptions {
  readonly host: Host
  readonly directory: Directory
  /** Through which alone others are called, where there are any (R-5.9). */
  readonly edges: readonly EdgeAddress[]
  /** What this node says of itself. */
  readonly hello: () => Hello
  readonly clock: Clock
  readonly signal: AbortSignal
}

type Checks = readonly DiagnosisCheck[]

/** Looks at a peer in the order in which a connection is made. Never throws for a peer's sake. */
export function createPeerDiagnosis(options: PeerDiagnosisOptions): (node: PeerNode) => Promise<Checks> {
  const { host, directory, signal } = options

  async function diagnose(node: PeerNode): Promise<Checks> {
    const subject = subjectOf(node)
    const state = connected(peerKeyHex(node.peerPk))
    if (state !== undefined) return [connectionOf(subject, state), ...(await checkConnected(subject))]
    const route = routeTo(directory, options.edges, node)
    if (route.kind === 'behind-edges') {
      const name = passed(subject, 'name', 'its document names no address: it is behind the edges of its nation')
      return [name, ...skipped(subject, [...PROBE_STEPS.slice(1), ...CONNECTION_CHECKS], 'it is behind its edges')]
    }
    if (route.kind === 'relayed' && route.addresses.length > 0) {
      const steps = skipped(subject, PROBE_STEPS, 'it is called through our edges')
      return [...steps, ...(await callInTurn(node, route.addresses))]
    }
    const { checks, reachable } = await checkAddresses(route.kind === 'direct' ? route.node : node, signal)
    const complete = reachable.map(address => `${address}/p2p/${peerIdText(node.peerPk)}`)
    if (reachable.length > 0) return [...checks, ...(await callInTurn(node, complete))]
    return [...checks, ...skipped(subject, CONNECTION_CHECKS, 'no address of it could be reached')]
  }

  /** Until one of the addresses, each with the id of the peer at its end, is answered by its key. */
  async function callInTurn(node: PeerNode, addresses: readonly string[]): Promise<Checks> {
    const subject = subjectOf(node)
    const checks: DiagnosisCheck[] = []
    for (const complete of addresses) {
      const address = complete.slice(0, complete.lastIndexOf('/p2p/'))
      const fault = await call(complete)
      if (fault === undefined || fault.code === 'net-not-admitted') {
        checks.push(passed({ ...subject, address }, 'peer key', 'the key of its document answers'))
        return [...checks, ...(fault === undefined ? await checkAdmission(subject) : notAdmitted(subject, CLOSED))]
      }
      const wrong = fault.code === 'net-wrong-key' ? await whoAnswers(address) : fault
      checks.push(failed({ ...subject, address }, 'peer key', wrong))
    }
    return [...checks, ...skipped(subject, CONNECTION_CHECKS.slice(1), 'the key of its document answers nowhere')]
  }

  async function call(address: string): Promise<Fault | undefined> {
    try {
      await host.call(address, within(CALL_MS))
      return undefined
    } catch (error) {
      return { ...dialFault(error), fix: 'Try again, and look at the log of this node.' }
    }
  }

  /** Called by its address alone, as the dialer does: if it is the peer with a new key, it can prove itself (R-5.4). */
  async function whoAnswers(address: string): Promise<Fault> {
    const peer = await host.call(address, within(CALL_MS)).catch(() => undefined)
    const owner = peer && directory.nationOfPeer(peerKeyBytes(peer))
    const whose = owner === undefined ? 'which no document here names' : `a node of ${owner}`
    return {
      code: 'net-wrong-key',
      message: `another key than that of its document answers${peer === undefined ? '' : `, ${peer}, ${whose}`}`,
      fix: 'Its key or its address has changed: get its newest document ("tocsin alliance apply FILE"), or ask its operator.',
    }
  }

  async function checkAdmission(subject: DiagnosisSubject): Promise<Checks> {
    const outcome = await untilUp(host, subject.peer as PeerKeyHex, within(ADMISSION_MS))
    if (outcome === 'up') return checkConnected(subject)
    return notAdmitted(subject, outcome === 'closed' ? CLOSED : LATE)
  }

  /** From here on it is connected as far as this side can tell. */
  async function checkConnected(subject: DiagnosisSubject): Promise<Checks> {
    const peer = subject.peer as PeerKeyHex
    const protocols = connected(peer)?.protocols ?? []
    if (protocols.length > 0 && !protocols.includes(SYNC_PROTOCOL)) {
      const spoken = protocols.filter(protocol => protocol.startsWith('/tocsin/')).join(' ') || 'nothing of Tocsin'
      return otherProtocol(subject, 'sync-protocol-version', `it speaks ${spoken}, and not ${SYNC_PROTOCOL}`)
    }
    const own = options.hello()
    let answer: Greeting
    try {
      answer = await greet(options, peer, own, within(GREETING_MS))
    } catch (error) {
      return notGreeted(subject, error)
    }
    return [letIn(subject), ...checkGreeting(subject, answer, own, directory)]
  }

  function connected(peer: PeerKeyHex): PeerState | undefined {
    return host.peers().find(state => state.peer === peer && state.status === 'connected')
  }

  function within(timeoutMs: number): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  }

  return diagnose
}

/** A stream for sync is the first thing that a side refuses which does not have our key (R-5.4). */
function notGreeted(subject: DiagnosisSubject, error: unknown): Checks {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof TocsinError && !error.code.startsWith('net-')) {
    return otherProtocol(subject, error.code, `its greeting is none: ${message}`)
  }
  const late = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
  if (late) return notAdmitted(subject, LATE)
  return notAdmitted(subject, {
    code: 'net-not-admitted',
    message: `it keeps this node in limbo: its registry does not have our peer key (${message})`,
    fix: NOT_ADMITTED_FIX,
  })
}

function notAdmitted(subject: DiagnosisSubject, fault: Fault): Checks {
  const because = 'it does not let this node in'
  return [failed(subject, 'admission', fault), ...skipped(subject, CONNECTION_CHECKS.slice(2), because)]
}

function otherProtocol(subject: DiagnosisSubject, code: Fault['code'], message: string): Checks {
  const [protocol, ...others] = GREETING_CHECKS
  const fault = { code, message, fix: 'Update the software of the older of the two nodes.' }
  return [letIn(subject), failed(subject, protocol, fault), ...skipped(subject, others, 'protocol differs')]
}

function letIn(subject: DiagnosisSubject): DiagnosisCheck {
  return passed(subject, 'admission', 'it lets this node in')
}

const NOT_ADMITTED_FIX =
  'See that the newest document of our nation reaches it ("tocsin alliance invite NATION" makes a file for it), and ask its operator.'

const CLOSED: Fault = {
  code: 'net-not-admitted',
  message: 'it closes the connection after the handshake: it has given up our peer key, or it cut us off',
  fix: NOT_ADMITTED_FIX,
}

const LATE: Fault = {
  code: 'net-timeout',
  message: 'it took the connection and did not greet in time',
  fix: 'It may be busy: try again.',
}

function connectionOf(subject: DiagnosisSubject, { addresses, direction, sinceMs }: PeerState): DiagnosisCheck {
  const [address = ''] = addresses
  const who = direction === 'inbound' ? 'it called' : 'this node called'
  const since = new Date(sinceMs).toISOString().replace(/\.\d+Z$/, 'Z')
  return passed({ ...subject, address }, 'connection', `connected since ${since}; ${who}`)
}

/** Until the peer is identified, which it is not before it lets us in; `late` where it neither does nor closes. */
async function untilUp(host: Host, peer: PeerKeyHex, signal: AbortSignal): Promise<'up' | 'closed' | 'late'> {
  for (;;) {
    const status = host.peers().find(state => state.peer === peer)?.status
    if (status === 'connected') return 'up'
    if (status !== 'handshaking') return 'closed'
    if (signal.aborted) return 'late'
    await delay(POLL_MS)
  }
}
