import { equalBytes } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { StoreError } from '../base/errors.ts'
import type { Hash } from '../base/ids.ts'
import { appendLeaf, EMPTY_RANGE } from '../merkle/compact-range.ts'
import { HEADER_VERSION, KIND, type ParsedEntry } from '../wire/entry.ts'
import type { LogIdentity } from './genesis.ts'
import type { LogHead } from './log-head.ts'
import type { VerifiedEntry } from './verify-entry.ts'

/** The `prev` of a GENESIS. */
const NO_PREV = new Uint8Array(32) as Hash

export type NextOutcome =
  | { readonly kind: 'append'; readonly head: LogHead }
  | { readonly kind: 'duplicate' }
  /** Entries `[from, to)` are lacking before this one. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  /** Another leaf is held at its seq; `buildSameSeq` with the held entry gives the proof. */
  | { readonly kind: 'same-seq'; readonly seq: number }
  /** It does not follow the entry held before it; `buildBrokenPrev` with that entry gives the proof. `seq`: of that one. */
  | { readonly kind: 'broken-prev'; readonly seq: number }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string }

/** Told of each subtree that became complete, leaves left out; a store keeps those of levels divisible by eight. */
export type OnNode = (level: number, index: number, hash: Hash) => void

/**
 * Whether `entry` is the next of its log. `head` is the log as held, undefined where nothing of it is;
 * `leafAt` reads the leaf held at a seq below `head.size`. Throws StoreError where `head` is of another log.
 */
export function checkNext(
  head: LogHead | undefined,
  entry: VerifiedEntry,
  leafAt: (seq: number) => Hash,
  onNode?: OnNode,
): NextOutcome {
  if (head !== undefined && !equalBytes(head.logId, entry.logId)) {
    throw new StoreError('internal', 'an entry was held against the head of another log')
  }
  const { seq } = entry.header
  const size = head?.size ?? 0
  if (seq < size) return equalBytes(leafAt(seq), entry.leaf) ? { kind: 'duplicate' } : { kind: 'same-seq', seq }
  // Only the header tells: the same for a node that has the body of the CLOSE and one that has not.
  if (head?.closed) return refused('entry-after-close', `nothing follows the CLOSE at ${size - 1}`)
  if (seq > size) return { kind: 'gap', from: size, to: seq }
  if (head === undefined) return begin(entry, onNode)
  if (!equalBytes(entry.prev, head.leaf)) return { kind: 'broken-prev', seq: size - 1 }
  return { kind: 'append', head: headAfter(head, entry, onNode) }
}

function begin(entry: VerifiedEntry, onNode: OnNode | undefined): NextOutcome {
  return { kind: 'append', head: headAfter(headBefore(entry.log), entry, onNode) }
}

/** A log of which nothing is held yet. */
export function headBefore(log: LogIdentity): LogHead {
  const empty = { size: 0, leaf: NO_PREV, closed: false, registryVersion: 0, timeMs: 0, tree: EMPTY_RANGE }
  return { ...log, ...empty }
}

/** The log with one more entry, of which it is known that it is the next. */
export function headAfter(head: LogHead, { header, leaf }: ParsedEntry, onNode?: OnNode): LogHead {
  // Of a later header version only the frozen fields mean what they mean here; kind is one of them.
  const known = header.version === HEADER_VERSION
  return {
    ...head,
    size: head.size + 1,
    leaf,
    closed: header.kind === KIND.CLOSE,
    registryVersion: known ? Math.max(head.registryVersion, header.registryVersion) : head.registryVersion,
    timeMs: known ? Math.max(head.timeMs, header.timeMs) : head.timeMs,
    tree: appendLeaf(head.tree, leaf, onNode),
  }
}

function refused(code: ErrorCode, reason: string): NextOutcome {
  return { kind: 'refused', code, reason }
}
