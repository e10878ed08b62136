import { setTimeout as delay } from 'node:timers/promises'
import { type Fault, TocsinError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { PROBE_STEPS, type ProbeStep, probeAddress } from '../net/address-probe.ts'
import { dialFault } from '../net/dial-error.ts'
import type { Host } from '../net/host.ts'
import { type PeerKeyHex, peerIdText, peerKeyBytes, peerKeyHex } from '../net/peer-key.ts'
import type { PeerState } from '../net/peer-state.ts'
import type { Directory, PeerNode } from '../registry/directory.ts'
import type { Hello } from '../wire/gen/tocsin.ts'
import { type DiagnosisCheck, type DiagnosisSubject, failed, passed, skipped, unknown } from './diagnosis-check.ts'
import { checkGreeting, GREETING_CHECKS } from './greeting-checks.ts'
import { type Greeting, greet } from './peer-greeting.ts'
import { SYNC_PROTOCOL } from './sync-service.ts'

const ADDRESSES_MAX = 8
const CALL_MS = 6_000
/** A side that lets us in answers identify at once. */
const ADMISSION_MS = 6_000
const GREETING_MS = 6_000
const POLL_MS = 20
const AFTER_PROBE = ['peer key', 'admission', ...GREETING_CHECKS] as const
const AFTER_KEY = AFTER_PROBE.slice(1)
const AFTER_ADMISSION = AFTER_PROBE.slice(2)

export interface PeerDiagnosisOptions {
  readonly host: Host
  readonly directory: Directory
  /** What this node says of itself. */
  readonly hello: () => Hello
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Looks at one peer after the other, in the order in which a connection is made. Never throws for a peer's sake. */
export function createPeerDiagnosis(options: PeerDiagnosisOptions): (peer: PeerNode) => Promise<DiagnosisCheck[]> {
  const { host, directory, signal } = options

  async function diagnose(node: PeerNode): Promise<DiagnosisCheck[]> {
    const subject = subjectOf(node)
    const peer = peerKeyHex(node.peerPk)
    const state = connected(peer)
    if (state !== undefined) return [connectionOf(subject, state), ...(await greeting(subject, peer))]
    if (signal.aborted) return [unknown(subject, 'name', NO_TIME)]
    const { checks, reachable } = await probe(node, signal)
    if (reachable.length === 0)
      return [...checks, ...skipped(subject, AFTER_PROBE, 'no address of it could be reached')]
    return [...checks, ...(await callFirst(node, reachable))]
  }

  /** Until one of the addresses is answered by the peer's key. */
  async function callFirst(node: PeerNode, reachable: readonly string[]): Promise<DiagnosisCheck[]> {
    const checks: DiagnosisCheck[] = []
    for (const address of reachable) {
      const subject = { ...subjectOf(node), address }
      const found = await call(subject, node.peerPk)
      checks.push(...found)
      if (found.every(({ result }) => result === 'ok')) {
        return [...checks, ...(await admission(subjectOf(node), peerKeyHex(node.peerPk)))]
      }
      if (found.some(({ check }) => check === 'admission')) {
        return [...checks, ...skipped(subjectOf(node), AFTER_ADMISSION, 'it does not let this node in')]
      }
    }
    return [...checks, ...skipped(subjectOf(node), AFTER_KEY, 'the key of its document answers nowhere')]
  }

  /** Who answers at the address: `peer key`, and `admission` where it closes the connection right away. */
  async function call(subject: DiagnosisSubject, peerPk: Uint8Array): Promise<DiagnosisCheck[]> {
    try {
      await host.call(`${subject.address}/p2p/${peerIdText(peerPk)}`, within(CALL_MS))
      return [passed(subject, 'peer key', 'the key of its document answers')]
    } catch (error) {
      const { code, message } = dialFault(error)
      if (code === 'net-wrong-key') return [failed(subject, 'peer key', await wrongKey(subject.address))]
      if (code !== 'net-not-admitted') {
        return [failed(subject, 'peer key', { code, message, fix: 'Try again, and look at the log of this node.' })]
      }
      const known = passed(subject, 'peer key', 'the handshake with the key of its document began')
      return [known, failed(subject, 'admission', refusedAtOnce())]
    }
  }

  /** Called by its address alone, as the dialer does too: it may be the peer with a new key, and learns or teaches. */
  async function wrongKey(address: string) {
    const answering = await host.call(address, within(CALL_MS)).catch(() => undefined)
    const owner = answering && directory.nationOfPeer(peerKeyBytes(answering))
    const who =
      answering === undefined
        ? 'another key than that of its document answers'
        : `another key answers, ${answering}, ${owner === undefined ? 'which no document here names' : `a node of ${owner}`}`
    return {
      code: 'net-wrong-key',
      message: who,
      fix: 'Its key or its address has changed: get its newest document ("tocsin alliance apply FILE"), or ask its operator.',
    } as const
  }

  async function admission(subject: DiagnosisSubject, peer: PeerKeyHex): Promise<DiagnosisCheck[]> {
    const state = await untilUp(host, peer, within(ADMISSION_MS))
    if (state === 'up') return greeting(subject, peer)
    const fault = state === 'closed' ? refusedAtOnce() : LATE
    return [failed(subject, 'admission', fault), ...skipped(subject, AFTER_ADMISSION, 'it does not let this node in')]
  }

  /** From here on the peer is connected, as far as this side can tell. */
  async function greeting(subject: DiagnosisSubject, peer: PeerKeyHex): Promise<DiagnosisCheck[]> {
    const protocols = connected(peer)?.protocols ?? []
    if (protocols.length > 0 && !protocols.includes(SYNC_PROTOCOL)) {
      const [first, ...others] = GREETING_CHECKS
      const fault = {
        code: 'sync-protocol-version',
        message: `it does not speak ${SYNC_PROTOCOL}, but ${protocols.filter(isOurs).join(' ') || 'nothing of Tocsin'}`,
        fix: 'Update the software of the older of the two nodes.',
      } as const
      const differs = [failed(subject, first, fault), ...skipped(subject, others, 'protocol differs')]
      return [passed(subject, 'admission', 'it let this node in'), ...differs]
    }
    const own = options.hello()
    let answer: Greeting
    try {
      answer = await greet(options, peer, own, within(GREETING_MS))
    } catch (error) {
      return notGreeted(subject, error)
    }
    return [passed(subject, 'admission', 'it let this node in'), ...checkGreeting(subject, answer, own, directory)]
  }

  /** A stream for sync is the first thing that a side without our key refuses (R-5.4). */
  function notGreeted(subject: DiagnosisSubject, error: unknown): DiagnosisCheck[] {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof TocsinError && !error.code.startsWith('net-')) {
      const fault = { code: error.code, message, fix: 'Update the software of the older of the two nodes.' }
      const differs = failed(subject, GREETING_CHECKS[0], fault)
      const later = skipped(subject, GREETING_CHECKS.slice(1), 'it did not greet')
      return [passed(subject, 'admission', 'it let this node in'), differs, ...later]
    }
    const late = signal.aborted || isTimeout(error)
    const fault: Fault = late
      ? LATE
      : {
          code: 'net-not-admitted',
          message: `it keeps this node in limbo: its registry does not have our peer key (${message})`,
          fix: NOT_ADMITTED_FIX,
        }
    return [failed(subject, 'admission', fault), ...skipped(subject, AFTER_ADMISSION, 'it did not greet')]
  }

  function connected(peer: PeerKeyHex): PeerState | undefined {
    return host.peers().find(state => state.peer === peer && state.status === 'connected')
  }

  function within(timeoutMs: number): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  }

  return diagnose
}

