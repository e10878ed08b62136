import { compareBytes, EMPTY, equalBytes, toHex } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { type LogIdHex, logIdHex } from '../base/ids.ts'
import type { TreeHead } from '../chain/tree-head.ts'
import { leafOf } from '../wire/entry.ts'
import type { Bodies, BodyRequest, Bundle, EvidenceItem, Hello, LogHead } from '../wire/gen/tocsin.ts'
import { EVIDENCE_REQUEST_HASHES_MAX, FRONTIER_HEADS_MAX, INDEX_HASHES_MAX } from '../wire/limits.ts'
import type { SyncMessage } from '../wire/sync-frame.ts'
import type { Share } from './shares.ts'
import {
  askedOf,
  differs,
  isAside,
  isIn,
  isOfOnePeer,
  type LocalLog,
  planRanges,
  type Search,
  type Wanted,
} from './wanted.ts'

/**
 * One pull from one peer as a state machine without I/O: greet, make the evidence equal, compare frontiers,
 * fetch what is missing, then the bodies that are. Which range of which log is next is chosen outside, for other pulls
 * go on meanwhile (`shares.ts`). The caller feeds events and carries out the effects, in order. Both sides of a
 * connection pull, each in a stream of its own; answering needs no state.
 */

export interface PullLocal {
  readonly hello: Hello
  hasEvidence(hashHex: string): boolean
  log(logId: LogIdHex): LocalLog | undefined
  /** For bodies that are missing here and that a peer with these heads may have: at most `count` requests. */
  bodiesWanted(heads: readonly LogHead[], count: number): readonly BodyRequest[]
}

export type PullEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'message'; readonly message: SyncMessage }
  | { readonly kind: 'evidence-applied' }
  /** What is to be fetched next; undefined where nothing is. */
  | { readonly kind: 'chosen'; readonly share: Share | undefined }
  /** `size` is how far the log is held now, after a bundle of the entries `[from, to)`. */
  | {
      readonly kind: 'bundle-ingested'
      readonly logId: LogIdHex
      readonly from: number
      readonly to: number
      readonly size: number
    }
  /** It is wrong: nothing more is asked of the log. */
  | { readonly kind: 'bundle-refused'; readonly logId: LogIdHex }
  | { readonly kind: 'bodies-stored' }

export type PullEffect =
  | { readonly kind: 'send'; readonly message: SyncMessage }
  | { readonly kind: 'apply-evidence'; readonly items: readonly EvidenceItem[] }
  /** To be answered by `chosen`: one of these logs, or what of it this pull is to fetch. */
  | { readonly kind: 'choose'; readonly wanted: readonly Wanted[] }
  /** `branch`: the tree that stands, in which the entries have been shown to be. */
  | { readonly kind: 'ingest'; readonly bundle: Bundle; readonly branch?: TreeHead }
  /** The peer has no more of this log. `isShort`: less than it said. */
  | { readonly kind: 'give-up'; readonly logId: LogIdHex; readonly isShort: boolean }
  | { readonly kind: 'store-bodies'; readonly bodies: Bodies }
  /** The peer's heads, as it claims them: for the signing check and for what `status` says of being behind. */
  | { readonly kind: 'heads'; readonly heads: readonly LogHead[]; readonly hello: Hello }
  | { readonly kind: 'finish' }
  | { readonly kind: 'fail'; readonly code: ErrorCode; readonly reason: string }

export interface PullState {
  readonly phase: 'idle' | 'hello' | 'index' | 'evidence' | 'frontier' | 'choosing' | 'ranges' | 'bodies' | 'done'
  readonly peerHello: Hello | undefined
  /** Hashes still to ask for. */
  readonly missing: readonly Uint8Array[]
  readonly indexed: number
  readonly heads: readonly LogHead[]
  /** Logs still to fetch, what there is least of first. */
  readonly wanted: readonly Wanted[]
  /** The one whose bundles are coming, as far as this pull has to fetch it. */
  readonly current: Wanted | undefined
  /** How far they have come. */
  readonly reached: number
  /** Bundles of a log that one peer alone can show, handed over and not ingested yet. */
  readonly inFlight: number
  readonly bodyRequests: readonly BodyRequest[]
}

export type PullStep = readonly [PullState, readonly PullEffect[]]

/** More than these are a peer that plays for time, as is one whose pages are not full while there is more. */
const INDEX_HASHES_TOTAL_MAX = 262_144
const HEADS_TOTAL_MAX = 100_000
/** Of which one is chosen: enough for a turn of every author. */
const OFFERED_MAX = 64
/** What is left is asked for by the next pull. */
const BODY_REQUESTS_MAX = 64

export const initialPull: PullState = {
  phase: 'idle',
  peerHello: undefined,
  missing: [],
  indexed: 0,
  heads: [],
  wanted: [],
  current: undefined,
  reached: 0,
  inFlight: 0,
  bodyRequests: [],
}

