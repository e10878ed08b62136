import { type LogId, type LogIdHex, logIdHex } from '../../base/ids.ts'
import type { VerifiedCheckpointEvidence } from '../../chain/checkpoint-evidence.ts'
import { factEffect } from '../../chain/checkpoint-facts.ts'
import { buildTreeGraph } from '../../chain/tree-graph.ts'
import { type TreeHead, treeKey } from '../../chain/tree-head.ts'
import { type Store, UNLIMITED } from '../../store/store.ts'
import { isHeldTree } from './held-tree.ts'

type HeldLogs = Pick<Store, 'log' | 'hashAt'>

/**
 * Whether what is held of a log is of the branch that stands. Where it is not, only what is known to be common to
 * both stands here until the other branch is fetched: the first entry that differs is found with it.
 */
export function createHeldBranches(
  store: HeldLogs,
  checkpoints: (logId: LogId) => readonly VerifiedCheckpointEvidence[],
) {
  /** What was found of a log: it stays true, since logs only grow, but for a rewind, which leaves less than the branch. */
  const found = new Map<LogIdHex, { readonly branch: string; readonly sound: number }>()

  function soundSize(logId: LogId, branch: TreeHead | undefined): number {
    const size = store.log(logId)?.head.size ?? 0
    if (branch === undefined || size < branch.size) {
      found.delete(logIdHex(logId))
      return UNLIMITED
    }
    const known = found.get(logIdHex(logId))
    if (known?.branch === treeKey(branch)) return known.sound
    const sound = isHeldTree(store, logId, branch) ? UNLIMITED : commonSize(logId, branch)
    found.set(logIdHex(logId), { branch: treeKey(branch), sound })
    return sound
  }

  /** The largest tree held here that the branch is shown to continue. */
  function commonSize(logId: LogId, branch: TreeHead): number {
    const graph = buildTreeGraph(checkpoints(logId).map(factEffect))
    const common = graph.trees.filter(
      tree => tree.size < branch.size && graph.onOneBranch(tree, branch) && isHeldTree(store, logId, tree),
    )
    return Math.max(0, ...common.map(({ size }) => size))
  }

  return {
    soundSize,
    isSound: (logId: LogId, branch: TreeHead | undefined): boolean => soundSize(logId, branch) === UNLIMITED,
  }
}
