import { compareBytes, EMPTY, equalBytes, toHex } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { type LogId, type LogIdHex, logIdHex, parseLogId } from '../base/ids.ts'
import { leafOf } from '../wire/entry.ts'
import type { Bundle, Envelope, EvidenceItem, Hello, LogHead } from '../wire/gen/tocsin.ts'
import { EVIDENCE_REQUEST_HASHES_MAX, FRONTIER_HEADS_MAX, INDEX_HASHES_MAX, RANGE_ENTRIES_MAX } from '../wire/limits.ts'
import type { SyncMessage } from '../wire/sync-frame.ts'

/**
 * One pull from one peer as a state machine without I/O: greet, make the evidence equal, compare frontiers,
 * fetch what is missing. The caller feeds events and carries out the effects, in order. Both sides of a connection
 * pull, each in a stream of its own; answering needs no state.
 */

/** How far the log is held here, and the limit at which it stands: nothing at or beyond is fetched. */
export interface LocalLog {
  readonly size: number
  readonly limit: number
  /** The leaf held at a seq below `size`. */
  leafAt(seq: number): Uint8Array | undefined
}

export interface PullLocal {
  readonly hello: Hello
  hasEvidence(hashHex: string): boolean
  log(logId: LogIdHex): LocalLog | undefined
}

export type PullEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'message'; readonly message: SyncMessage }
  | { readonly kind: 'evidence-applied' }
  /** `size` is how far the log is held now; less than announced means that it stands no further. */
  | { readonly kind: 'bundle-ingested'; readonly logId: LogIdHex; readonly size: number }

export type PullEffect =
  | { readonly kind: 'send'; readonly message: SyncMessage }
  | { readonly kind: 'apply-evidence'; readonly items: readonly EvidenceItem[] }
  | { readonly kind: 'ingest'; readonly bundle: Bundle }
  /** The peer's heads, as it claims them: for the signing check and for what `status` says of being behind. */
  | { readonly kind: 'heads'; readonly heads: readonly LogHead[]; readonly hello: Hello }
  | { readonly kind: 'finish' }
  | { readonly kind: 'fail'; readonly code: ErrorCode; readonly reason: string }

interface Wanted {
  readonly logId: LogId
  readonly from: number
  readonly to: number
  /** The peer is on another branch: what is wanted is the first of these entries that differs from ours. */
  readonly forked: boolean
}

export interface PullState {
  readonly phase: 'idle' | 'hello' | 'index' | 'evidence' | 'frontier' | 'ranges' | 'done'
  readonly peerHello: Hello | undefined
  /** Hashes still to ask for. */
  readonly missing: readonly Uint8Array[]
  readonly indexed: number
  readonly heads: readonly LogHead[]
  /** Logs still to fetch; the first is under way. */
  readonly wanted: readonly Wanted[]
  /** How far the bundles of the log under way have come. */
  readonly reached: number
  /** Bundles handed over and not ingested yet. */
  readonly inFlight: number
}

export type PullStep = readonly [PullState, readonly PullEffect[]]

/** More than these are a peer that plays for time, as is one whose pages are not full while there is more. */
const INDEX_HASHES_TOTAL_MAX = 262_144
const HEADS_TOTAL_MAX = 100_000

export const initialPull: PullState = {
  phase: 'idle',
  peerHello: undefined,
  missing: [],
  indexed: 0,
  heads: [],
  wanted: [],
  reached: 0,
  inFlight: 0,
}

export function stepPull(state: PullState, event: PullEvent, local: PullLocal): PullStep {
  switch (event.kind) {
    case 'start':
      return [{ ...state, phase: 'hello' }, [send({ kind: 'hello', message: local.hello })]]
    case 'message':
      return onMessage(state, event.message, local)
    case 'evidence-applied':
      return askEvidence(state)
    case 'bundle-ingested':
      return onIngested(state, event.logId, event.size)
  }
}

