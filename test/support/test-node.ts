import { toHex, utf8 } from '../../src/base/bytes.ts'
import { ProtocolError, TocsinError, UserError } from '../../src/base/errors.ts'
import type { AllianceId, NationId } from '../../src/base/ids.ts'
import { canonicalValue, classify, type TypedValue } from '../../src/indicator/canonical.ts'
import { buildClaim, type ClaimDraft } from '../../src/indicator/claim.ts'
import { indicatorId, indicatorIdText } from '../../src/indicator/indicator-id.ts'
import { papName, parseMarking, tlpName } from '../../src/indicator/marking.ts'
import type { SyncState } from '../../src/node/network/sync-state.ts'
import type { DiagnosisCheck } from '../../src/node/orders/diagnosis-check.ts'
import type {
  ApprovalText,
  HeldView,
  NodeService,
  NodeStatus,
  PeerStatus,
  PublishItem,
  PublishOutcome,
  SubmissionText,
  TokenView,
} from '../../src/node/orders/node-service.ts'
import type { ClaimView, IndicatorView, LookupResult } from '../../src/node/reading/indicator-reading.ts'
import { parseClearance } from '../../src/policy/clearance.ts'
import { builtInWarninglists } from '../../src/policy/warninglist-facts.ts'
import { createWarninglists, hitText, isBlocked } from '../../src/policy/warninglists.ts'
import type { StoreCheck } from '../../src/store/upkeep.ts'

/**
 * The surface of a node without the node: indicators in memory, nothing signed, no peers but those it is told of. For
 * the tests of the control API and of what the commands make of it.
 */
const WARNINGLISTS = createWarninglists(builtInWarninglists())

export interface TestNode extends NodeService {
  readonly state: {
    status: Partial<NodeStatus>
    /** What `diagnose` finds, whatever it is asked about. */
    diagnosis: readonly DiagnosisCheck[]
    /** Publishes that are answered with `publish-queue-full` before one is taken. */
    busy: number
    /** How long every answer of a promise takes. */
    delayMs: number
    batches: number[]
    /** What waits for a second person, and the signatures that came for it. */
    held: HeldView[]
    approvals: ApprovalText[]
    /** The signatures of submissions, as they came. */
    submissions: (SubmissionText | undefined)[]
    /** What is told of catching up, one answer after the other. */
    sync: SyncState[]
    /** What an export consists of. */
    exported: Iterable<Uint8Array>
    stopped: number
  }
}

const NATION = 'AAA' as NationId
const ALLIANCE = new Uint8Array(32) as AllianceId
const LOG = 'ab'.repeat(32)
const PUBLISHED_MS = Date.UTC(2026, 10, 21, 12)

/** What a check of an empty store finds. */
const WHOLE: StoreCheck = {
  records: 0,
  logs: 0,
  entries: 0,
  items: 0,
  documents: 0,
  evidence: 0,
  audit: 0,
  lost: 0,
  derived: 0,
  faults: [],
  view: 'same',
}

