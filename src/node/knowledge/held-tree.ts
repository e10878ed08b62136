import type { LogId } from '../../base/ids.ts'
import { sameTree, type TreeHead } from '../../chain/tree-head.ts'
import { compactRangeAt, rangeRoot } from '../../merkle/compact-range.ts'
import type { Store } from '../../store/store.ts'

/** Whether the first `size` entries held of a log, which must be there, are this tree. */
export function isHeldTree(store: Pick<Store, 'hashAt'>, logId: LogId, tree: TreeHead): boolean {
  return sameTree(tree, { size: tree.size, root: rangeRoot(compactRangeAt(store.hashAt(logId), tree.size)) })
}
