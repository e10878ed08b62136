import { type LogIdHex, logIdHex } from '../base/ids.ts'
import { type EntryContent, readContent } from '../chain/entry-content.ts'
import { HEADER_VERSION, KIND, type ParsedEntry } from '../wire/entry.ts'
import type { EntryChecks } from './chain-run.ts'
import { entryKindOf } from './entry-kind.ts'
import type { EntryFacts } from './result.ts'
import type { RunFindings } from './run-findings.ts'

/** A TOMBSTONE as it stands in a run. */
export interface FoundTombstone {
  readonly seq: number
  readonly timeMs: number
  readonly target: { readonly log: LogIdHex; readonly seq: number }
  readonly reason: number
}

/** Entries `[from, to)` whose bodies are not here, none of them later than `timeMs`. */
export interface BodyGap {
  readonly from: number
  readonly to: number
  readonly timeMs: number
}

/** What the entries of one run say, as far as headers and open bodies tell. */
export interface ContentRun {
  /** What it does to others counts only where its signature holds. */
  see(entry: ParsedEntry, checks: EntryChecks): void
  /** After the last `sound` has settled. */
  end(): ContentOutcome
}

export interface ContentOutcome {
  readonly facts: Omit<EntryFacts, 'bodiesErased'>
  readonly closed: boolean
  readonly successor: LogIdHex | undefined
  readonly tombstones: readonly FoundTombstone[]
  readonly bodyGaps: readonly BodyGap[]
  /** The first entry under a registry version beyond the one in force. */
  readonly ahead: { readonly seq: number; readonly version: number } | undefined
  /** Seqs of the first entries that are no BATCH: nothing of them can be erased. */
  readonly notBatches: ReadonlySet<number>
}

/** Kept of one run, so that memory has a bound whatever a file holds. */
const TOMBSTONES_MAX = 65_536
const BODY_GAPS_MAX = 65_536
const NOT_BATCHES_MAX = 65_536

/** `registryVersion`: in force; `genesisVersion`: of the GENESIS of the log, which nothing after it may fall below. */
export function createContentRun(
  {
    genesisVersion,
    registryVersion,
  }: {
    readonly genesisVersion: number
    readonly registryVersion: number
  },
  findings: RunFindings,
): ContentRun {
  const byKind = { genesis: 0, batch: 0, 'key-grant': 0, tombstone: 0, close: 0, complaint: 0, other: 0 }
  const tombstones: FoundTombstone[] = []
  const bodyGaps: BodyGap[] = []
  const notBatches = new Set<number>()
  const count = { total: 0, void: 0, bodies: 0, bodiesMissing: 0 }
  let firstMs: number | undefined
  let lastMs: number | undefined
  let highest = genesisVersion
  let ahead: ContentOutcome['ahead']
  let closedAt: number | undefined
  let lastSeq = 0
  let successor: LogIdHex | undefined

  function seeBody({ header, body }: ParsedEntry): void {
    if (body.length > 0) count.bodies++
    if (body.length > 0 || header.bodyLen === 0 || header.kind === KIND.GENESIS) return
    count.bodiesMissing++
    const { seq, timeMs } = header
    const open = bodyGaps.at(-1)
    if (open !== undefined && (open.to === seq || bodyGaps.length >= BODY_GAPS_MAX)) {
      bodyGaps[bodyGaps.length - 1] = { from: open.from, to: seq + 1, timeMs: Math.max(open.timeMs, timeMs) }
    } else {
      bodyGaps.push({ from: seq, to: seq + 1, timeMs })
    }
  }

  function seeContent(entry: ParsedEntry): EntryContent | undefined {
    const { seq } = entry.header
    const read = readContent(entry, highest)
    if (read.kind === 'void') {
      count.void++
      findings.add(read.code, 'note', seq, `the content is void: ${read.reason}`)
    } else if (read.kind === 'opaque') {
      findings.add(
        'audit-later-version',
        'note',
        seq,
        'it is of a later version of the protocol, and only its place is judged',
      )
    }
    return read.kind === 'ok' ? read.content : undefined
  }

  /** What an entry that its author signed does. */
  function takeEffect({ header }: ParsedEntry, content: EntryContent | undefined): void {
    const { seq, timeMs, kind, version, registryVersion: under } = header
    if (kind === KIND.CLOSE) closedAt = Math.min(seq, closedAt ?? seq)
    if (version === HEADER_VERSION && under > registryVersion && seq < (ahead?.seq ?? Number.POSITIVE_INFINITY)) {
      ahead = { seq, version: under }
    }
    if (content?.kind === 'close') successor = content.successorLog && logIdHex(content.successorLog)
    if (content?.kind === 'tombstone' && tombstones.length < TOMBSTONES_MAX) {
      const { logId, seq: target, reason } = content
      tombstones.push({ seq, timeMs, target: { log: logIdHex(logId), seq: target }, reason })
    }
  }

  return {
    see(entry, { sound, isBodySpoiled }) {
      const { seq, timeMs, kind, version, registryVersion: under } = entry.header
      count.total++
      byKind[version === HEADER_VERSION ? entryKindOf(kind) : 'other']++
      if (kind !== KIND.BATCH && notBatches.size < NOT_BATCHES_MAX) notBatches.add(seq)
      firstMs ??= timeMs
      lastMs = timeMs
      lastSeq = Math.max(lastSeq, seq)
      if (!isBodySpoiled) seeBody(entry)
      const content = seeContent(entry)
      if (version === HEADER_VERSION) highest = Math.max(highest, under)
      if (kind === KIND.CLOSE || kind === KIND.TOMBSTONE || under > registryVersion) {
        void sound.then(valid => (valid ? takeEffect(entry, content) : undefined))
      }
    },
    end() {
      if (closedAt !== undefined && lastSeq > closedAt) {
        findings.add('entry-after-close', 'false', closedAt + 1, `nothing follows the CLOSE at ${closedAt}`)
      }
      const facts = { ...count, byKind, firstMs, lastMs }
      return { facts, closed: closedAt !== undefined, successor, tombstones, bodyGaps, ahead, notBatches }
    },
  }
}