export function createTestNode(onStop: () => void = () => {}): TestNode {
  const indicators = new Map<string, IndicatorView>()
  const contexts = new Set<string>()
  const state: TestNode['state'] = {
    ...{ status: {}, diagnosis: [], busy: 0, delayMs: 0, stopped: 0 },
    ...{ batches: [], held: [], approvals: [], submissions: [], sync: [], exported: [] },
  }
  const entries = () => state.batches.length

  const after = async <T>(answer: () => T): Promise<T> => {
    if (state.delayMs > 0) await new Promise(resolve => setTimeout(resolve, state.delayMs))
    return answer()
  }

  function publishOne(item: PublishItem): PublishOutcome {
    if (item.kind === 'context') {
      const id = item.json.slice(0, 64)
      if (contexts.has(id)) return { outcome: 'duplicate', id }
      contexts.add(id)
      return { outcome: 'new', id, entry: `${LOG}/${entries()}`, warnings: [] }
    }
    if (item.kind !== 'claim')
      return { outcome: 'new', id: 'id' in item ? item.id : '', entry: `${LOG}/${entries()}`, warnings: [] }
    try {
      return addClaim(item.draft)
    } catch (error) {
      if (error instanceof TocsinError) return { outcome: 'refused', code: error.code, reason: error.message }
      throw error
    }
  }

  function addClaim(draft: ClaimDraft): PublishOutcome {
    const claim = buildClaim(draft, { allianceId: ALLIANCE, nation: NATION, defaultTlp: 3, assertion: 0 })
    if (claim.value === 'refused.example') throw new UserError('guard-denied', 'this one is never taken')
    const hits = WARNINGLISTS.check(claim)
    if (isBlocked(hits)) throw new UserError('warninglist-blocked', hitText(claim.value, hits[0]!))
    const id = toHex(claim.id)
    const key = `${claim.type} ${claim.value}`
    const before = indicators.get(key)
    if (before?.claims.some(other => other.id === id) === true) return { outcome: 'duplicate', id }
    const marking = parseMarking(claim.marking)
    const view: ClaimView = {
      id,
      nation: NATION,
      nationStatus: 'ACTIVE',
      tlp: tlpName(marking.tlp),
      pap: papName(marking.pap),
      exercise: marking.exercise,
      confidence: claim.confidencePlus1 === 0 ? null : claim.confidencePlus1 - 1,
      entry: `${LOG}/${entries()}`,
      publishedMs: PUBLISHED_MS,
      validFromMs: claim.validFromMs,
      validUntilMs: claim.validUntilMs,
      firstSeenMs: claim.firstSeenMs,
      lastSeenMs: claim.lastSeenMs,
      original: claim.original,
      name: claim.name,
      description: claim.description,
      labels: claim.labels,
      references: claim.references,
      source: claim.source,
      sourceId: claim.sourceId,
      lineage: '' as const,
      conflict: false,
    }
    indicators.set(key, merged(claim, [...(before?.claims ?? []), view]))
    return { outcome: 'new', id, entry: view.entry, warnings: [], ...(hits.length > 0 && { hits }) }
  }

  function lookupOne(query: string): LookupResult {
    const found = typedValue(query)
    const nothing = { query, reason: '', indicators: [], related: [], moreRelated: false }
    if (found === undefined) return { ...nothing, result: 'invalid', reason: 'this is no indicator' }
    const view = indicators.get(`${found.type} ${found.value}`)
    if (view === undefined) return { ...nothing, result: 'absent' }
    return { ...nothing, result: 'found', indicators: [view] }
  }

  function status(): NodeStatus {
    return {
      nation: NATION,
      use: 'inner',
      roles: ['PUBLISH', 'RECEIVE', 'WITNESS'],
      allianceId: toHex(ALLIANCE),
      allianceName: 'Test alliance',
      version: '0.0.0-test',
      pid: process.pid,
      startedMs: PUBLISHED_MS,
      state: 'ready',
      problems: [],
      registryVersion: 1,
      registryHash: '',
      entries: entries(),
      indicators: indicators.size,
      claims: [...indicators.values()].flatMap(view => view.claims).length,
      backlog: 0,
      waiting: 0,
      queued: 0,
      alerts: 0,
      frontier: 'cd'.repeat(32),
      logs: [
        {
          logId: LOG,
          nation: NATION,
          incarnation: 1,
          size: entries(),
          head: 'ef'.repeat(32),
          lastEntryMs: PUBLISHED_MS,
          witnessed: 0,
          postQuantum: 0,
          postQuantumMs: 0,
          own: true,
          behind: 2,
        },
      ],
      lagging: [],
      catchUp: [],
      bodiesWanted: 0,
      registries: [],
      peersConnected: 1,
      peersKnown: 2,
      listen: ['/ip4/127.0.0.1/tcp/7117'],
      ...state.status,
    }
  }

  const rebuild = () =>
    after(() => ({ items: 3, indicators: indicators.size, viewBefore: 'aa', viewAfter: 'aa', seconds: 0.5 }))

  const tokens: TokenView[] = []
  const node: TestNode = {
    state,
    status,
    digest: () =>
      after(() => ({ entries: entries(), indicators: indicators.size, frontier: 'cd'.repeat(32), view: 'aa' })),
    peers: () => [peer('BBB', 'connected'), peer('CCC', 'waiting')],
    startSync: () => state.sync.shift() ?? { nowMs: 0, left: [], bodies: 0, peers: [] },
    syncState: () => state.sync.shift() ?? { nowMs: 0, left: [], bodies: 0, peers: [] },
    registry: () => ({
      allianceId: toHex(ALLIANCE),
      name: 'Test alliance',
      version: 1,
      hash: 'aa',
      trust: 'trust',
      words: ['one', 'two'],
      issuedMs: PUBLISHED_MS,
      expiresMs: PUBLISHED_MS,
      threshold: 1,
      governors: [NATION],
      nations: [],
    }),
    documents: () => [],
    applyDocuments: documents =>
      after(() => ({ added: documents.length, known: 0, waiting: 0, refused: [], registryVersion: 1 })),
    pin: () => after(() => {}),
    bounds: () => [],
    reloadKemKeys: () => after(() => 0),
    alerts: () => [],
    alertFile() {
      throw new UserError('alert-absent', 'there is no such alert')
    },
    quarantined: () => after(() => []),
    republish: () => after(() => 0),
    diagnose: () => after(() => state.diagnosis),
    requestBundle: () => new Uint8Array(0),
    exportBundle: () => node.exportHistory({ logs: [], withBodies: true, purpose: 'export' }),
    importBundle: () =>
      after(() => ({
        madeMs: PUBLISHED_MS,
        exporter: NATION,
        evidence: { offered: 0, known: 0, added: 0, waiting: 0, refused: [] },
        logs: [],
      })),
    audience: (_, tlp) => ({
      audience: 'the whole alliance',
      tlp: tlp ?? 3,
      sealed: false,
      readers: [{ nation: NATION, label: '', why: 'it is the own nation' }],
      excluded: [],
      refusal: undefined,
    }),
    grantHistory: () =>
      after(() => ({
        entries: [],
        left: { 'reads-already': 0, 'other-audience': 0, before: 0, ceiling: 0, guard: 0 },
      })),
    groups: () => [],
    held: () => state.held,
    approveHeld: (_, approval) => after(() => void state.approvals.push(approval)),
    rejectHeld: id =>
      after(() => {
        state.held = state.held.filter(held => held.id !== id)
      }),
    muted: () => [],
    feeds: () => [],
    pollFeed: name => Promise.reject(new UserError('feed-unknown', `there is no feed ${name}`)),
    releaseFeed: () => after(() => {}),
    muteNation: () => after(() => {}),
    unmuteNation: () => after(() => {}),
    warninglists: () => after(() => []),
    checkWarninglists: () => [],
    updateWarninglists: () =>
      after(() => ({
        changes: [],
        broken: [],
        stored: { newlyBlocked: 0, newlyWarned: 0, released: 0, unwarned: 0 },
        exports: [],
      })),
    rules: () => ({ policy: { rules: 1, warnings: [] }, operators: 0 }),
    reloadRules: () => after(() => ({ policy: { rules: 1, warnings: [] }, operators: 0 })),
    publish: (items, signature) =>
      after(() => {
        state.submissions.push(signature)
        if (state.busy > 0) {
          state.busy--
          throw new UserError('publish-queue-full', 'too many items wait')
        }
        state.batches.push(items.length)
        return items.map(publishOne)
      }),
    lookup: values => after(() => values.map(lookupOne)),
    searchable: () => after(() => linesOf([...indicators.values()])),
    indicatorsOf: subjects =>
      after(() => subjects.map(({ type, value }) => indicators.get(`${type} ${value}`) ?? null)),
    list: query =>
      after(() => {
        const all = [...indicators.values()].filter(
          view =>
            (query.type === undefined || view.type === query.type) &&
            (query.nation === undefined || view.nations.includes(query.nation)) &&
            (query.sinceMs === undefined || PUBLISHED_MS >= query.sinceMs) &&
            (query.untilMs === undefined || PUBLISHED_MS <= query.untilMs),
        )
        const from = Number(query.cursor ?? 0)
        const to = from + query.limit
        return { indicators: all.slice(from, to), ...(to < all.length && { next: String(to) }) }
      }),
    show: idOrValue =>
      after(
        () =>
          lookupOne(idOrValue).indicators[0] ??
          [...indicators.values()].find(view => view.id.startsWith(idOrValue)) ??
          null,
      ),
    reader: token =>
      after(() => {
        if (token === 'right')
          return { ...node, name: 'right', clearance: parseClearance('tlp=RED,publish', group => group) }
        throw new UserError('token-invalid', 'this token is unknown here')
      }),
    taxiiReader() {
      throw new UserError('token-invalid', 'this token is unknown here')
    },
    warmTaxii() {},
    taxiiTitle: () => ({ nation: NATION, allianceName: 'Test alliance' }),
    changesNow: () => after(() => '0'),
    changes: () => after(() => ({ events: [], next: '0', end: true })),
    onChange: () => () => {},
    tokens: () => after(() => tokens),
    addToken: ({ name, clearance, expiresMs = 0 }) =>
      after(() => {
        const added = { name, clearance, createdMs: PUBLISHED_MS, expiresMs, usedMs: 0 }
        tokens.push(added)
        return { ...added, token: 'tocsin_secret' }
      }),
    revokeToken: name =>
      after(
        () =>
          void tokens.splice(
            tokens.findIndex(token => token.name === name),
            1,
          ),
      ),
    exportHistory: () =>
      after(async function* () {
        for (const chunk of state.exported) yield chunk
      }),
    checkStore: () => after(() => WHOLE),
    exportRows: () => after(async function* () {}),
    liveExports: () => [],
    releaseExport() {
      throw new UserError('export-unknown', 'there is no such export')
    },
    exportIndicators: () => node.exportHistory({ logs: [], withBodies: true, purpose: 'export' }),
    storeSize: () => after(() => ({ bytes: 4096, freeBytes: 8192 })),
    proveEntry: () => after(() => new Uint8Array(0)),
    showEntry({ log, seq }) {
      throw new UserError('entry-absent', `no entry ${log}/${seq} stands here`)
    },
    eraseEntry: () => after(() => ({ tombstone: `${LOG}/9`, destroyed: false })),
    purgeEntry: () => after(() => {}),
    audit: () => after(() => ({ head: { first: 0, next: 0, hash: '00'.repeat(32) }, records: [] })),
    rebuildView: rebuild,
    reopenItems: rebuild,
    incarnate: () => after(() => ({ logId: LOG, incarnation: 2 })),
    counters: () => [
      {
        name: 'gossip_messages_total',
        help: 'Messages.',
        type: 'counter',
        values: [{ labels: { topic: 'entries', verdict: 'accept' }, value: 7 }],
      },
    ],
    stop() {
      state.stopped++
      onStop()
    },
  }
  return node
}

