import { type AsideRun, collectAsideRuns } from '../../audit/aside-runs.ts'
import { readEntry } from '../../audit/entry-reading.ts'
import { createAuditFileWriter } from '../../audit/file.ts'
import { type AlertPart, AUDIT_LOGS_MAX, type AuditPart, PART_BYTES_MAX, PART_ENTRIES_MAX } from '../../audit/part.ts'
import { EMPTY, equalBytes, toHex } from '../../base/bytes.ts'
import { StoreError } from '../../base/errors.ts'
import { type AllianceId, type LogId, logIdHex, type NationId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import { compactRangeAt } from '../../merkle/compact-range.ts'
import type { Store, StoredLog, StoreSnapshot } from '../../store/store.ts'
import { decodeLoose, encode } from '../../wire/codec.ts'
import { KIND, parseHeader } from '../../wire/entry.ts'
import { Envelope } from '../../wire/gen/tocsin.ts'
import { findLog } from '../knowledge/log-name.ts'

/** What an auditor wants to have of the store. */
export interface ExportQuery {
  /** Log ids in hex, whole or their first digits; none: all. */
  readonly logs: readonly string[]
  /** Entries from the first of this time on. */
  readonly sinceMs?: number
  /** Or from this seq on. */
  readonly sinceSeq?: number
  readonly withBodies: boolean
  /** What for: it is noted in the audit log of the node. */
  readonly purpose: 'export' | 'verify'
}

export interface ExportSource {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly store: Pick<Store, 'snapshot' | 'logs'>
  /** What was noted here, for auditors to know. */
  alerts(): readonly AlertPart[]
  readonly clock: Clock
}

/** Entries of a part may be followed by one whole entry, and each has a tag and a length. */
const ENTRIES_BYTES_MAX = PART_BYTES_MAX - 128 * 1024

/**
 * The bytes of a `tocsin-audit/1` file: all documents and evidence held here and the entries asked for, as they stood when
 * the first bytes were taken. Only ciphertext and what signs it. Throws UserError `log-unknown` at once.
 */
export function openExport(source: ExportSource, query: ExportQuery): AsyncGenerator<Uint8Array, void> {
  const heads = [...source.store.logs()].map(({ head }) => head)
  const logs = query.logs.map(name => findLog(heads, name).logId)
  return writeFile(source, query, logs)
}

async function* writeFile(source: ExportSource, query: ExportQuery, logs: readonly LogId[]) {
  await using snapshot = await source.store.snapshot()
  const writer = createAuditFileWriter('audit')
  yield writer.opening
  for await (const part of partsOf(snapshot, source, query, logs)) yield writer.add(part)
  yield writer.end()
}

type Content = Parameters<ReturnType<typeof createAuditFileWriter>['add']>[0]

async function* partsOf(
  snapshot: StoreSnapshot,
  source: ExportSource,
  query: ExportQuery,
  asked: readonly LogId[],
): AsyncGenerator<Content> {
  const { allianceId, nation: exporter } = source
  const { sinceMs = 0, sinceSeq = 0, withBodies } = query
  const logs = asked.toSorted((a, b) => (toHex(a) < toHex(b) ? -1 : 1))
  yield { kind: 'header', allianceId, madeMs: source.clock.now(), exporter, logs, sinceMs, sinceSeq, withBodies }
  for await (const { bytes } of snapshot.documents()) yield { kind: 'document', signedDoc: bytes }
  for await (const { type, bytes } of snapshot.evidence()) yield { kind: 'evidence', item: { type, body: bytes } }

  const { runs, alerts } = await collectRuns(snapshot, query, logs)
  for (const alert of [...source.alerts(), ...alerts]) yield { kind: 'alert', ...alert }
  for (const { logId, genesis, from, size, before, aside } of runs) {
    yield { kind: 'log', logId, genesis, from, size, before, aside: aside !== undefined }
  }
  for (const [run, each] of runs.entries()) {
    for await (const envelopes of pagesOf(snapshot, each, withBodies)) yield { kind: 'entries', run, envelopes }
  }
}

// --- which entries ----------------------------------------------------------------------------------------------------

type Run = Omit<Extract<AuditPart, { readonly kind: 'log' }>, 'kind' | 'aside'> & {
  readonly aside: AsideRun | undefined
}

/** By nation and log: what is the log here, and then the branches beside it. */
async function collectRuns(snapshot: StoreSnapshot, query: ExportQuery, asked: readonly LogId[]) {
  const isAsked = ({ head }: StoredLog) => asked.length === 0 || asked.some(logId => equalBytes(logId, head.logId))
  const logs = snapshot.logs.filter(isAsked).toSorted(byNation)
  const runs: Run[] = []
  const alerts: AlertPart[] = []
  for (const [done, { head }] of logs.entries()) {
    const { logId, size, nation } = head
    const hashAt = snapshot.hashAt(logId)
    const from = await firstSeq(snapshot, head, query)
    const genesis = await entryAt(snapshot, logId, 0)
    runs.push({ logId, genesis, from, size, before: compactRangeAt(hashAt, from), aside: undefined })
    const trunk = {
      leafAt: (seq: number) => snapshot.leafAt(logId, seq),
      rangeAt: (upTo: number) => compactRangeAt(hashAt, upTo),
    }
    const room = AUDIT_LOGS_MAX - runs.length - (logs.length - done - 1)
    const beside = await collectAsideRuns(snapshot.branchEntries(logId), trunk, room)
    for (const aside of beside.runs) {
      const { from: start, before, leaves } = aside
      const first = start === 0 ? await snapshot.branchEntry(logId, 0, leaves[0]!) : undefined
      runs.push({ logId, genesis: first ?? genesis, from: start, size: start + leaves.length, before, aside })
    }
    if (beside.leftOut > 0) alerts.push(leftOut(nation, logId, beside.leftOut, query))
  }
  return { runs, alerts }
}

function leftOut(nation: NationId, logId: LogId, count: number, { sinceMs = 0 }: ExportQuery): AlertPart {
  const message = `${count} entries beside the log are left out, since what they follow is not held here`
  return { timeMs: sinceMs, code: 'audit-part-left-out', message, nation, place: { logId, seq: 0 } }
}

/**
 * Where the log's own clock passes the time asked for. Authors' clocks may have been set back: of several such places one
 * is taken, and the file says which.
 */
async function firstSeq(snapshot: StoreSnapshot, { logId, size, timeMs }: StoredLog['head'], query: ExportQuery) {
  const { sinceMs = 0, sinceSeq = 0 } = query
  if (sinceMs === 0) return Math.min(sinceSeq, size)
  if (timeMs < sinceMs) return size
  let low = 0
  let high = size - 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const { header } = decodeLoose(Envelope, await entryAt(snapshot, logId, middle), false)
    if (parseHeader(header).timeMs < sinceMs) low = middle + 1
    else high = middle
  }
  return low
}

