import { logIdHex, type NationId } from '../../base/ids.ts'
import { createAuditCommands } from '../audit/audit-commands.ts'
import { readAuditPage } from '../audit/audit-page.ts'
import { createBundleCommands } from '../bundles/bundle-commands.ts'
import type { Node } from '../daemon.ts'
import { createStoreCommands } from '../home/store-commands.ts'
import { nationStatus } from '../knowledge/directory-views.ts'
import type { RebuildResult } from '../opening/rebuild-result.ts'
import type { NodeService } from '../orders/node-service.ts'
import { registryView } from '../orders/registry-view.ts'
import { findProblems } from '../problems/problems.ts'
import { createCursorSeal } from '../reading/cursor-seal.ts'
import { createWholeReading } from '../reading/readers.ts'
import { createScanCommands } from '../reading/scan-commands.ts'
import { claimView, indicatorView } from '../reading/views.ts'
import { scoringOf } from '../rules/scoring.ts'
import { createWarninglistCommands } from '../rules/warninglist-commands.ts'
import { diagnose } from '../status/diagnosis.ts'
import { feedCounters } from '../status/feed-counters.ts'
import { nodeCounters } from '../status/node-counters.ts'
import { digestOf, statusOf } from '../status/node-status.ts'
import { peerViews } from '../status/status-views.ts'
import { createTaxiiCommands } from '../taxii/taxii-commands.ts'
import { createAlertCommands } from './alert-commands.ts'
import { createAllianceCommands, type KeepingHooks } from './alliance-commands.ts'
import { createAudienceCommands } from './audience-commands.ts'
import { auditedService } from './audited-service.ts'
import { createEntryCommands } from './entry-commands.ts'
import { createExportCommands } from './export-commands.ts'
import { createHistoryCommands } from './history-commands.ts'
import { localService } from './local-roles.ts'
import { createMuteCommands } from './mute-commands.ts'
import { createReleaseCommands } from './release-commands.ts'
import { createSyncCommands } from './sync-commands.ts'
import { createTokenCommands } from './token-commands.ts'

export interface ServiceHooks extends KeepingHooks {
  stop(): void
}

/** What the control API offers, on top of the running node. */
export function createNodeService(node: Node, { stop, ...keeping }: ServiceHooks): NodeService {
  const { store, book, guard, publisher, projector, clock } = node
  const startedMs = clock.now()

  const status = () =>
    statusOf(node, {
      use: 'inner',
      startedMs,
      problems: findProblems(node),
      isStarting: guard.state().kind === 'waiting',
      backlog: projector.backlog(),
      queued: publisher.queued(),
      ownLogId: node.ownLog.current()?.logId,
      registries: node.heads.stated(),
    })

  async function rebuild(work: () => Promise<void>): Promise<RebuildResult> {
    const started = performance.now()
    const viewBefore = await store.viewDigest()
    await work()
    const { items, indicators } = store.counts()
    const seconds = (performance.now() - started) / 1000
    return { items, indicators, viewBefore, viewAfter: await store.viewDigest(), seconds }
  }

  const standingOf = (of: NationId) => nationStatus(book.directory(), of)
  const cursors = createCursorSeal(store, node.random)
  const tokens = createTokenCommands(node, cursors)
  const service: NodeService = {
    status,
    digest: () => digestOf(node),
    peers: () => peerViews(node),
    registry: () => registryView(book.directory()),
    diagnose: target => diagnose(node, target),
    ...createAllianceCommands(node, keeping),
    ...createReleaseCommands(node),
    ...createAudienceCommands(node),
    ...createHistoryCommands(node),
    ...createWholeReading(store, () => node.release.rules.current().acceptance, standingOf, scoringOf(node)),
    ...tokens,
    ...createTaxiiCommands(node, tokens.reader, cursors),
    ...createMuteCommands(node),
    ...node.inlets,
    ...createWarninglistCommands(node),
    ...createAlertCommands(node),
    ...createAuditCommands(node),
    ...createEntryCommands(node),
    ...createExportCommands(node),
    ...createScanCommands(store, stored => indicatorView(stored, item => claimView(item, standingOf), scoringOf(node))),
    ...createStoreCommands(node),
    ...createSyncCommands(node),
    ...createBundleCommands(node),
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
    counters: () => [
      ...nodeCounters(node),
      ...feedCounters(node.inlets),
      ...node.warned.counters(),
      ...node.outlets.exports.desk.gauges(),
    ],
    stop,
  }
  return localService(auditedService(service, node.audit.log, 'local'), () => node.release.rules.current().operators)
}
