import { toHex } from '../../base/bytes.ts'
import { logIdHex } from '../../base/ids.ts'
import { frontierDigest } from '../../chain/frontier.ts'
import { postQuantumTree } from '../../chain/post-quantum.ts'
import { nameOf } from '../../registry/describe.ts'
import { ROLE } from '../../registry/registry-doc.ts'
import type { StoredLog } from '../../store/store.ts'
import type { EdgeNode } from '../edge.ts'
import type { LogStatus } from '../knowledge/log-status.ts'
import { VERSION } from '../mechanisms/version.ts'
import { standsIn } from '../orders/entry-view.ts'
import type { NodeDigest, NodeStatus, Problem } from '../orders/node-service.ts'
import { laggingWitnesses } from './witness-lag.ts'

type StatusSources = Pick<
  EdgeNode,
  'allianceId' | 'nation' | 'store' | 'book' | 'alerts' | 'sync' | 'host' | 'clock' | 'bodies' | 'progress'
>

/** What differs with the kind of node. */
export interface OwnState extends Pick<NodeStatus, 'use' | 'startedMs' | 'backlog' | 'queued' | 'registries'> {
  readonly problems: readonly Problem[]
  /** Before the signing check of is done. */
  readonly isStarting: boolean
  /** The log that this node signs; undefined where it signs none. */
  readonly ownLogId: Uint8Array | undefined
}

export function statusOf(node: StatusSources, own: OwnState): NodeStatus {
  const { allianceId, nation, store, book, alerts, sync, host } = node
  const counts = store.counts()
  const directory = book.directory()
  const { use, startedMs, backlog, queued, problems } = own
  const isDegraded = problems.some(({ grade }) => grade === 'alarm')
  return {
    nation,
    use,
    roles: [...(directory.member(nation)?.roles ?? [])].map(role => nameOf(ROLE, role)),
    allianceId: toHex(allianceId),
    allianceName: directory.registry.name,
    version: VERSION,
    pid: process.pid,
    startedMs,
    state: isDegraded ? 'degraded' : own.isStarting ? 'starting' : 'ready',
    problems,
    registryVersion: directory.registry.version,
    registryHash: directory.registry.hash,
    entries: counts.entries,
    indicators: counts.indicators,
    claims: counts.claims,
    backlog,
    waiting: counts.waiting,
    queued,
    alerts: alerts.list().length,
    frontier: toHex(frontierDigest(store.frontier())),
    logs: [...store.logs()].map(log => logStatus(node, log, own)),
    lagging: laggingWitnesses(node),
    catchUp: node.progress.look(),
    bodiesWanted: node.bodies.wanted(),
    registries: own.registries,
    peersConnected: sync.connected(),
    peersKnown: host.peers().length,
    listen: host.addresses,
  }
}

function logStatus({ store, book, sync }: StatusSources, log: StoredLog, { ownLogId }: OwnState): LogStatus {
  const { head, standing } = log
  const lasting = postQuantumTree(book.checkpoints(head.logId), standsIn(store, log))
  return {
    logId: logIdHex(head.logId),
    nation: head.nation,
    incarnation: head.incarnation,
    size: standing.size,
    witnessed: book.standingOf(head).quorate?.size ?? 0,
    postQuantum: lasting?.size ?? 0,
    postQuantumMs: (lasting?.timeSeconds ?? 0) * 1000,
    head: toHex(standing.head),
    lastEntryMs: head.timeMs,
    own: ownLogId === head.logId,
    behind: sync.behind(head.logId, head.size),
  }
}

export async function digestOf({ store }: Pick<EdgeNode, 'store'>): Promise<NodeDigest> {
  const { entries, indicators } = store.counts()
  return { entries, indicators, frontier: toHex(frontierDigest(store.frontier())), view: await store.viewDigest() }
}
