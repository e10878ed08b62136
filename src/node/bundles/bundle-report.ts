import { equalBytes } from '../../base/bytes.ts'
import type { ErrorCode } from '../../base/codes.ts'
import type { LogIdHex } from '../../base/ids.ts'
import type { Store } from '../../store/store.ts'
import type { EvidenceBook } from '../knowledge/evidence-book.ts'
import type { BundleFile } from './bundle-file.ts'
import type { BundleRun } from './bundle-run.ts'

/** What an import did, or would do. Everything in a file is known, added, or told with the reason why not. */
export interface BundleReport {
  /** When the file says that it was made, milliseconds since the epoch, and by whom: nobody signs that. */
  readonly madeMs: number
  readonly exporter: string
  readonly evidence: {
    /** Documents, proofs, checkpoints and receipts in the file. */
    readonly offered: number
    /** Held before, or behind what is held. */
    readonly known: number
    readonly added: number
    /** Documents that wait for what they build on. */
    readonly waiting: number
    readonly refused: readonly Refusal[]
  }
  /** In the order of the file. */
  readonly logs: readonly BundleLogView[]
}

export interface Refusal {
  readonly code: ErrorCode
  readonly reason: string
}

export interface BundleLogView {
  readonly log: string
  readonly nation: string
  /** The entries `from` to `size` − 1 are in the file. */
  readonly from: number
  readonly size: number
  /** How many are held here. */
  readonly before: number
  readonly after: number
  readonly outcome: 'added' | 'known' | 'refused'
  /** Why not all of them are held now; absent otherwise. */
  readonly refusal?: Refusal
}

export interface HeldRun {
  /** Of the log. */
  readonly size: number
  /** The last entry of the file is held, and so all before it. */
  readonly isWhole: boolean
}

/** What became of each log of a file. */
export function reportLogs(
  node: { readonly store: Store; readonly book: EvidenceBook },
  { runs }: BundleFile,
  before: ReadonlyMap<LogIdHex, HeldRun>,
  after: ReadonlyMap<LogIdHex, HeldRun>,
  faults: ReadonlyMap<LogIdHex, Refusal>,
): readonly BundleLogView[] {
  return [...runs].map(([log, run]) => {
    const held = before.get(log)!
    const now = after.get(log)!
    const { from, size } = run.tree
    const refusal = faults.get(log) ?? run.fault ?? (now.isWhole ? undefined : reasonOf(node, run, now.size))
    const nation = node.store.log(run.logId)?.head.nation ?? run.nation
    const outcome = refusal !== undefined ? 'refused' : held.isWhole ? 'known' : 'added'
    return { log, nation, from, size, before: held.size, after: now.size, outcome, ...(refusal && { refusal }) }
  })
}

/** How much of each log of a file is held. */
export function heldRuns({ store }: { readonly store: Store }, { runs }: BundleFile): Map<LogIdHex, HeldRun> {
  return new Map(
    [...runs].map(([log, { logId, tree, leaf }]) => {
      const last = store.leafAt(logId, tree.size - 1)
      return [log, { size: store.log(logId)?.head.size ?? 0, isWhole: last !== undefined && equalBytes(last, leaf) }]
    }),
  )
}

/** Where nothing in the file was wrong. */
function reasonOf(
  { store, book }: { readonly store: Store; readonly book: EvidenceBook },
  { logId, tree }: BundleRun,
  now: number,
): Refusal {
  const head = store.log(logId)?.head
  const limit = head === undefined ? Number.POSITIVE_INFINITY : book.limitOf(head)
  if (limit < tree.size) return { code: 'audit-beyond-limit', reason: `only ${limit} entries of the log stand` }
  if (now < tree.from) {
    return { code: 'bundle-gap', reason: `the file begins at entry ${tree.from}, and ${now} are held here` }
  }
  if (now < tree.size) {
    return { code: 'bundle-gap', reason: 'another branch is held here, and the file begins after it left this one' }
  }
  return { code: 'audit-fork', reason: 'another branch of the log is held here, and nothing says which of them stands' }
}
