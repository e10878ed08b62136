import { equalBytes } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { TreeHead } from '../chain/tree-head.ts'
import { appendLeaf, type CompactRange, rangeRoot } from '../merkle/compact-range.ts'
import type { ParsedEntry } from '../wire/entry.ts'
import type { LogPart } from './part.ts'

/** Which of the two files. */
export type Side = 0 | 1

/** What one file has of a log. */
export interface LogSide {
  readonly run: Pick<LogPart, 'from' | 'size' | 'before'>
  readonly entries: AsyncIterable<ParsedEntry>
  /** Trees of the log that its author signed by what the other file holds, by size. */
  readonly signedTrees: ReadonlyMap<number, TreeHead>
}

export type LogOutcome =
  /** Both have the same entries; `from`: those before are not in both files, and are the same by the tree. */
  | { readonly kind: 'same'; readonly from: number; readonly size: number }
  /** The file of this side has `by` entries more, after all of the other's. */
  | { readonly kind: 'ahead'; readonly side: Side; readonly by: number; readonly size: number }
  /** The first entry that is not the same. */
  | { readonly kind: 'fork'; readonly seq: number; readonly entries: readonly [ParsedEntry, ParsedEntry] }
  /** An entry before `seq` is not the same, and is not in both files. */
  | { readonly kind: 'fork-before'; readonly seq: number }
  /** The entries of one side are not those that the author signed as this tree, which the other file holds. */
  | { readonly kind: 'other-tree'; readonly side: Side; readonly tree: TreeHead }
  | { readonly kind: 'undecided'; readonly reason: string }

/** Compares what two files have of one log, entry by entry, holding no more than the edge of its tree. */
export async function compareLog(sides: readonly [LogSide, LogSide]): Promise<LogOutcome> {
  const walks = [openWalk(sides[0]), openWalk(sides[1])] as const
  const lo = Math.max(sides[0].run.from, sides[1].run.from)
  try {
    for (const walk of walks) await walk.goTo(lo)
    const outcome = walks.some(walk => walk.size < lo) ? apart(sides, lo) : await compareFrom(lo, walks)
    return outcome.kind === 'fork' ? outcome : (otherTree(walks) ?? outcome)
  } catch (error) {
    if (error instanceof ProtocolError) return { kind: 'undecided', reason: error.message }
    throw error
  } finally {
    for (const walk of walks) await walk.close()
  }
}

async function compareFrom(lo: number, walks: readonly [Walk, Walk]): Promise<LogOutcome> {
  if (!equalBytes(walks[0].root(), walks[1].root())) return { kind: 'fork-before', seq: lo }
  for (;;) {
    const entries = [await walks[0].next(), await walks[1].next()] as const
    const [a, b] = entries
    if (a !== undefined && b !== undefined) {
      if (equalBytes(a.leaf, b.leaf)) continue
      return { kind: 'fork', seq: a.header.seq, entries: [a, b] }
    }
    for (const walk of walks) await walk.goTo(Number.POSITIVE_INFINITY)
    const short = walks.find(walk => walk.size < walk.announced)
    if (short !== undefined) return { kind: 'undecided', reason: missing(short) }
    const [first, second] = [walks[0].size, walks[1].size]
    if (first === second) return { kind: 'same', from: lo, size: first }
    const side = first > second ? 0 : 1
    return { kind: 'ahead', side, by: Math.abs(first - second), size: Math.max(first, second) }
  }
}

function otherTree(walks: readonly Walk[]): LogOutcome | undefined {
  const side = walks.findIndex(({ astray }) => astray !== undefined)
  return side < 0 ? undefined : { kind: 'other-tree', side: side as Side, tree: walks[side]!.astray! }
}

/** One file ends before the other begins. */
function apart(sides: readonly [LogSide, LogSide], lo: number): LogOutcome {
  const early = sides[0].run.from < lo ? 0 : 1
  const reason = `the ${early === 0 ? 'first' : 'second'} file ends at entry ${sides[early].run.size}, where the other begins with entry ${lo}`
  return { kind: 'undecided', reason }
}

interface Walk {
  readonly size: number
  readonly announced: number
  /** A tree that the author signed and that is not the one walked: the walk ends there. */
  readonly astray: TreeHead | undefined
  root(): Uint8Array
  next(): Promise<ParsedEntry | undefined>
  /** Up to this size, or to the end of what is there. */
  goTo(size: number): Promise<void>
  close(): Promise<void>
}

function openWalk({ run, entries, signedTrees }: LogSide): Walk {
  const source = entries[Symbol.asyncIterator]()
  let range: CompactRange = run.before
  let astray: TreeHead | undefined
  const walk: Walk = {
    get size() {
      return range.size
    },
    get astray() {
      return astray
    },
    announced: run.size,
    root: () => rangeRoot(range),
    async next() {
      if (astray !== undefined) return undefined
      const { value, done } = await source.next()
      if (done === true) return undefined
      range = appendLeaf(range, value.leaf)
      const signed = signedTrees.get(range.size)
      if (signed !== undefined && !equalBytes(signed.root, rangeRoot(range))) astray = signed
      return value
    },
    async goTo(size) {
      while (range.size < size && (await walk.next()) !== undefined);
    },
    async close() {
      await source.return?.()
    },
  }
  return walk
}

function missing({ size, announced }: Walk): string {
  return `entry ${size} of ${announced} is missing in one of the files`
}
