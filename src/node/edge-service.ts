import { UserError } from '../base/errors.ts'
import { createAlertCommands } from './alert-commands.ts'
import { createAllianceCommands } from './alliance-commands.ts'
import { createAuditCommands } from './audit-commands.ts'
import { readAuditPage } from './audit-page.ts'
import { auditedService } from './audited-service.ts'
import { createBundleCommands } from './bundle-commands.ts'
import { diagnose } from './diagnosis.ts'
import type { EdgeNode } from './edge.ts'
import { nodeCounters } from './node-counters.ts'
import type { NodeService } from './node-service.ts'
import { digestOf, statusOf } from './node-status.ts'
import { findEdgeProblems } from './problems.ts'
import { registryView } from './registry-view.ts'
import type { ServiceHooks } from './service.ts'
import { peerViews } from './status-views.ts'
import { createStoreCommands } from './store-commands.ts'
import { createSyncCommands } from './sync-commands.ts'

/** What needs to open, seal or sign, or to know what the nation lets leave. */
const REFUSED = {
  searchable: refuse,
  indicatorsOf: refuse,
  lookup: refuse,
  list: refuse,
  show: refuse,
  publish: refuse,
  audience: refuse,
  groups: refuse,
  grantHistory: refuse,
  held: refuse,
  approveHeld: refuse,
  rejectHeld: refuse,
  rules: refuse,
  reloadRules: refuse,
  reader: refuse,
  taxiiReader: refuse,
  warmTaxii() {},
  taxiiTitle: refuse,
  tokens: refuse,
  addToken: refuse,
  revokeToken: refuse,
  reloadKemKeys: refuse,
  rebuildView: refuse,
  reopenItems: refuse,
  incarnate: refuse,
  quarantined: refuse,
  republish: refuse,
  showEntry: refuse,
  eraseEntry: refuse,
  purgeEntry: refuse,
  changesNow: refuse,
  changes: refuse,
  onChange: refuse,
  muted: refuse,
  feeds: refuse,
  pollFeed: refuse,
  releaseFeed: refuse,
  liveExports: refuse,
  releaseExport: refuse,
  exportIndicators: refuse,
  muteNation: refuse,
  unmuteNation: refuse,
  warninglists: refuse,
  checkWarninglists: refuse,
  updateWarninglists: refuse,
} satisfies Partial<NodeService>

/** What the control API offers at an edge node: how it does, and whatever it takes no key of the nation for. */
export function createEdgeService(edge: EdgeNode, { stop, ...keeping }: ServiceHooks): NodeService {
  const startedMs = edge.clock.now()
  const service: NodeService = {
    status: () =>
      statusOf(edge, {
        use: 'edge',
        startedMs,
        problems: findEdgeProblems(edge),
        isStarting: false,
        backlog: 0,
        queued: 0,
        ownLogId: undefined,
        registries: edge.heads.stated(),
      }),
    digest: () => digestOf(edge),
    peers: () => peerViews(edge),
    registry: () => registryView(edge.book.directory()),
    diagnose: target => diagnose(edge, target),
    ...createAllianceCommands(edge, keeping),
    ...createAuditCommands(edge),
    ...createAlertCommands(edge),
    ...createStoreCommands(edge),
    ...createSyncCommands(edge),
    ...createBundleCommands(edge),
    audit: query => readAuditPage(edge.store, query),
    counters: () => nodeCounters(edge),
    stop,
    ...REFUSED,
  }
  return { ...auditedService(service, edge.audit.log, 'local'), ...REFUSED }
}

function refuse(): never {
  throw new UserError('edge-node', 'this is an edge node: it holds no key that reads or signs', {
    fix: 'Ask its inner node: run this where the signing key of the nation is.',
  })
}
