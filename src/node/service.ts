import { toHex } from '../base/bytes.ts'
import { logIdHex, type NationId } from '../base/ids.ts'
import { frontierDigest } from '../chain/frontier.ts'
import { nameOf } from '../registry/describe.ts'
import { ROLE } from '../registry/registry-doc.ts'
import { createAllianceCommands, type KeepingHooks } from './alliance-commands.ts'
import { createAudienceCommands } from './audience-commands.ts'
import { createAuditCommands } from './audit-commands.ts'
import { readAuditPage } from './audit-page.ts'
import { auditedService } from './audited-service.ts'
import type { Node } from './daemon.ts'
import { diagnose } from './diagnosis.ts'
import { nationStatus } from './directory-views.ts'
import { createHistoryCommands } from './history-commands.ts'
import { localService } from './local-roles.ts'
import { nodeCounters } from './node-counters.ts'
import type { NodeService, NodeStatus, RebuildResult } from './node-service.ts'
import { findProblems } from './problems.ts'
import { createWholeReading } from './readers.ts'
import { registryView } from './registry-view.ts'
import { createReleaseCommands } from './release-commands.ts'
import { peerViews } from './status-views.ts'
import { createTokenCommands } from './token-commands.ts'
import { VERSION } from './version.ts'

interface ServiceHooks extends KeepingHooks {
  stop(): void
}

/** What the control API offers, on top of the running node. */
export function createNodeService(node: Node, { stop, ...keeping }: ServiceHooks): NodeService {
  const { store, book, guard, publisher, projector, sync, host, clock } = node
  const startedMs = clock.now()

  function status(): NodeStatus {
    const counts = store.counts()
    const problems = findProblems(node)
    const { registry } = book.directory()
    const signing = guard.state().kind
    return {
      nation: node.nation,
      roles: [...(book.directory().member(node.nation)?.roles ?? [])].map(role => nameOf(ROLE, role)),
      allianceId: toHex(node.allianceId),
      allianceName: registry.name,
      version: VERSION,
      pid: process.pid,
      startedMs,
      state: problems.some(({ grade }) => grade === 'alarm')
        ? 'degraded'
        : signing === 'waiting'
          ? 'starting'
          : 'ready',
      problems,
      registryVersion: registry.version,
      entries: counts.entries,
      indicators: counts.indicators,
      claims: counts.claims,
      backlog: projector.backlog(),
      waiting: counts.waiting,
      queued: publisher.queued(),
      frontier: toHex(frontierDigest(store.frontier())),
      logs: [...store.logs()].map(({ head, standing }) => ({
        logId: logIdHex(head.logId),
        nation: head.nation,
        incarnation: head.incarnation,
        size: standing.size,
        witnessed: book.standingOf(head).quorate?.size ?? 0,
        head: toHex(standing.head),
        lastEntryMs: head.timeMs,
        own: node.ownLog.current()?.logId === head.logId,
        behind: sync.behind(head.logId, head.size),
      })),
      peersConnected: sync.connected(),
      peersKnown: host.peers().length,
      listen: host.addresses,
    }
  }

  async function rebuild(work: () => Promise<void>): Promise<RebuildResult> {
    const started = performance.now()
    const viewBefore = await store.viewDigest()
    await work()
    const { items, indicators } = store.counts()
    const seconds = (performance.now() - started) / 1000
    return { items, indicators, viewBefore, viewAfter: await store.viewDigest(), seconds }
  }

  const statusOf = (of: NationId) => nationStatus(book.directory(), of)
  const service: NodeService = {
    status,
    async digest() {
      const { entries, indicators } = store.counts()
      return { entries, indicators, frontier: toHex(frontierDigest(store.frontier())), view: await store.viewDigest() }
    },
    peers: () => peerViews(node),
    registry: () => registryView(book.directory()),
    diagnose: target => diagnose(node, target),
    ...createAllianceCommands(node, keeping),
    ...createReleaseCommands(node),
    ...createAudienceCommands(node),
    ...createHistoryCommands(node),
    ...createWholeReading(store, () => node.release.rules.current().acceptance, statusOf),
    ...createTokenCommands(node),
    ...createAuditCommands(node),
    rebuildView: () => rebuild(() => store.rebuildView()),
    reopenItems: () => rebuild(() => projector.reopen()),
    reloadKemKeys: node.reloadKemKeys,
    quarantined: () => node.quarantine.list(),
    async republish(ids) {
      const count = await node.quarantine.republish(ids)
      publisher.wake()
      return count
    },
    async incarnate() {
      const head = await publisher.incarnate(guard.state().kind === 'open')
      return { logId: logIdHex(head.logId), incarnation: head.incarnation }
    },
    audit: query => readAuditPage(store, query),
    counters: () => nodeCounters(node),
    stop,
  }
  return localService(auditedService(service, node.audit.log, 'local'), () => node.release.rules.current().operators)
}
