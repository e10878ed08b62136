import { toHex } from '../base/bytes.ts'
import { logIdHex } from '../base/ids.ts'
import { frontierDigest } from '../chain/frontier.ts'
import { nameOf } from '../registry/describe.ts'
import { ROLE } from '../registry/registry-doc.ts'
import type { EdgeNode } from './edge.ts'
import type { NodeDigest, NodeStatus, Problem } from './node-service.ts'
import { VERSION } from './version.ts'

type StatusSources = Pick<EdgeNode, 'allianceId' | 'nation' | 'store' | 'book' | 'sync' | 'host'>

/** What differs with the kind of node. */
export interface OwnState extends Pick<NodeStatus, 'use' | 'startedMs' | 'backlog' | 'queued'> {
  readonly problems: readonly Problem[]
  /** Before the signing check of is done. */
  readonly isStarting: boolean
  /** The log that this node signs; undefined where it signs none. */
  readonly ownLogId: Uint8Array | undefined
}

export function statusOf({ allianceId, nation, store, book, sync, host }: StatusSources, own: OwnState): NodeStatus {
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
    entries: counts.entries,
    indicators: counts.indicators,
    claims: counts.claims,
    backlog,
    waiting: counts.waiting,
    queued,
    frontier: toHex(frontierDigest(store.frontier())),
    logs: [...store.logs()].map(({ head, standing }) => ({
      logId: logIdHex(head.logId),
      nation: head.nation,
      incarnation: head.incarnation,
      size: standing.size,
      witnessed: book.standingOf(head).quorate?.size ?? 0,
      head: toHex(standing.head),
      lastEntryMs: head.timeMs,
      own: own.ownLogId === head.logId,
      behind: sync.behind(head.logId, head.size),
    })),
    peersConnected: sync.connected(),
    peersKnown: host.peers().length,
    listen: host.addresses,
  }
}

export async function digestOf({ store }: Pick<EdgeNode, 'store'>): Promise<NodeDigest> {
  const { entries, indicators } = store.counts()
  return { entries, indicators, frontier: toHex(frontierDigest(store.frontier())), view: await store.viewDigest() }
}