function onMessage(state: PullState, { kind, message }: SyncMessage, local: PullLocal): PullStep {
  if (kind === 'refused') return fail(state, 'sync-refused', `the peer refused: ${message.code} ${message.message}`)
  if (kind === 'hello' && state.phase === 'hello') return onHello(state, message, local)
  if (kind === 'index' && state.phase === 'index') return onIndex(state, message.hashes, message.more === 1, local)
  if (kind === 'evidence' && state.phase === 'evidence') return onEvidence(state, message.items)
  if (kind === 'frontier' && state.phase === 'frontier')
    return onFrontier(state, message.heads, message.more === 1, local)
  if (kind === 'bundle' && state.phase === 'ranges') return onBundle(state, message, local)
  return fail(state, 'sync-unexpected-frame', `${kind} while waiting in phase ${state.phase}`)
}

function onHello(state: PullState, hello: Hello, local: PullLocal): PullStep {
  if (hello.protocol !== local.hello.protocol) {
    return fail(
      state,
      'sync-protocol-version',
      `the peer speaks protocol ${hello.protocol}, this node ${local.hello.protocol}`,
    )
  }
  if (!equalBytes(hello.allianceId, local.hello.allianceId)) {
    return fail(state, 'sync-alliance-differs', 'the peer belongs to another alliance')
  }
  const next = { ...state, peerHello: hello }
  if (equalBytes(hello.evidenceDigest, local.hello.evidenceDigest)) return askFrontier(next)
  return [{ ...next, phase: 'index' }, [send({ kind: 'index-request', message: { after: 0 } })]]
}

function onIndex(state: PullState, hashes: readonly Uint8Array[], more: boolean, local: PullLocal): PullStep {
  const indexed = state.indexed + hashes.length
  if (indexed > INDEX_HASHES_TOTAL_MAX || (more && hashes.length < INDEX_HASHES_MAX)) {
    return fail(state, 'sync-unexpected-frame', 'the index of evidence does not end')
  }
  const missing = [...state.missing, ...hashes.filter(hash => !local.hasEvidence(toHex(hash)))]
  if (more) return [{ ...state, indexed, missing }, [send({ kind: 'index-request', message: { after: indexed } })]]
  return askEvidence({ ...state, indexed, missing })
}

function askEvidence(state: PullState): PullStep {
  if (state.missing.length === 0) return askFrontier(state)
  const hashes = state.missing.slice(0, EVIDENCE_REQUEST_HASHES_MAX)
  return [{ ...state, phase: 'evidence' }, [send({ kind: 'evidence-request', message: { hashes } })]]
}

function onEvidence(state: PullState, items: readonly EvidenceItem[]): PullStep {
  const asked = Math.min(state.missing.length, EVIDENCE_REQUEST_HASHES_MAX)
  // The peer may stop short of what was asked where a frame would grow too large, or no longer hold a superseded checkpoint.
  const answered = items.length === 0 ? asked : Math.min(items.length, asked)
  return [{ ...state, missing: state.missing.slice(answered) }, [{ kind: 'apply-evidence', items }]]
}

function askFrontier(state: PullState): PullStep {
  return [{ ...state, phase: 'frontier', heads: [] }, [send({ kind: 'frontier-request', message: { after: EMPTY } })]]
}

function onFrontier(state: PullState, page: readonly LogHead[], more: boolean, local: PullLocal): PullStep {
  const heads = [...state.heads, ...page]
  const last = page.at(-1)
  if (heads.length > HEADS_TOTAL_MAX || (more && page.length < FRONTIER_HEADS_MAX)) {
    return fail(state, 'sync-unexpected-frame', 'the frontier does not end')
  }
  if (!ascending([...state.heads.slice(-1), ...page])) {
    return fail(state, 'sync-unexpected-frame', 'the frontier is not in ascending order')
  }
  if (more && last !== undefined) {
    return [{ ...state, heads }, [send({ kind: 'frontier-request', message: { after: last.logId } })]]
  }
  const wanted = planRanges(heads, local)
  const told: PullEffect = { kind: 'heads', heads, hello: state.peerHello as Hello }
  const [next, effects] = askRange({ ...state, heads, wanted })
  return [next, [told, ...effects]]
}

function ascending(heads: readonly LogHead[]): boolean {
  return heads.every((head, i) => i === 0 || compareBytes(heads[i - 1]!.logId, head.logId) < 0)
}

