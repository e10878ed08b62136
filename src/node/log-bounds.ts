import { toHex } from '../base/bytes.ts'
import { logIdHex } from '../base/ids.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import { compactRangeAt, rangeRoot } from '../merkle/compact-range.ts'
import type { Store } from '../store/store.ts'
import type { EvidenceBook } from './evidence-book.ts'
import type { BoundView } from './node-service.ts'

/**
 * R-1.8: where each log of a nation can be cut. What a quorum has witnessed cannot be set aside and need not be; where
 * no quorum has, this is what stands here now. In the order of the logs' ids.
 */
export function proposeBounds(nation: string, store: Store, book: Pick<EvidenceBook, 'standingOf'>): BoundView[] {
  const logs = [...store.logs()].filter(({ head }) => head.nation === nation)
  const bounds = logs.map(({ head, standing }): BoundView => {
    const { size, root, basis } = witnessed(head, book) ?? { ...treeAt(store, head, standing.size), basis: 'held' }
    return { logId: logIdHex(head.logId), incarnation: head.incarnation, size, root: toHex(root), basis }
  })
  return bounds.sort((a, b) => (a.logId < b.logId ? -1 : 1))
}

function witnessed(log: LogIdentity, book: Pick<EvidenceBook, 'standingOf'>) {
  const { quorate } = book.standingOf(log)
  return quorate && { ...quorate, basis: 'quorate' as const }
}

function treeAt(store: Store, { logId }: LogIdentity, size: number) {
  return { size, root: rangeRoot(compactRangeAt(store.hashAt(logId), size)) }
}
