import { logIdHex, type NationId } from '../base/ids.ts'
import { createAlertCommands } from './alert-commands.ts'
import { createAllianceCommands, type KeepingHooks } from './alliance-commands.ts'
import { createAudienceCommands } from './audience-commands.ts'
import { createAuditCommands } from './audit-commands.ts'
import { readAuditPage } from './audit-page.ts'
import { auditedService } from './audited-service.ts'
import { createBundleCommands } from './bundle-commands.ts'
import { createCursorSeal } from './cursor-seal.ts'
import type { Node } from './daemon.ts'
import { diagnose } from './diagnosis.ts'
import { nationStatus } from './directory-views.ts'
import { createEntryCommands } from './entry-commands.ts'
import { createExportCommands } from './export-commands.ts'
import { feedCounters } from './feed-counters.ts'
import { createHistoryCommands } from './history-commands.ts'
import { localService } from './local-roles.ts'
import { createMuteCommands } from './mute-commands.ts'
import { nodeCounters } from './node-counters.ts'
import type { NodeService } from './node-service.ts'
import { digestOf, statusOf } from './node-status.ts'
import { findProblems } from './problems.ts'
import { createWholeReading } from './readers.ts'
import type { RebuildResult } from './rebuild-result.ts'
import { registryView } from './registry-view.ts'
import { createReleaseCommands } from './release-commands.ts'
import { createScanCommands } from './scan-commands.ts'
import { scoringOf } from './scoring.ts'
import { peerViews } from './status-views.ts'
import { createStoreCommands } from './store-commands.ts'
import { createSyncCommands } from './sync-commands.ts'
import { createTaxiiCommands } from './taxii-commands.ts'
import { createTokenCommands } from './token-commands.ts'
import { claimView, indicatorView } from './views.ts'
import { createWarninglistCommands } from './warninglist-commands.ts'

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
