import { toHex } from '../base/bytes.ts'
import { ProtocolError, UserError } from '../base/errors.ts'
import { isNationId, logIdHex, type NationId } from '../base/ids.ts'
import { frontierDigest } from '../chain/frontier.ts'
import { canonicalValue, classify } from '../indicator/canonical.ts'
import { nameOf } from '../registry/describe.ts'
import { ROLE } from '../registry/registry-doc.ts'
import { LIST_PAGE_MAX, type StoredIndicator } from '../store/store.ts'
import { createAllianceCommands, type KeepingHooks } from './alliance-commands.ts'
import type { Node } from './daemon.ts'
import { diagnose } from './diagnosis.ts'
import { nationStatus } from './directory-views.ts'
import { nodeCounters } from './node-counters.ts'
import {
  type IndicatorPage,
  type IndicatorView,
  LIST_LIMIT_MAX,
  type ListQuery,
  type LookupResult,
  type NodeService,
  type NodeStatus,
  PUBLISH_ITEMS_MAX,
  type RebuildResult,
} from './node-service.ts'
import { findProblems } from './problems.ts'
import { registryView } from './registry-view.ts'
import { peerViews } from './status-views.ts'
import { VERSION } from './version.ts'
import { indicatorView } from './views.ts'

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

  function viewsOf(stored: readonly (StoredIndicator | undefined)[]): IndicatorView[] {
    const directory = book.directory()
    const statusOf = (nation: NationId) => nationStatus(directory, nation)
    return stored.flatMap(each => (each === undefined ? [] : (indicatorView(each, statusOf) ?? [])))
  }

  async function lookup(values: readonly string[]): Promise<readonly LookupResult[]> {
    const subjects = values.map(query => ({ query, subject: subjectOf(query) }))
    const asked = subjects.flatMap(({ subject }) => (typeof subject === 'string' ? [] : [subject]))
    const found = await store.lookupMany(asked)
    const answers = found[Symbol.iterator]()
    return subjects.map(({ query, subject }): LookupResult => {
      if (typeof subject === 'string') return { query, result: 'invalid', reason: subject, indicators: [] }
      const indicators = viewsOf([answers.next().value])
      return { query, result: indicators.length > 0 ? 'found' : 'absent', reason: '', indicators }
    })
  }

  async function list(query: ListQuery): Promise<IndicatorPage> {
    const limit = Math.min(Math.max(1, query.limit), LIST_LIMIT_MAX)
    if (query.nation !== undefined && !isNationId(query.nation)) {
      throw new UserError('wire-text', `"${query.nation}" is no nation`, { fix: 'Use an id such as DEU.' })
    }
    return query.sinceMs === undefined && query.untilMs === undefined
      ? listByValue(query, limit)
      : listByTime(query, limit)
  }

  async function listByValue(query: ListQuery, limit: number): Promise<IndicatorPage> {
    const page = await store.listIndicators({ ...filterOf(query), limit })
    return pageOf(viewsOf(page.items), page.next)
  }

  /** In the order of their claims; an indicator claimed several times shows once a page. */
  async function listByTime(query: ListQuery, limit: number): Promise<IndicatorPage> {
    const page = await store.listItems({ ...filterOf(query), kind: INDICATOR, sinceMs: query.sinceMs ?? 0, limit })
    const inTime = page.items.filter(item => query.untilMs === undefined || item.timeMs <= query.untilMs)
    const subjects = new Map(inTime.map(({ type, value }) => [`${type} ${value}`, { type, value }]))
    const found = await store.lookupMany([...subjects.values()])
    const past = inTime.length < page.items.length
    return pageOf(viewsOf(found), past ? undefined : page.next)
  }

  async function show(idOrValue: string): Promise<IndicatorView | null> {
    const [direct] = await lookup([idOrValue])
    if (direct?.indicators[0] !== undefined) return direct.indicators[0]
    return /^[0-9a-f]{8,32}$/i.test(idOrValue) ? showById(idOrValue.toLowerCase()) : null
  }

  /** Ids are derived, not indexed: reads the view until the id is found. */
  async function showById(prefix: string): Promise<IndicatorView | null> {
    let found: IndicatorView | null = null
    for (let after: string | undefined; ; ) {
      const page = await store.listIndicators({ limit: LIST_PAGE_MAX, ...(after === undefined ? {} : { after }) })
      for (const view of viewsOf(page.items)) {
        if (!view.id.startsWith(prefix)) continue
        if (found !== null)
          throw new UserError('indicator-id-ambiguous', `${prefix} begins several ids`, { fix: 'Give more digits.' })
        found = view
      }
      if (page.next === undefined) return found
      after = page.next
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

  return {
    status,
    async digest() {
      const { entries, indicators } = store.counts()
      return { entries, indicators, frontier: toHex(frontierDigest(store.frontier())), view: await store.viewDigest() }
    },
    peers: () => peerViews(node),
    registry: () => registryView(book.directory()),
    diagnose: target => diagnose(node, target),
    ...createAllianceCommands(node, keeping),
    async publish(items) {
      if (items.length > PUBLISH_ITEMS_MAX) {
        throw new UserError('publish-too-many', `${items.length} items at once`, {
          fix: `Send at most ${PUBLISH_ITEMS_MAX}.`,
        })
      }
      return publisher.publish(items)
    },
    lookup,
    list,
    show,
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
    counters: () => nodeCounters(node),
    stop,
  }
}

const INDICATOR = 1

/** What a lookup is about, or why it is about nothing. */
function subjectOf(query: string): { readonly type: string; readonly value: string } | string {
  const text = query.trim()
  try {
    const classified = classify(text)
    if (classified.kind === 'value') return { type: classified.type, value: classified.value }
    if (classified.kind === 'host-port') return classified.host
    if (text.startsWith('[')) return canonicalValue('stix-pattern', text)
    return classified.reason
  } catch (error) {
    if (error instanceof ProtocolError) return error.message
    throw error
  }
}

function filterOf({ type, nation, cursor }: ListQuery) {
  return {
    ...(type === undefined ? {} : { type }),
    ...(nation !== undefined && isNationId(nation) ? { nation } : {}),
    ...(cursor === undefined ? {} : { after: cursor }),
  }
}

function pageOf(indicators: readonly IndicatorView[], next: string | undefined): IndicatorPage {
  return next === undefined ? { indicators } : { indicators, next }
}
