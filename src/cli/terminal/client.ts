import { Agent } from 'node:http'
import { toBase64 } from '../../base/bytes.ts'
import { StoreError, UserError } from '../../base/errors.ts'
import type { TypedValue } from '../../indicator/canonical.ts'
import type { ExportQuery } from '../../node/audit/audit-export.ts'
import type { AuditPage, AuditQuery } from '../../node/audit/audit-page.ts'
import type { ProveQuery } from '../../node/audit/audit-prove.ts'
import type { BundleOrder } from '../../node/bundles/bundle-commands.ts'
import type { BundleReport } from '../../node/bundles/bundle-report.ts'
import { type Home, readSecret } from '../../node/home/home.ts'
import type { BoundView } from '../../node/knowledge/log-bounds.ts'
import type { SyncState } from '../../node/network/sync-state.ts'
import type { RebuildResult } from '../../node/opening/rebuild-result.ts'
import type { DiagnosisCheck } from '../../node/orders/diagnosis-check.ts'
import type { EntryQuery, ErasureRequest, ErasureResult } from '../../node/orders/entry-orders.ts'
import type { EntryView } from '../../node/orders/entry-view.ts'
import type { ExportOrder, LiveExportView } from '../../node/orders/export-orders.ts'
import type { FeedReport, FeedView } from '../../node/orders/feed-orders.ts'
import type { HistoryRequest, HistoryResult } from '../../node/orders/history-orders.ts'
import type {
  AlertView,
  AppliedDocuments,
  ApprovalText,
  AudienceText,
  AudienceView,
  GroupView,
  HeldView,
  NewToken,
  NodeDigest,
  NodeStatus,
  PeerStatus,
  PublishItem,
  PublishOutcome,
  QuarantinedItem,
  RegistryView,
  RulesView,
  SubmissionText,
  TokenRequest,
  TokenView,
} from '../../node/orders/node-service.ts'
import type { WarninglistCheck, WarninglistUpdate, WarninglistView } from '../../node/orders/warninglist-orders.ts'
import type { IndicatorPage, IndicatorView, ListQuery, LookupResult } from '../../node/reading/indicator-reading.ts'
import type { MutedNation } from '../../policy/acceptance.ts'
import type { StoreCheck } from '../../store/upkeep.ts'
import { collect, connectionError, exchange, openStream, piecesOf, refusalOf, upload } from './control-exchange.ts'