/** Throws StoreError `store-damaged` where it is not there. */
export async function entryAt(snapshot: StoreSnapshot, logId: LogId, seq: number): Promise<Uint8Array> {
  const bytes = await snapshot.entry(logId, seq)
  if (bytes !== undefined) return bytes
  throw new StoreError('store-damaged', `entry ${seq} of a log is not there`, { data: { log: toHex(logId), seq } })
}

function byNation({ head: a }: StoredLog, { head: b }: StoredLog): number {
  if (a.nation !== b.nation) return a.nation < b.nation ? -1 : 1
  return logIdHex(a.logId) < logIdHex(b.logId) ? -1 : 1
}

// --- the entries ------------------------------------------------------------------------------------------------------

async function* pagesOf(snapshot: StoreSnapshot, { logId, from, size, aside }: Run, withBodies: boolean) {
  const shown = (envelopes: readonly Uint8Array[]) => (withBodies ? envelopes : envelopes.map(withoutSealed))
  for (let seq = from; seq < size; ) {
    const page =
      aside === undefined
        ? await snapshot.entriesRange(logId, seq, Math.min(size - seq, PART_ENTRIES_MAX), ENTRIES_BYTES_MAX)
        : await asidePage(snapshot, logId, aside, seq)
    if (page.length > 0) yield shown(page)
    // What a damaged store lacks is left out, for the auditor to find.
    seq = page.length > 0 ? seqAfter(page, seq) : seq + PART_ENTRIES_MAX
  }
}

/** `from`: that of the first, were all there. */
function seqAfter(page: readonly Uint8Array[], from: number): number {
  const last = readEntry(page.at(-1)!)
  return last.kind === 'entry' ? Math.max(last.entry.header.seq, from) + 1 : from + page.length
}

async function asidePage(snapshot: StoreSnapshot, logId: LogId, { from, leaves }: AsideRun, start: number) {
  const page: Uint8Array[] = []
  let bytes = 0
  for (let seq = start; seq < from + leaves.length && page.length < PART_ENTRIES_MAX; seq++) {
    const envelope = await snapshot.branchEntry(logId, seq, leaves[seq - from]!)
    if (envelope === undefined) throw new StoreError('store-damaged', `entry ${seq} of a branch is not there`)
    bytes += envelope.length
    if (bytes > ENTRIES_BYTES_MAX) break
    page.push(envelope)
  }
  return page
}

const SEALED: ReadonlySet<number> = new Set([KIND.BATCH, KIND.KEY_GRANT, KIND.COMPLAINT])

/** What is said to everybody stays: without it nobody could tell where a log goes on, or what was erased. */
export function withoutSealed(bytes: Uint8Array): Uint8Array {
  const envelope = decodeLoose(Envelope, bytes, false)
  return SEALED.has(parseHeader(envelope.header).kind) ? encode(Envelope, { ...envelope, body: EMPTY }) : bytes
}
