import { UserError } from '../../base/errors.ts'
import { createAuditCommands } from '../audit/audit-commands.ts'
import { readAuditPage } from '../audit/audit-page.ts'
import { createBundleCommands } from '../bundles/bundle-commands.ts'
import type { EdgeNode } from '../edge.ts'
import { createStoreCommands } from '../home/store-commands.ts'
import type { NodeService } from '../orders/node-service.ts'
import { registryView } from '../orders/registry-view.ts'
import { findEdgeProblems } from '../problems/problems.ts'
import { diagnose } from '../status/diagnosis.ts'
import { nodeCounters } from '../status/node-counters.ts'
import { digestOf, statusOf } from '../status/node-status.ts'
import { peerViews } from '../status/status-views.ts'
import { createAlertCommands } from './alert-commands.ts'
import { createAllianceCommands } from './alliance-commands.ts'
import { auditedService } from './audited-service.ts'
import type { ServiceHooks } from './service.ts'
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
