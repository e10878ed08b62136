import { equalBytes, readU64be, u64be } from '../../base/bytes.ts'
import { ProtocolError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { type LogId, type LogIdHex, logIdHex, type NationId, parseLogId } from '../../base/ids.ts'
import type { Logger } from '../../base/ports.ts'
import { readContent } from '../../chain/entry-content.ts'
import type { LogHead } from '../../chain/log-head.ts'
import type { EpochPosition, LogChange, Store, StoredLog } from '../../store/store.ts'
import type { StoredTombstone } from '../../store/tombstone.ts'
import { HEADER_VERSION, type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'
import type { Bodies, BodyRequest, LogHead as PeerHead } from '../../wire/gen/tocsin.ts'
import { BUNDLE_ENTRIES_MAX } from '../../wire/limits.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import { type Committed, grantPosition, tombstoneOf } from './entry-writer.ts'

export interface BodyBookOptions {
  readonly store: Store
  /** Bodies of entries before it need not be here, in milliseconds since the Unix epoch. */
  keptSinceMs(): number
  /** Bodies below it were pruned here. */
  prunedTo(logId: LogId): number
  /** While there is nothing more urgent to do. */
  idle(): boolean
  /** What opens entries here: the notes that have it try again what waits, and a call to do so. None at an edge. */
  readonly opening: { readonly notes: ReadonlyMap<string, Uint8Array>; retry(): void } | undefined
  readonly logger: Logger
}

const PAGE_BYTES_MAX = 4 * 1024 * 1024
const LOOK_MS = 5000
/** Of what was found missing so much is remembered; the rest is found again when there is room. */
const WANTED_PER_LOG_MAX = 4096
const WANTED_MAX = 65_536
/** Whoever gives away no bodies of its own logs, however many these are, leaves room for those of others. */
const WANTED_PER_NATION_MAX = 8192
/** Written down when it went on by so much: what is not, is looked at again after a restart. */
const NOTED_EVERY = 4096

interface Looked {
  readonly logId: LogId
  readonly nation: NationId
  /** All below was looked at. */
  to: number
  readonly wanted: Set<number>
  noted: number
  /** The highest registry version of the entries before one of them: looking for it again goes on from there. */
  version: { readonly before: number; readonly highest: number }
}

/**
 * which bodies are missing that are to be here, found as entries come and by looking through what is held, and
 * what becomes of those that come later. A body that was erased, pruned, or is older than bodies are kept is not wanted.
 */
export async function openBodyBook(options: BodyBookOptions) {
  const { store } = options
  /** Those of which bodies were not asked for longest come first. */
  const logs = new Map<LogIdHex, Looked>()
  const ofNation = new Map<NationId, number>()
  let count = 0
  const loop = createWorkerLoop(look, error => options.logger.error({ err: error }, 'looking for bodies failed'))
  const timer = setInterval(loop.wake, LOOK_MS)
  for (const { head } of [...store.logs()]) await looked(head)

  async function looked({ logId, nation }: LogHead): Promise<Looked> {
    const note = await store.note(noteName(logId))
    const to = note === undefined ? 0 : readU64be(note)
    return logs.get(logIdHex(logId)) ?? begin({ logId, nation }, to)
  }

  function begin({ logId, nation }: Pick<LogHead, 'logId' | 'nation'>, to: number): Looked {
    const log: Looked = { logId, nation, to, wanted: new Set(), noted: to, version: { before: 0, highest: 0 } }
    logs.set(logIdHex(logId), log)
    return log
  }

  function committed(entries: readonly Committed[]): void {
    for (const { entry } of entries) {
      const { logId, header } = entry
      const log = logs.get(logIdHex(logId)) ?? (header.seq === 0 ? begin(entry.log, 0) : undefined)
      if (log?.to !== header.seq || (isMissing(entry) && !want(log, header.seq))) continue
      log.to++
    }
  }

  function want(log: Looked, seq: number): boolean {
    if (log.wanted.has(seq)) return true
    const ofItsNation = ofNation.get(log.nation) ?? 0
    if (log.wanted.size >= WANTED_PER_LOG_MAX || ofItsNation >= WANTED_PER_NATION_MAX || count >= WANTED_MAX)
      return false
    log.wanted.add(seq)
    ofNation.set(log.nation, ofItsNation + 1)
    count++
    return true
  }

  function drop(log: Looked, seq: number): void {
    if (!log.wanted.delete(seq)) return
    ofNation.set(log.nation, (ofNation.get(log.nation) ?? 0) - 1)
    count--
  }

  function isMissing({ logId, header, body }: ParsedEntry): boolean {
    if (body.length > 0 || header.bodyLen === 0 || header.timeMs < options.keptSinceMs()) return false
    return !store.tombstonesOf({ logId, seq: header.seq }).some(({ stands }) => stands)
  }

  /** Through what came while nobody looked, and what is wanted no more. */
  async function look(): Promise<void> {
    if (store.state !== 'open') return
    for (const held of [...store.logs()]) {
      const log = await looked(held.head)
      if (log.to < held.head.size) await lookThrough(log, held)
      await note(log)
    }
  }

  async function lookThrough(log: Looked, held: StoredLog): Promise<void> {
    const end = Math.min(held.head.size, held.limit)
    log.to = Math.max(log.to, options.prunedTo(log.logId))
    while (log.to < end && options.idle() && store.state === 'open') {
      const page = await store.entriesRange(
        log.logId,
        log.to,
        Math.min(BUNDLE_ENTRIES_MAX, end - log.to),
        PAGE_BYTES_MAX,
      )
      if (page.length === 0) return
      for (const entry of page.map(parseEnvelope)) {
        if (entry.header.seq !== log.to) continue
        if (isMissing(entry) && !want(log, log.to)) return
        log.to++
      }
    }
  }

  async function note(log: Looked): Promise<void> {
    const whole = Math.min(log.to, ...log.wanted)
    if (whole === log.noted || (whole - log.noted < NOTED_EVERY && whole > log.noted)) return
    await store.commit({ notes: new Map([[noteName(log.logId), u64be(whole)]]) })
    log.noted = whole
  }

  /** Logs of which bodies were not asked for longest come first, and so do bodies; both come last from then on. */
  function toAskFor(heads: readonly PeerHead[], requests: number): readonly BodyRequest[] {
    const sizes = new Map(heads.map(({ logId, size }) => [logIdHex(parseLogId(logId)), size]))
    const asked: BodyRequest[] = []
    for (const [key, log] of [...logs]) {
      if (asked.length === requests) break
      const seqs = seqsBelow(log, sizes.get(key) ?? 0)
      if (seqs.length === 0) continue
      logs.delete(key)
      logs.set(key, log)
      asked.push({ logId: log.logId, seqs })
    }
    return asked
  }

  function seqsBelow({ wanted }: Looked, size: number): readonly number[] {
    const seqs: number[] = []
    for (const seq of [...wanted]) {
      if (seqs.length === BUNDLE_ENTRIES_MAX) break
      if (seq >= size) continue
      wanted.delete(seq)
      wanted.add(seq)
      seqs.push(seq)
    }
    return seqs.sort((a, b) => a - b)
  }

  /** Takes bodies that a peer gave. Throws ProtocolError `sync-body-mismatch` where one is not what its header names. */
  async function storeBodies({ logId: bytes, seqs, bodies }: Bodies): Promise<void> {
    const logId = parseLogId(bytes)
    const log = logs.get(logIdHex(logId))
    if (log === undefined) return
    const completed: ParsedEntry[] = []
    for (const [i, seq] of seqs.entries()) {
      const held = log.wanted.has(seq) ? await store.entry(logId, seq) : undefined
      if (held === undefined) continue
      completed.push(withBody(parseEnvelope(held), bodies[i]!))
    }
    if (completed.length === 0) return
    await commit(log, completed)
    for (const { header } of completed) drop(log, header.seq)
  }

  /** With all that would have come of them, had they come whole. What they hold waits to be opened, after a crash too. */
  async function commit(log: Looked, completed: readonly ParsedEntry[]): Promise<void> {
    const { logId } = log
    const versions = await versionsBefore(log, completed)
    const waiting: EpochPosition[] = []
    const grants: EpochPosition[] = []
    const tombstones: StoredTombstone[] = []
    for (const [i, entry] of completed.entries()) {
      const of = { entry, registryVersionBefore: versions[i]! }
      grants.push(...grantPosition(of))
      tombstones.push(...tombstoneOf(of))
      const read = readContent(entry, versions[i]!)
      if (read.kind !== 'ok' || read.content.kind !== 'batch') continue
      waiting.push({ logId, seq: entry.header.seq, epochId: read.content.epochId })
    }
    const { opening } = options
    const change: LogChange = { logId, bodies: completed }
    await store.commit({
      logs: [change],
      grants: { add: grants },
      tombstones,
      ...(opening && { waiting: { add: waiting }, notes: opening.notes }),
    })
    opening?.retry()
  }

  /** The highest registry version of those before each, by which its content is judged. */
  async function versionsBefore(log: Looked, entries: readonly ParsedEntry[]): Promise<readonly number[]> {
    const highest = store.log(log.logId)?.head.registryVersion ?? 0
    if (entries.every(({ header }) => header.registryVersion === highest)) return entries.map(() => highest)
    const versions: number[] = []
    for (const { header } of entries) versions.push(await versionBefore(log, header.seq))
    return versions
  }

  async function versionBefore(log: Looked, seq: number): Promise<number> {
    let { before: at, highest } = log.version.before > seq ? { before: 0, highest: 0 } : log.version
    while (at < seq) {
      const count = Math.min(BUNDLE_ENTRIES_MAX, seq - at)
      const page = await store.entriesRange(log.logId, at, count, PAGE_BYTES_MAX)
      for (const { header } of page.map(parseEnvelope))
        if (header.version === HEADER_VERSION) highest = Math.max(highest, header.registryVersion)
      at += Math.max(1, page.length)
    }
    log.version = { before: seq, highest }
    return highest
  }

  return {
    committed,
    toAskFor,
    storeBodies,
    /** How many are known to be missing. */
    wanted: (): number => count,
    /** the log is another from some entry on. */
    forget(logId: LogId): void {
      const log = logs.get(logIdHex(logId))
      if (log === undefined) return
      for (const seq of log.wanted) drop(log, seq)
      log.to = 0
      log.version = { before: 0, highest: 0 }
    },
    /** They were pruned, or need not be here any more. */
    release(logId: LogId, below: number): void {
      const log = logs.get(logIdHex(logId))
      if (log === undefined) return
      for (const seq of log.wanted) if (seq < below) drop(log, seq)
      log.to = Math.max(log.to, below)
    },
    /** Looks at once. */
    async look(): Promise<void> {
      loop.wake()
      await loop.settled()
    },
    async stop(): Promise<void> {
      clearInterval(timer)
      await loop.stop()
    },
  }
}

export type BodyBook = Awaited<ReturnType<typeof openBodyBook>>

function noteName(logId: LogId): string {
  return `bodies ${logIdHex(logId)}`
}

function withBody(entry: ParsedEntry, body: Uint8Array): ParsedEntry {
  const { header } = entry
  if (body.length === header.bodyLen && equalBytes(sha256(body), header.bodyHash)) return { ...entry, body }
  throw new ProtocolError('sync-body-mismatch', `the body of entry ${header.seq} is not the one that its header names`)
}
