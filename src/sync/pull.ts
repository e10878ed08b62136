import { compareBytes, EMPTY, equalBytes, toHex } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type Hash, type LogId, type LogIdHex, logIdHex, parseLogId } from '../base/ids.ts'
import type { TreeHead } from '../chain/tree-head.ts'
import { verifyLeafRange } from '../merkle/subtree.ts'
import { leafOf, parseHeader } from '../wire/entry.ts'
import type { Bundle, EvidenceItem, Hello, LogHead } from '../wire/gen/tocsin.ts'
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
  /** The tree that stands, where one is known: what lies in it is fetched with its place there. */
  readonly branch: TreeHead | undefined
  /** What is held may be of another branch. */
  readonly doubtful: boolean
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
  /** `branch`: the tree that stands, in which the entries have been shown to be. */
  | { readonly kind: 'ingest'; readonly bundle: Bundle; readonly branch?: TreeHead }
  /** The peer's heads, as it claims them: for the signing check and for what `status` says of being behind. */
  | { readonly kind: 'heads'; readonly heads: readonly LogHead[]; readonly hello: Hello }
  | { readonly kind: 'finish' }
  | { readonly kind: 'fail'; readonly code: ErrorCode; readonly reason: string }

interface Wanted {
  readonly logId: LogId
  readonly from: number
  readonly to: number
  /** Entries below its size are asked for with their place in it. */
  readonly branch: TreeHead | undefined
  /** There is known to be another branch: below the size of the one that stands only what is shown to be in it counts. */
  readonly isStrict: boolean
  readonly search?: Search
  /** What is fetched begins with the first entry that differs. */
  readonly isFound?: true
}

/** What is wanted first is the first entry in `[from, to)` of the log that differs from ours. */
interface Search {
  /**
   * 'fork': the peer holds another branch, and that entry makes a proof with ours. 'branch': the peer holds the branch
   * that stands; from that entry on what follows is fetched.
   */
  readonly kind: 'fork' | 'branch'
  readonly from: number
  readonly to: number
  /** That the last of them differs is known. */
  readonly isSure: boolean
  /** What does not follow our last entry: where that does not differ, the two are the proof. */
  readonly aside?: Bundle
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
  return heads.flatMap(head => {
    const logId = parseLogId(head.logId)
    return planRange(logId, head, local.log(logIdHex(logId))) ?? []
  })
}

function planRange(logId: LogId, head: LogHead, held: LocalLog | undefined): Wanted | undefined {
  const { size, limit } = held ?? { size: 0, limit: Number.POSITIVE_INFINITY }
  const to = Math.min(head.size, limit)
  const isStrict = held?.doubtful === true
  // Only who holds all of the branch that stands can show what is in it.
  const branch = held?.branch !== undefined && to >= Math.min(held.branch.size, limit) ? held.branch : undefined
  const plan = { logId, from: size, to, branch, isStrict }
  if (isStrict) {
    if (branch === undefined) return undefined
    const common = Math.min(size, to, branch.size)
    return common === 0 ? plan : { ...plan, search: { kind: 'branch', from: 0, to: common, isSure: false } }
  }
  if (to > size) return plan
  if (to < head.size || to === 0 || !differs(held, to - 1, head.head)) return undefined
  return { ...plan, search: { kind: 'fork', from: 0, to, isSure: true } }
}

function differs(held: LocalLog | undefined, seq: number, leaf: Uint8Array): boolean {
  const own = held?.leafAt(seq)
  return own !== undefined && !equalBytes(own, leaf)
}

function askRange(state: PullState): PullStep {
  const first = state.wanted[0]
  if (first === undefined) return [{ ...state, phase: 'done' }, [{ kind: 'finish' }]]
  const { logId, branch } = first
  const [from, to] = askedOf(first)
  const size = branch !== undefined && from < branch.size ? branch.size : 0
  const message = { logId, from, count: to - from, size }
  return [{ ...state, phase: 'ranges', reached: from }, [send({ kind: 'range-request', message })]]
}

/** `[from, to)` of the request under way. One is in one tree, or beyond the branch that stands. */
function askedOf({ from, to, branch, search }: Wanted): readonly [from: number, to: number] {
  if (search !== undefined) {
    const at = search.isSure ? middleOf(search) : search.to - 1
    return [at, at + 1]
  }
  const end = branch !== undefined && from < branch.size ? branch.size : Number.POSITIVE_INFINITY
  return [from, Math.min(to, end, from + RANGE_ENTRIES_MAX)]
}

/** Each entry names the one before, so that two branches differ in every entry from the first difference on. */
function middleOf({ from, to }: Search): number {
  return Math.floor((from + to - 1) / 2)
}

