import { equalBytes } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type Hash, type LogId, type LogIdHex, logIdHex, parseLogId } from '../base/ids.ts'
import type { TreeHead } from '../chain/tree-head.ts'
import { verifyLeafRange } from '../merkle/subtree.ts'
import { leafOf, parseHeader } from '../wire/entry.ts'
import type { Bundle, LogHead } from '../wire/gen/tocsin.ts'
import { RANGE_ENTRIES_MAX } from '../wire/limits.ts'
import type { FetchMode } from './shares.ts'

/** What one peer has of a log and this node lacks. */

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

export interface Wanted {
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
export interface Search {
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

export function planRanges(heads: readonly LogHead[], logOf: (logId: LogIdHex) => LocalLog | undefined): Wanted[] {
  return heads.flatMap(head => {
    const logId = parseLogId(head.logId)
    return planRange(logId, head, logOf(logIdHex(logId))) ?? []
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

/** One peer alone can say where its branch parts from ours, and what follows there comes in order. */
export function isOfOnePeer({ isStrict, search, isFound }: Wanted): boolean {
  return isStrict || search !== undefined || isFound === true
}

export function fetchMode(wanted: Wanted): FetchMode {
  if (!isOfOnePeer(wanted)) return 'shared'
  return wanted.search?.kind === 'fork' && !wanted.isStrict ? 'beside' : 'whole'
}

/** `[from, to)` of the request under way. One is in one tree, or beyond the branch that stands. */
export function askedOf({ from, to, branch, search }: Wanted): readonly [from: number, to: number] {
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

export function differs(held: LocalLog | undefined, seq: number, leaf: Uint8Array): boolean {
  const own = held?.leafAt(seq)
  return own !== undefined && !equalBytes(own, leaf)
}

export function isIn({ size, root }: TreeHead, { from, entries, path }: Bundle): boolean {
  if (from >= size) return false
  const leaves = entries.map(({ header, signature }) => leafOf(header, signature))
  return verifyLeafRange({ from, leaves, size, root, path: path as readonly Hash[] })
}

/** What continues ours names the last of ours. */
export function isAside({ from, entries }: Bundle, held: LocalLog | undefined): boolean {
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
