import { equalBytes } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { isNationId } from '../../base/ids.ts'
import { PROBE_STEPS } from '../../net/address-probe.ts'
import type { EdgeAddress } from '../../net/edge-address.ts'
import type { Host } from '../../net/host.ts'
import { type PeerKeyHex, peerKeyBytes, peerKeyHex } from '../../net/peer-key.ts'
import type { Directory, PeerNode } from '../../registry/directory.ts'
import { ownEdges } from '../config/config.ts'
import type { EdgeNode } from '../edge.ts'
import { AGENT } from '../mechanisms/version.ts'
import { createSyncSource } from '../network/sync-source.ts'
import { type DiagnosisCheck, failed, passed, skipped, THIS_NODE, unknown } from '../orders/diagnosis-check.ts'
import { checkOwnStanding } from '../problems/own-standing.ts'
import { checkAddresses, subjectOf } from './address-checks.ts'
import { CONNECTION_CHECKS, createPeerDiagnosis } from './peer-diagnosis.ts'
import { routeTo } from './peer-route.ts'

/** As `peer list` or the table of the checks shows it. */
const KEY_PREFIX = /^[0-9a-f]{8,64}$/
/** Everything together; what is not looked at by then is unknown. */
const DIAGNOSIS_MS = 90_000
const PEERS_AT_ONCE = 32

type DiagnosisSources = Pick<EdgeNode, 'host' | 'book' | 'store' | 'nation' | 'sync' | 'clock' | 'config'>

/**
 * Why connections do not come about: the own standing, then each peer of `target` (a nation, the first 8 or more
 * digits of a peer key, or everybody), in the order in which a connection is made. Throws UserError `net-peer-absent`
 * for an unknown target.
 */
export async function diagnose(
  { host, book, store, nation, sync, clock, config }: DiagnosisSources,
  target?: string,
): Promise<readonly DiagnosisCheck[]> {
  const directory = book.directory()
  const strangers = strangersOf(host, target)
  const peers = peersOf(directory, peerKeyBytes(host.self), target)
  if (strangers.length === 0) assertKnown(peers, directory, target)
  const signal = AbortSignal.timeout(DIAGNOSIS_MS)
  const hello = () => createSyncSource({ store, book, nation, agent: AGENT, clock }).hello()
  const diagnosePeer = createPeerDiagnosis({ host, directory, edges: ownEdges(config), hello, clock, signal })
  const own = checkOwnStanding({ directory, nation, peer: host.self, nowMs: clock.now() })
  const found = await inParallel(peers, diagnosePeer)
  return [...own, checkOwnClock(sync.clockSkewMs(), directory.policy.skewSeconds), ...found.flat(), ...strangers]
}

/** What can be told without a node: names, TCP and Noise of each peer's addresses as this process sees them. */
export async function diagnoseFromOutside(
  directory: Directory,
  ownPeerPk: Uint8Array,
  edges: readonly EdgeAddress[],
  target?: string,
): Promise<readonly DiagnosisCheck[]> {
  const signal = AbortSignal.timeout(DIAGNOSIS_MS)
  const peers = peersOf(directory, ownPeerPk, target)
  assertKnown(peers, directory, target)
  const found = await inParallel(peers, async peer => {
    const route = routeTo(directory, edges, peer)
    const later = [...PROBE_STEPS, ...CONNECTION_CHECKS]
    if (route.kind !== 'direct') return skipped(subjectOf(peer), later, 'it is not called from here, but through edges')
    const { checks } = await checkAddresses(route.node, signal)
    return [...checks, ...skipped(subjectOf(peer), CONNECTION_CHECKS, 'no daemon runs here that could tell')]
  })
  return found.flat()
}

function peersOf(directory: Directory, ownPeerPk: Uint8Array, target: string | undefined): readonly PeerNode[] {
  const others = directory.peers().filter(({ peerPk }) => !equalBytes(peerPk, ownPeerPk))
  if (target === undefined) return others
  return others.filter(({ nation, peerPk }) => nation === target || isKeyOf(peerKeyHex(peerPk), target))
}

function isKeyOf(peer: PeerKeyHex, target: string): boolean {
  return KEY_PREFIX.test(target) && peer.startsWith(target)
}

/** Anybody may be in limbo, so that is a fault only where it is asked about. */
function strangersOf(host: Host, target: string | undefined): readonly DiagnosisCheck[] {
  const strangers = host.peers().filter(({ status }) => status === 'limbo')
  const meant = strangers.filter(({ peer }) => target === undefined || isKeyOf(peer, target))
  return meant.map(({ peer, addresses }) => {
    const subject = { nation: '', peer, address: addresses[0] ?? '' }
    const message = 'it is kept in limbo: no document in force here names its key'
    if (target === undefined) return unknown(subject, 'peer key', message)
    const fix = 'If it is a member, apply the newest documents of its nation: tocsin alliance apply FILE'
    return failed(subject, 'peer key', { code: 'peer-key-unlisted', message, fix })
  })
}

function assertKnown(peers: readonly PeerNode[], directory: Directory, target: string | undefined): void {
  if (peers.length > 0 || target === undefined) return
  throw new UserError('net-peer-absent', unknownTarget(directory, target), {
    fix: '"tocsin peer list" shows who is known here.',
  })
}

function unknownTarget(directory: Directory, target: string): string {
  if (!isNationId(target)) return `no document in force names a node with the peer key "${target.slice(0, 64)}"`
  const member = directory.member(target)
  if (member === undefined) return `registry version ${directory.registry.version} names no nation ${target}`
  if (member.doc === undefined) return `no document of ${target} is here, so none of its nodes is known`
  return `no other node of ${target} is to be connected with`
}

function checkOwnClock(skewMs: number | undefined, skewSeconds: number): DiagnosisCheck {
  const name = 'own clock'
  if (skewMs === undefined) return unknown(THIS_NODE, name, 'no peer has told its time yet')
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  if (Math.abs(skewMs) <= skewSeconds * 1000) return passed(THIS_NODE, name, `${seconds} s off the middle of the peers`)
  return failed(THIS_NODE, name, {
    code: 'clock-skew',
    message: `this clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} most peers, ${skewSeconds} are allowed`,
    fix: 'Set the clock by NTP.',
  })
}

/** In the order of `items`. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [i, item] of queue) results[i] = await work(item)
  }
  await Promise.all(Array.from({ length: PEERS_AT_ONCE }, worker))
  return results
}