function onBundle(state: PullState, bundle: Bundle, local: PullLocal): PullStep {
  const first = state.wanted[0] as Wanted
  if (!equalBytes(bundle.logId, first.logId) || bundle.from !== state.reached) {
    return fail(state, 'sync-bundle-mismatch', `a bundle from ${bundle.from} came where ${state.reached} was asked for`)
  }
  const [, asked] = askedOf(first)
  const reached = bundle.from + bundle.entries.length
  if (reached > asked) return fail(state, 'sync-bundle-mismatch', 'a bundle holds more entries than were asked for')
  // An empty bundle says that the peer holds no more of it: its head was an unsigned claim.
  if (bundle.entries.length === 0) return skip(state)
  const { branch, search } = first
  const inBranch = branch !== undefined && isIn(branch, bundle)
  // The peer has another branch than the one that stands, and may not know it yet.
  if (first.isStrict && branch !== undefined && bundle.from < branch.size && !inBranch) return skip(state)
  const held = local.log(logIdHex(first.logId))
  if (search !== undefined) return narrow(state, first, search, bundle, held)
  if (first.isFound === undefined && isAside(bundle, held)) {
    return searchAside(state, first, held!.size, inBranch ? { kind: 'branch' } : { kind: 'fork', aside: bundle })
  }
  return ingest(state, reached, bundle, inBranch ? branch : undefined)
}

function ingest(state: PullState, reached: number, bundle: Bundle, branch?: TreeHead): PullStep {
  const effect = { kind: 'ingest', bundle, ...(branch && { branch }) } as const
  return [{ ...state, reached, inFlight: state.inFlight + 1 }, [effect]]
}

function skip(state: PullState): PullStep {
  return askRange({ ...state, wanted: state.wanted.slice(1) })
}

function isIn({ size, root }: TreeHead, { from, entries, path }: Bundle): boolean {
  if (from >= size) return false
  const leaves = entries.map(({ header, signature }) => leafOf(header, signature))
  return verifyLeafRange({ from, leaves, size, root, path: path as readonly Hash[] })
}

/** What continues ours names the last of ours. */
function isAside({ from, entries }: Bundle, held: LocalLog | undefined): boolean {
  const last = held !== undefined && from > 0 && from === held.size ? held.leafAt(from - 1) : undefined
  if (last === undefined) return false
  try {
    return !equalBytes(parseHeader(entries[0]!.header).prev, last)
  } catch (error) {
    // Refused with its bundle.
    if (error instanceof ProtocolError) return false
    throw error
  }
}

/** The peer is on another branch, unless the author has signed what follows nothing. */
function searchAside(state: PullState, first: Wanted, to: number, kind: Pick<Search, 'kind' | 'aside'>): PullStep {
  const search = { ...kind, from: 0, to, isSure: false }
  return askRange({ ...state, wanted: [{ ...first, search }, ...state.wanted.slice(1)] })
}

function narrow(state: PullState, first: Wanted, search: Search, bundle: Bundle, held: LocalLog | undefined): PullStep {
  const { from: at, entries } = bundle
  const { header, signature } = entries[0]!
  const isOther = differs(held, at, leafOf(header, signature))
  if (!search.isSure && !isOther && search.aside !== undefined) return ingest(state, at + 1, search.aside)
  // Both entries are signed, and so the proof: the one before them is the last that stands.
  if (search.kind === 'fork' && search.to - search.from === 1) return ingest(state, at + 1, bundle)
  const next = { ...search, isSure: true, ...(isOther ? { to: at + 1 } : { from: at + 1 }) }
  const { search: _, ...plain } = first
  const isFound = search.kind === 'branch' && next.to - next.from <= 1
  const wanted = isFound ? { ...plain, from: next.from, isFound: true as const } : { ...first, search: next }
  return askRange({ ...state, wanted: [wanted, ...state.wanted.slice(1)] })
}

function onIngested(before: PullState, logId: LogIdHex, size: number): PullStep {
  const state = { ...before, inFlight: before.inFlight - 1 }
  const first = state.wanted[0]
  if (first === undefined || logIdHex(first.logId) !== logId || state.inFlight > 0) return [state, []]
  const [, asked] = askedOf(first)
  if (state.reached < asked) return [state, []]
  // What stands may have ended before what was fetched; then there is nothing more to ask of this log.
  if (first.search !== undefined || size < state.reached || first.to <= size) return skip(state)
  return askRange({ ...state, wanted: [{ ...first, from: size }, ...state.wanted.slice(1)] })
}

function send(message: SyncMessage): PullEffect {
  return { kind: 'send', message }
}

function fail(state: PullState, code: ErrorCode, reason: string): PullStep {
  return [{ ...state, phase: 'done' }, [{ kind: 'fail', code, reason }]]
}
