import { toHex } from '../../base/bytes.ts'
import { logIdHex } from '../../base/ids.ts'
import type { LogIdentity } from '../../chain/genesis.ts'
import type { TreeHead } from '../../chain/tree-head.ts'
import { compactRangeAt, rangeRoot } from '../../merkle/compact-range.ts'
import type { Store } from '../../store/store.ts'
import type { EvidenceBook } from './evidence-book.ts'

/** The first `size` entries of a log, and their Merkle root in hex. */
export interface TreeView {
  readonly size: number
  readonly root: string
}

/** Where a log can be cut. */
export interface BoundView extends TreeView {
  readonly logId: string
  /** Hex. */
  readonly signKey: string
  readonly incarnation: number
  readonly closed: boolean
  /** The largest checkpoint that a quorum cosigned, or else what this node holds that stands. */
  readonly basis: 'quorate' | 'held'
  /** What this node holds that stands; where a size was asked for so many entries, whether they stand or not. */
  readonly held: TreeView
}

/**
 * R-1.8: where each log of a nation can be cut. What a quorum has witnessed cannot be set aside and need not be; where
 * no quorum has, this is what stands here now. `size`: the tree of so many entries is told, whether they stand or not. In
 * the order of the logs' ids.
 */
export function proposeBounds(
  nation: string,
  store: Store,
  book: Pick<EvidenceBook, 'standingOf'>,
  size?: number,
): BoundView[] {
  const logs = [...store.logs()].filter(({ head }) => head.nation === nation)
  const bounds = logs.map(({ head, standing }): BoundView => {
    const { logId, signPk, incarnation, closed } = head
    const held = viewOf(treeAt(store, head, Math.min(head.size, size ?? standing.size)))
    const { quorate } = book.standingOf(head)
    const basis = quorate === undefined ? 'held' : 'quorate'
    const proposed = quorate === undefined ? held : viewOf(quorate)
    return { logId: logIdHex(logId), signKey: toHex(signPk), incarnation, closed, basis, held, ...proposed }
  })
  return bounds.sort((a, b) => (a.logId < b.logId ? -1 : 1))
}

function treeAt(store: Store, { logId }: LogIdentity, size: number): TreeHead {
  return { size, root: rangeRoot(compactRangeAt(store.hashAt(logId), size)) }
}

function viewOf({ size, root }: TreeHead): TreeView {
  return { size, root: toHex(root) }
}