export function stepPull(state: PullState, event: PullEvent, local: PullLocal): PullStep {
  switch (event.kind) {
    case 'start':
      return [{ ...state, phase: 'hello' }, [send({ kind: 'hello', message: local.hello })]]
    case 'message':
      return onMessage(state, event.message, local)
    case 'evidence-applied':
      return askEvidence(state)
    case 'chosen':
      return event.share === undefined ? planBodies(state, local) : onShare(state, event.share, local)
    case 'bundle-ingested':
      return onIngested(state, event, local)
    case 'bundle-refused':
      return onRefused(state, event.logId, local)
    case 'bodies-stored':
      return askBodies(state)
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
  if (kind === 'bodies' && state.phase === 'bodies') return onBodies(state, message)
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
  const wanted = planRanges(heads, local.log).sort((a, b) => a.to - a.from - (b.to - b.from))
  const told: PullEffect = { kind: 'heads', heads, hello: state.peerHello as Hello }
  const [next, effects] = choose({ ...state, heads, wanted }, local)
  return [next, [told, ...effects]]
}

function ascending(heads: readonly LogHead[]): boolean {
  return heads.every((head, i) => i === 0 || compareBytes(heads[i - 1]!.logId, head.logId) < 0)
}

/** What is held by now is wanted no more. */
function choose(state: PullState, local: PullLocal): PullStep {
  let { wanted } = state
  let offered: readonly Wanted[] = []
  for (;;) {
    const rest = wanted.slice(OFFERED_MAX)
    offered = wanted.slice(0, OFFERED_MAX).filter(each => isOfOnePeer(each) || sizeOf(each, local) < each.to)
    wanted = [...offered, ...rest]
    if (offered.length > 0 || rest.length === 0) break
  }
  return [
    { ...state, phase: 'choosing', wanted, current: undefined, inFlight: 0 },
    [{ kind: 'choose', wanted: offered }],
  ]
}

function sizeOf({ logId }: Wanted, local: PullLocal): number {
  return local.log(logIdHex(logId))?.size ?? 0
}

function onShare(state: PullState, { logId, from, to }: Share, local: PullLocal): PullStep {
  const wanted = state.wanted.find(each => logIdHex(each.logId) === logId)
  if (wanted === undefined) return choose(state, local)
  return askRange(state, isOfOnePeer(wanted) ? wanted : { ...wanted, from, to: Math.min(to, wanted.to) })
}

function askRange(state: PullState, current: Wanted): PullStep {
  const { logId, branch } = current
  const [from, to] = askedOf(current)
  const size = branch !== undefined && from < branch.size ? branch.size : 0
  const message = { logId, from, count: to - from, size }
  return [{ ...state, phase: 'ranges', current, reached: from }, [send({ kind: 'range-request', message })]]
}

function onBundle(state: PullState, bundle: Bundle, local: PullLocal): PullStep {
  const current = state.current as Wanted
  if (!equalBytes(bundle.logId, current.logId) || bundle.from !== state.reached) {
    return fail(state, 'sync-bundle-mismatch', `a bundle from ${bundle.from} came where ${state.reached} was asked for`)
  }
  const [, asked] = askedOf(current)
  const reached = bundle.from + bundle.entries.length
  if (reached > asked) return fail(state, 'sync-bundle-mismatch', 'a bundle holds more entries than were asked for')
  // An empty bundle says that the peer holds no more of it: its head was an unsigned claim.
  if (bundle.entries.length === 0) return skip(state, local, true)
  const { branch, search } = current
  const inBranch = branch !== undefined && isIn(branch, bundle)
  // The peer has another branch than the one that stands, and may not know it yet.
  if (current.isStrict && branch !== undefined && bundle.from < branch.size && !inBranch) return skip(state, local)
  const held = local.log(logIdHex(current.logId))
  if (search !== undefined) return narrow(state, current, search, bundle, held)
  if (current.isFound === undefined && isAside(bundle, held)) {
    return searchAside(state, current, held!.size, inBranch ? { kind: 'branch' } : { kind: 'fork', aside: bundle })
  }
  const step = ingest(state, reached, bundle, inBranch ? branch : undefined)
  return reached < asked || isOfOnePeer(current) ? step : followedBy(step, next => choose(next, local))
}

function followedBy([state, effects]: PullStep, then: (state: PullState) => PullStep): PullStep {
  const [next, more] = then(state)
  return [next, [...effects, ...more]]
}

function ingest(state: PullState, reached: number, bundle: Bundle, branch?: TreeHead): PullStep {
  const effect = { kind: 'ingest', bundle, ...(branch && { branch }) } as const
  return [{ ...state, reached, inFlight: state.inFlight + 1 }, [effect]]
}

/** There is nothing more to be had of the log under way. */
function skip(state: PullState, local: PullLocal, isShort = false): PullStep {
  const { logId } = state.current as Wanted
  return followedBy(without(state, logIdHex(logId), isShort), next => choose(next, local))
}

function without(state: PullState, logId: LogIdHex, isShort: boolean): PullStep {
  const wanted = state.wanted.filter(each => logIdHex(each.logId) !== logId)
  if (wanted.length === state.wanted.length) return [state, []]
  return [{ ...state, wanted }, [{ kind: 'give-up', logId, isShort }]]
}

/** The peer is on another branch, unless the author has signed what follows nothing. */
function searchAside(state: PullState, current: Wanted, to: number, kind: Pick<Search, 'kind' | 'aside'>): PullStep {
  const whole = state.wanted.find(each => equalBytes(each.logId, current.logId)) ?? current
  return goOn(state, { ...whole, search: { ...kind, from: 0, to, isSure: false } })
}

/** With what is known of the log under way now. */
function goOn(state: PullState, current: Wanted): PullStep {
  const wanted = state.wanted.map(each => (equalBytes(each.logId, current.logId) ? current : each))
  return askRange({ ...state, wanted }, current)
}

function narrow(
  state: PullState,
  current: Wanted,
  search: Search,
  bundle: Bundle,
  held: LocalLog | undefined,
): PullStep {
  const { from: at, entries } = bundle
  const { header, signature } = entries[0]!
  const isOther = differs(held, at, leafOf(header, signature))
  if (!search.isSure && !isOther && search.aside !== undefined) return ingest(state, at + 1, search.aside)
  // Both entries are signed, and so the proof: the one before them is the last that stands.
  if (search.kind === 'fork' && search.to - search.from === 1) return ingest(state, at + 1, bundle)
  const next = { ...search, isSure: true, ...(isOther ? { to: at + 1 } : { from: at + 1 }) }
  const { search: _, ...plain } = current
  const isFound = search.kind === 'branch' && next.to - next.from <= 1
  return goOn(state, isFound ? { ...plain, from: next.from, isFound: true } : { ...current, search: next })
}

function onIngested(
  before: PullState,
  { logId, from, to, size }: Extract<PullEvent, { kind: 'bundle-ingested' }>,
  local: PullLocal,
): PullStep {
  const { current } = before
  if (current === undefined || !isOfOnePeer(current) || logIdHex(current.logId) !== logId) {
    // It stands no further; or what was to come before it did not, and it is fetched again.
    return size < to && size >= from ? without(before, logId, false) : [before, []]
  }
  const state = { ...before, inFlight: before.inFlight - 1 }
  const [, asked] = askedOf(current)
  if (state.inFlight > 0 || state.reached < asked) return [state, []]
  // What stands may have ended before what was fetched; then there is nothing more to ask of this log.
  if (current.search !== undefined || size < state.reached || current.to <= size) return skip(state, local)
  return askRange(state, { ...current, from: size })
}

function onRefused(before: PullState, logId: LogIdHex, local: PullLocal): PullStep {
  const { current } = before
  if (current === undefined || !isOfOnePeer(current) || logIdHex(current.logId) !== logId)
    return without(before, logId, false)
  const state = { ...before, inFlight: before.inFlight - 1 }
  return state.inFlight > 0 || state.reached < askedOf(current)[1] ? [state, []] : skip(state, local)
}

function planBodies(state: PullState, local: PullLocal): PullStep {
  const bodyRequests = local.bodiesWanted(state.heads, BODY_REQUESTS_MAX)
  return askBodies({ ...state, bodyRequests })
}

function askBodies(state: PullState): PullStep {
  const [message] = state.bodyRequests
  if (message === undefined) return [{ ...state, phase: 'done' }, [{ kind: 'finish' }]]
  return [{ ...state, phase: 'bodies' }, [send({ kind: 'body-request', message })]]
}

function onBodies(state: PullState, bodies: Bodies): PullStep {
  const [asked, ...others] = state.bodyRequests as [BodyRequest, ...BodyRequest[]]
  const isAsked = bodies.seqs.every(
    (seq, i) => asked.seqs.includes(seq) && (i === 0 || seq > (bodies.seqs[i - 1] as number)),
  )
  if (!isAsked || !equalBytes(bodies.logId, asked.logId)) {
    return fail(state, 'sync-unexpected-frame', 'the peer gave bodies that it was not asked for')
  }
  // It may have stopped short of what was asked where the frame would have grown too large; none: it has none.
  const last = bodies.seqs.at(-1) ?? Number.POSITIVE_INFINITY
  const left = asked.seqs.filter(seq => seq > last)
  const bodyRequests = left.length === 0 ? others : [{ ...asked, seqs: left }, ...others]
  return [{ ...state, bodyRequests }, [{ kind: 'store-bodies', bodies }]]
}

function send(message: SyncMessage): PullEffect {
  return { kind: 'send', message }
}

function fail(state: PullState, code: ErrorCode, reason: string): PullStep {
  return [{ ...state, phase: 'done' }, [{ kind: 'fail', code, reason }]]
}
