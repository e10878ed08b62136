import { equalBytes } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import type { LogIdHex } from '../base/ids.ts'
import type { Store } from '../store/store.ts'
import type { BundleFile } from './bundle-file.ts'
import type { BundleRun } from './bundle-run.ts'
import type { EvidenceBook } from './evidence-book.ts'

/** What an import did, or would do. Everything in a file is known, added, or told with the reason why not. */
export interface BundleReport {
  /** When the file says that it was made, milliseconds since the epoch, and by whom: nobody signs that. */
  readonly madeMs: number
  readonly exporter: string
  readonly evidence: {
    /** Documents, proofs, checkpoints and receipts in the file. */
    readonly offered: number
    /** Held before. */
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

/** What became of each log of a file. */
export function reportLogs(
  node: { readonly store: Store; readonly book: EvidenceBook },
  { runs }: BundleFile,
  before: ReadonlyMap<LogIdHex, number>,
  after: ReadonlyMap<LogIdHex, number>,
  faults: ReadonlyMap<LogIdHex, Refusal>,
): readonly BundleLogView[] {
  return [...runs].map(([log, run]) => {
    const held = before.get(log) ?? 0
    const now = after.get(log) ?? 0
    const { from, size } = run.tree
    const refusal = faults.get(log) ?? run.fault ?? reasonOf(node, run, now)
    const nation = node.store.log(run.logId)?.head.nation ?? run.nation
    const outcome = refusal !== undefined ? 'refused' : now > held ? 'added' : 'known'
    return { log, nation, from, size, before: held, after: now, outcome, ...(refusal && { refusal }) }
  })
}

/** Why a log is not held as far as the file goes, where nothing in the file was wrong. */
function reasonOf(
  { store, book }: { readonly store: Store; readonly book: EvidenceBook },
  { logId, tree, leaf }: BundleRun,
  now: number,
): Refusal | undefined {
  const last = store.leafAt(logId, tree.size - 1)
  if (now >= tree.size && (last === undefined || equalBytes(last, leaf))) return undefined
  const head = store.log(logId)?.head
  const limit = head === undefined ? Number.POSITIVE_INFINITY : book.limitOf(head)
  if (limit < tree.size) return { code: 'audit-beyond-limit', reason: `only ${limit} entries of the log stand` }
  if (now >= tree.size) return { code: 'audit-fork', reason: 'what is held here is another branch of the log' }
  if (tree.from > now) {
    return { code: 'bundle-gap', reason: `the file begins at entry ${tree.from}, and ${now} are held here` }
  }
  return { code: 'bundle-gap', reason: `what is held here is another branch, which the file alone cannot replace` }
}