function planRanges(heads: readonly LogHead[], local: PullLocal): Wanted[] {
  const wanted: Wanted[] = []
  for (const head of heads) {
    const logId = parseLogId(head.logId)
    const held = local.log(logIdHex(logId))
    const size = held?.size ?? 0
    const to = Math.min(head.size, held?.limit ?? Number.POSITIVE_INFINITY)
    if (to > size) wanted.push({ logId, from: size, to, forked: false })
    else if (to === head.size && to > 0 && differs(held, to - 1, head.head))
      wanted.push({ logId, from: 0, to, forked: true })
  }
  return wanted
}

function differs(held: LocalLog | undefined, seq: number, leaf: Uint8Array): boolean {
  const own = held?.leafAt(seq)
  return own !== undefined && !equalBytes(own, leaf)
}

function askRange(state: PullState): PullStep {
  const first = state.wanted[0]
  if (first === undefined) return [{ ...state, phase: 'done' }, [{ kind: 'finish' }]]
  const from = first.forked ? middleOf(first) : first.from
  const count = first.forked ? 1 : Math.min(first.to - from, RANGE_ENTRIES_MAX)
  const message = { logId: first.logId, from, count }
  return [{ ...state, phase: 'ranges', reached: from }, [send({ kind: 'range-request', message })]]
}

/** Each entry names the one before, so that two branches differ in every entry from the first difference on. */
function middleOf({ from, to }: Wanted): number {
  return Math.floor((from + to - 1) / 2)
}

function onBundle(state: PullState, bundle: Bundle, local: PullLocal): PullStep {
  const first = state.wanted[0] as Wanted
  if (!equalBytes(bundle.logId, first.logId) || bundle.from !== state.reached) {
    return fail(state, 'sync-bundle-mismatch', `a bundle from ${bundle.from} came where ${state.reached} was asked for`)
  }
  const asked = first.forked ? state.reached + 1 : Math.min(first.to, first.from + RANGE_ENTRIES_MAX)
  if (bundle.from + bundle.entries.length > asked) {
    return fail(state, 'sync-bundle-mismatch', 'a bundle holds more entries than were asked for')
  }
  // An empty bundle says that the peer holds no more of it: its head was an unsigned claim.
  if (bundle.entries.length === 0) return askRange({ ...state, wanted: state.wanted.slice(1) })
  if (first.forked && first.to - first.from > 1) return narrow(state, first, bundle, local)
  const reached = bundle.from + bundle.entries.length
  return [{ ...state, reached, inFlight: state.inFlight + 1 }, [{ kind: 'ingest', bundle }]]
}

/** Both entries are signed, and so the proof: the one before them is the last that stands. */
function narrow(state: PullState, first: Wanted, { from, entries }: Bundle, local: PullLocal): PullStep {
  const [entry] = entries as [Envelope]
  const leaf = leafOf(entry.header, entry.signature)
  const next = differs(local.log(logIdHex(first.logId)), from, leaf)
    ? { ...first, to: from + 1 }
    : { ...first, from: from + 1 }
  return askRange({ ...state, wanted: [next, ...state.wanted.slice(1)] })
}

function onIngested(before: PullState, logId: LogIdHex, size: number): PullStep {
  const state = { ...before, inFlight: before.inFlight - 1 }
  const first = state.wanted[0]
  if (first === undefined || logIdHex(first.logId) !== logId || state.inFlight > 0) return [state, []]
  const asked = Math.min(first.to, first.from + RANGE_ENTRIES_MAX)
  if (state.reached < asked) return [state, []]
  // What stands may have ended before what was fetched; then there is nothing more to ask of this log.
  if (size < state.reached || first.to <= size) return askRange({ ...state, wanted: state.wanted.slice(1) })
  return askRange({ ...state, wanted: [{ ...first, from: size }, ...state.wanted.slice(1)] })
}

function send(message: SyncMessage): PullEffect {
  return { kind: 'send', message }
}

function fail(state: PullState, code: ErrorCode, reason: string): PullStep {
  return [{ ...state, phase: 'done' }, [{ kind: 'fail', code, reason }]]
}