/** Name, TCP and Noise of every address of a node, without a key of our own. */
export async function diagnoseAddresses(node: PeerNode, signal: AbortSignal): Promise<DiagnosisCheck[]> {
  if (signal.aborted) return [unknown(subjectOf(node), 'name', NO_TIME)]
  const { checks } = await probe(node, signal)
  return [...checks, ...skipped(subjectOf(node), AFTER_PROBE, 'no daemon runs here that could tell')]
}

const NO_TIME = 'no time was left for it'
const NOT_ADMITTED_FIX =
  'Check that our nation’s newest document has reached it ("tocsin alliance invite" makes a file for it), and ask its operator.'

const LATE: Fault = {
  code: 'net-timeout',
  message: 'it took the connection and did not greet in time',
  fix: 'It may be busy: try again.',
}

function refusedAtOnce() {
  return {
    code: 'net-not-admitted',
    message: 'it closes the connection at the handshake: its registry has given up our peer key, or it cut us off',
    fix: NOT_ADMITTED_FIX,
  } as const
}

async function probe(node: PeerNode, signal: AbortSignal) {
  const addresses = node.addresses.slice(0, ADDRESSES_MAX)
  if (addresses.length === 0) {
    const fault = {
      code: 'net-address-invalid',
      message: 'its document names no address, so it has to call, and has not',
      fix: 'Ask its operator whether it runs, and whether it reaches this node’s address.',
    } as const
    return { checks: [failed(subjectOf(node), 'name', fault)], reachable: [] }
  }
  const probes = await Promise.all(addresses.map(async address => ({ address, steps: await stepsOf(address, signal) })))
  const reachable = probes.filter(({ steps }) => steps.length === PROBE_STEPS.length && steps.every(isOk))
  const checks = probes.flatMap(({ address, steps }) => checksOf({ ...subjectOf(node), address }, steps))
  return { checks, reachable: reachable.map(({ address }) => address) }
}

async function stepsOf(address: string, signal: AbortSignal): Promise<readonly ProbeStep[]> {
  return probeAddress(address, signal).catch(error => {
    if (signal.aborted) return []
    throw error
  })
}

function checksOf(subject: DiagnosisSubject, steps: readonly ProbeStep[]): DiagnosisCheck[] {
  if (steps.length === 0) return [unknown(subject, 'name', NO_TIME)]
  const done = steps.map(({ step, detail, fault }) =>
    fault === null ? passed(subject, step, detail) : failed(subject, step, fault),
  )
  const last = steps.at(-1)!.step
  return [...done, ...skipped(subject, PROBE_STEPS.slice(steps.length), `${last} failed`)]
}

function isOk({ fault }: ProbeStep): boolean {
  return fault === null
}

function subjectOf({ nation, peerPk }: PeerNode): DiagnosisSubject {
  return { nation, peer: peerKeyHex(peerPk), address: '' }
}

function connectionOf(subject: DiagnosisSubject, { addresses, direction, sinceMs }: PeerState): DiagnosisCheck {
  const [address = ''] = addresses
  const who = direction === 'inbound' ? 'it called' : 'this node called'
  const since = new Date(sinceMs).toISOString().replace(/\.\d+Z$/, 'Z')
  return passed({ ...subject, address }, 'connection', `connected since ${since}; ${who}`)
}

function isOurs(protocol: string): boolean {
  return protocol.startsWith('/tocsin/')
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
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