function peer(nation: string, state: 'connected' | 'waiting'): PeerStatus {
  return {
    nation,
    nationStatus: 'ACTIVE',
    peer: nation.toLowerCase().repeat(4),
    state,
    addresses: ['/ip4/192.0.2.7/tcp/7117'],
    address: state === 'connected' ? '/ip4/192.0.2.7/tcp/7117' : '',
    sinceMs: PUBLISHED_MS,
    lastSyncMs: state === 'connected' ? PUBLISHED_MS : 0,
    lastError: state === 'connected' ? '' : 'nobody answers',
    faults: 0,
    lastErrorCode: state === 'connected' ? '' : 'net-unreachable',
  }
}

function typedValue(text: string): TypedValue | undefined {
  const found = classify(text)
  if (found.kind === 'value') return canonicalOrNone(found)
  return found.kind === 'host-port' ? found.host : undefined
}

function canonicalOrNone({ type, value }: TypedValue): TypedValue | undefined {
  try {
    return canonicalValue(type, value)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function merged({ type, value }: TypedValue, claims: readonly ClaimView[]): IndicatorView {
  const last = claims.at(-1)!
  return {
    id: indicatorIdText(indicatorId({ type, value })),
    type,
    value,
    nations: [...new Set(claims.map(claim => claim.nation))],
    tlp: last.tlp,
    confidence: last.confidence,
    firstSeenMs: last.firstSeenMs,
    lastSeenMs: last.lastSeenMs,
    validUntilMs: last.validUntilMs,
    labels: last.labels,
    ...{ state: 'active', score: 50, origins: 1, corroboration: '', warnings: WARNINGLISTS.check({ type, value }) },
    claims,
    ...{ sightings: [], opinions: [], withdrawn: [] },
  }
}

async function* linesOf(views: readonly IndicatorView[]): AsyncGenerator<Uint8Array, void> {
  yield utf8(views.map(({ type, value }) => `${type}\t${value}\n`).join(''))
}