/** The daemon of a home, by its control socket. Each call throws what the daemon answers, or why it does not. */
export interface ControlClient {
  status(): Promise<NodeStatus>
  digest(): Promise<NodeDigest>
  peers(): Promise<readonly PeerStatus[]>
  startSync(target: string | undefined): Promise<SyncState>
  syncState(): Promise<SyncState>
  registry(): Promise<RegistryView>
  diagnose(target: string | undefined): Promise<readonly DiagnosisCheck[]>
  documents(): Promise<readonly string[]>
  applyDocuments(documents: readonly string[]): Promise<AppliedDocuments>
  pin(trust: string): Promise<void>
  bounds(nation: string, size?: number): Promise<readonly BoundView[]>
  reloadKemKeys(): Promise<number>
  alerts(): Promise<readonly AlertView[]>
  alertFile(id: string): Promise<{ readonly alert: AlertView; readonly file: Uint8Array | null }>
  quarantined(): Promise<readonly QuarantinedItem[]>
  republish(ids: readonly string[]): Promise<number>
  publish(items: readonly PublishItem[], signature?: SubmissionText): Promise<readonly PublishOutcome[]>
  audience(audience: AudienceText | undefined, tlp: number | undefined): Promise<AudienceView>
  grantHistory(request: HistoryRequest): Promise<HistoryResult>
  groups(): Promise<readonly GroupView[]>
  tokens(): Promise<readonly TokenView[]>
  addToken(request: TokenRequest): Promise<NewToken>
  revokeToken(name: string): Promise<void>
  held(): Promise<readonly HeldView[]>
  approveHeld(id: string, approval: ApprovalText): Promise<void>
  rejectHeld(id: string, reason: string): Promise<void>
  muted(): Promise<readonly MutedNation[]>
  muteNation(nation: string, reason: string): Promise<void>
  unmuteNation(nation: string): Promise<void>
  warninglists(stored: boolean): Promise<readonly WarninglistView[]>
  checkWarninglists(values: readonly string[]): Promise<readonly WarninglistCheck[]>
  updateWarninglists(): Promise<WarninglistUpdate>
  feeds(): Promise<readonly FeedView[]>
  /** Waits until it is done. */
  pollFeed(name: string, dryRun: boolean): Promise<FeedReport>
  releaseFeed(name: string): Promise<void>
  rules(): Promise<RulesView>
  reloadRules(): Promise<RulesView>
  lookup(values: readonly string[]): Promise<readonly LookupResult[]>
  /** Lines `type TAB value`, see `ScanCommands`. */
  searchable(): Promise<AsyncIterable<Uint8Array>>
  indicatorsOf(subjects: readonly TypedValue[]): Promise<readonly (IndicatorView | null)[]>
  list(query: ListQuery): Promise<IndicatorPage>
  show(idOrValue: string): Promise<IndicatorView>
  /** What changes in what shows, as lines of JSON, by the query of `GET /v1/stream`; without an end unless it says so. */
  changes(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  rebuildView(): Promise<RebuildResult>
  reopenItems(): Promise<RebuildResult>
  /** Reads all that is held. */
  checkStore(): Promise<StoreCheck>
  /** The records of a backup. */
  exportRows(): Promise<AsyncIterable<Uint8Array>>
  audit(query: AuditQuery): Promise<AuditPage>
  /** The bytes of an export as they come; they end in an error where the daemon does. */
  exportHistory(query: ExportQuery): Promise<AsyncIterable<Uint8Array>>
  proveEntry(query: ProveQuery): Promise<Uint8Array>
  liveExports(): Promise<readonly LiveExportView[]>
  releaseExport(name: string, held?: string): Promise<LiveExportView>
  /** Lines of JSON, an `ExportFrame` each, as they come. */
  exportIndicators(order: ExportOrder): Promise<AsyncIterable<Uint8Array>>
  requestBundle(): Promise<Uint8Array>
  /** The bytes of a bundle as they come. */
  exportBundle(order: BundleOrder): Promise<AsyncIterable<Uint8Array>>
  /** Sends it, and waits until all of it is taken in. */
  importBundle(pieces: AsyncIterable<Uint8Array>, dryRun: boolean): Promise<BundleReport>
  showEntry(query: EntryQuery): Promise<EntryView>
  eraseEntry(request: ErasureRequest): Promise<ErasureResult>
  purgeEntry(query: EntryQuery): Promise<void>
  incarnate(): Promise<{ readonly logId: string; readonly incarnation: number }>
  stop(): Promise<void>
}

const ANSWER_TIMEOUT_MS = 30_000
const PUBLISH_TIMEOUT_MS = 120_000
/** Longer than the node takes for it. */
const DIAGNOSIS_TIMEOUT_MS = 180_000
/** Each signature of a document takes milliseconds to check. */
const DOCUMENTS_TIMEOUT_MS = 120_000
/** To destroy is to write tables anew. */
const ERASE_TIMEOUT_MS = 600_000
/** For what reads or writes everything that is held. */
const WHOLE_STORE_TIMEOUT_MS = 3_600_000
/** A daemon under load may need a while for the first piece. */
const STREAM_IDLE_MS = 120_000
/** Two of an import's batches are under way at once. */
const CONNECTIONS_MAX = 4

/** `timeoutMs` replaces the time allowed for each call; with the token of a file, answers are what it allows. */
export function createControlClient(home: Home, timeoutMs?: number, tokenFile?: string): ControlClient {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX })

  async function call<T>(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    allowedMs = ANSWER_TIMEOUT_MS,
  ): Promise<T> {
    const within = timeoutMs ?? allowedMs
    const text = body === undefined ? undefined : JSON.stringify(body)
    const token = tokenFile === undefined ? undefined : await readToken(tokenFile)
    try {
      const { status, json } = await exchange({ agent, socketPath: home.socket, method, path, token }, text, within)
      if (status !== 200) throw refusalOf(json)
      return json as T
    } catch (error) {
      throw connectionError(error, home, within)
    }
  }

  /** An answer that is as long as it is; the time allowed is that between two pieces of it. */
  function stream(path: string, body: unknown): Promise<AsyncIterable<Uint8Array>> {
    return streamed('POST', path, JSON.stringify(body))
  }

  async function streamed(
    method: 'GET' | 'POST',
    path: string,
    body: string | undefined,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const within = timeoutMs ?? STREAM_IDLE_MS
    const token = tokenFile === undefined ? undefined : await readToken(tokenFile)
    const target = { agent, socketPath: home.socket, method, path, token }
    try {
      return piecesOf(await openStream(target, body, within, signal), error => connectionError(error, home, within))
    } catch (error) {
      throw connectionError(error, home, within)
    }
  }

  /** A body that is as long as it is. */
  async function send<T>(path: string, pieces: AsyncIterable<Uint8Array>): Promise<T> {
    const within = timeoutMs ?? WHOLE_STORE_TIMEOUT_MS
    const token = tokenFile === undefined ? undefined : await readToken(tokenFile)
    try {
      const { status, json } = await upload(
        { agent, socketPath: home.socket, method: 'POST', path, token },
        pieces,
        within,
      )
      if (status !== 200) throw refusalOf(json)
      return json as T
    } catch (error) {
      throw connectionError(error, home, within)
    }
  }

  return {
    status: () => call('GET', '/v1/status'),
    digest: () => call('GET', '/v1/digest', undefined, WHOLE_STORE_TIMEOUT_MS),
    peers: async () => (await call<{ peers: readonly PeerStatus[] }>('GET', '/v1/peers')).peers,
    startSync: target => call('POST', '/v1/sync', target === undefined ? {} : { target }),
    syncState: () => call('GET', '/v1/sync'),
    registry: () => call('GET', '/v1/registry'),
    async diagnose(target) {
      type Answer = { checks: readonly DiagnosisCheck[] }
      const body = target === undefined ? {} : { target }
      return (await call<Answer>('POST', '/v1/diagnose', body, DIAGNOSIS_TIMEOUT_MS)).checks
    },
    documents: async () => (await call<{ documents: readonly string[] }>('GET', '/v1/documents')).documents,
    applyDocuments: documents => call('POST', '/v1/documents', { documents }, DOCUMENTS_TIMEOUT_MS),
    pin: async trust => void (await call('POST', '/v1/trust', { trust })),
    async bounds(nation, size) {
      const query = new URLSearchParams({ nation, ...(size !== undefined && { size: String(size) }) })
      return (await call<{ bounds: readonly BoundView[] }>('GET', `/v1/bounds?${query}`)).bounds
    },
    alerts: async () => (await call<{ alerts: readonly AlertView[] }>('GET', '/v1/alerts')).alerts,
    async alertFile(id) {
      type Answer = { alert: AlertView; file: string | null }
      const { alert, file } = await call<Answer>('GET', `/v1/alerts/${encodeURIComponent(id)}`)
      return { alert, file: file === null ? null : new Uint8Array(Buffer.from(file, 'base64')) }
    },
    quarantined: async () => (await call<{ items: readonly QuarantinedItem[] }>('GET', '/v1/quarantined')).items,
    republish: async ids => (await call<{ queued: number }>('POST', '/v1/republish', { ids })).queued,
    reloadKemKeys: async () => (await call<{ kemKeys: number }>('POST', '/v1/keys/reload')).kemKeys,
    async publish(items, signature) {
      type Answer = { outcomes: readonly PublishOutcome[] }
      const body = { items, ...(signature !== undefined && { signature }) }
      const { outcomes } = await call<Answer>('POST', '/v1/publish', body, PUBLISH_TIMEOUT_MS)
      if (outcomes.length === items.length) return outcomes
      throw new StoreError('api-answer-invalid', `${outcomes.length} outcomes came for ${items.length} items`)
    },
    audience: (audience, tlp) =>
      call('POST', '/v1/audience', { ...(audience && { audience }), ...(tlp !== undefined && { tlp }) }),
    grantHistory: request => call('POST', '/v1/history', request, PUBLISH_TIMEOUT_MS),
    groups: async () => (await call<{ groups: readonly GroupView[] }>('GET', '/v1/groups')).groups,
    tokens: async () => (await call<{ tokens: readonly TokenView[] }>('GET', '/v1/tokens')).tokens,
    addToken: request => call('POST', '/v1/tokens', request),
    revokeToken: async name => void (await call('POST', `/v1/tokens/${encodeURIComponent(name)}/revoke`)),
    held: async () => (await call<{ held: readonly HeldView[] }>('GET', '/v1/held')).held,
    approveHeld: async (id, approval) => void (await call('POST', `/v1/held/${id}/approve`, approval)),
    rejectHeld: async (id, reason) => void (await call('POST', `/v1/held/${id}/reject`, { reason })),
    muted: async () => (await call<{ muted: readonly MutedNation[] }>('GET', '/v1/mutes')).muted,
    muteNation: async (nation, reason) => void (await call('POST', '/v1/mutes', { nation, reason })),
    unmuteNation: async nation => void (await call('POST', `/v1/mutes/${encodeURIComponent(nation)}/remove`)),
    feeds: async () => (await call<{ feeds: readonly FeedView[] }>('GET', '/v1/feeds')).feeds,
    pollFeed: (name, dryRun) =>
      call('POST', `/v1/feeds/${encodeURIComponent(name)}/poll`, { dryRun }, WHOLE_STORE_TIMEOUT_MS),
    releaseFeed: async name => void (await call('POST', `/v1/feeds/${encodeURIComponent(name)}/release`)),
    async warninglists(stored) {
      type Answer = { lists: readonly WarninglistView[] }
      const path = `/v1/warninglists${stored ? '?stored=true' : ''}`
      return (await call<Answer>('GET', path, undefined, WHOLE_STORE_TIMEOUT_MS)).lists
    },
    async checkWarninglists(values) {
      type Answer = { checks: readonly WarninglistCheck[] }
      return (await call<Answer>('POST', '/v1/warninglists/check', { values })).checks
    },
    updateWarninglists: () => call('POST', '/v1/warninglists/update', undefined, WHOLE_STORE_TIMEOUT_MS),
    rules: () => call('GET', '/v1/rules'),
    reloadRules: () => call('POST', '/v1/rules/reload'),
    async lookup(values) {
      return (await call<{ results: readonly LookupResult[] }>('POST', '/v1/lookup', { values })).results
    },
    searchable: () => stream('/v1/scan/searchable', {}),
    async indicatorsOf(subjects) {
      type Answer = { indicators: readonly (IndicatorView | null)[] }
      return (await call<Answer>('POST', '/v1/scan/indicators', { subjects })).indicators
    },
    list: query => call('GET', `/v1/indicators?${queryText(query)}`),
    changes: (query, signal) => streamed('GET', `/v1/stream?${new URLSearchParams(query)}`, undefined, signal),
    show: idOrValue => call('GET', `/v1/indicators/${encodeURIComponent(idOrValue)}`),
    rebuildView: () => call('POST', '/v1/store/rebuild', undefined, WHOLE_STORE_TIMEOUT_MS),
    reopenItems: () => call('POST', '/v1/store/reopen', undefined, WHOLE_STORE_TIMEOUT_MS),
    checkStore: () => call('POST', '/v1/store/check', undefined, WHOLE_STORE_TIMEOUT_MS),
    exportRows: () => stream('/v1/store/export', {}),
    audit: query => call('GET', `/v1/audit?${queryText(query)}`),
    exportHistory: query => stream('/v1/audit/export', query),
    proveEntry: async query => collect(await stream('/v1/audit/prove', query)),
    liveExports: async () => (await call<{ exports: readonly LiveExportView[] }>('GET', '/v1/exports')).exports,
    releaseExport: (name, held) =>
      call(
        'POST',
        `/v1/exports/${encodeURIComponent(name)}/release`,
        { ...(held !== undefined && { held }) },
        WHOLE_STORE_TIMEOUT_MS,
      ),
    exportIndicators: order => stream('/v1/export', order),
    requestBundle: async () => collect(await stream('/v1/bundle/request', {})),
    exportBundle: ({ request, ...order }) =>
      stream('/v1/bundle/export', { ...order, ...(request && { request: toBase64(request) }) }),
    importBundle: (pieces, dryRun) => send(`/v1/bundle/import?dryRun=${dryRun}`, pieces),
    showEntry: query => call('POST', '/v1/entries/show', query),
    eraseEntry: request => call('POST', '/v1/entries/erase', request, ERASE_TIMEOUT_MS),
    purgeEntry: async query => void (await call('POST', '/v1/entries/purge', query, ERASE_TIMEOUT_MS)),
    incarnate: () => call('POST', '/v1/incarnate'),
    stop: async () => void (await call('POST', '/v1/stop')),
  }
}

/** Throws UserError where others may read the file, or it holds no token. */
async function readToken(path: string): Promise<string> {
  const text = Buffer.from(await readSecret(path))
    .toString('utf8')
    .trim()
  if (TOKEN.test(text)) return text
  throw new UserError('token-invalid', `${path} holds no token`, {
    fix: 'It holds one line, as "tocsin token add" prints it.',
  })
}

const TOKEN = /^[\x21-\x7e]{1,128}$/

function queryText(query: ListQuery | AuditQuery): URLSearchParams {
  return new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]))
}
