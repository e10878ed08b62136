import type { LogHead } from '../../chain/log-head.ts'
import { witnessRegistryOf } from '../../chain/quorum.ts'
import { lagsOf, type WitnessLag } from '../../chain/receipts.ts'
import type { EdgeNode } from '../edge.ts'
import type { LaggingWitness } from '../knowledge/log-status.ts'

type Sources = Pick<EdgeNode, 'store' | 'book' | 'clock'>

/** Several times what a checkpoint and its cosignatures take by default. */
const GRACE_MS = 15 * 60_000

/** Who has not given the receipts that it could have given by now: it is away, or does not hold the logs. */
export function laggingWitnesses({ store, book, clock }: Sources): readonly LaggingWitness[] {
  const registry = witnessRegistryOf(book.directory())
  const nowMs = clock.now()
  const found = new Map<string, LaggingWitness>()
  for (const { head } of store.logs()) {
    const size = dueSize(book, head, nowMs)
    const lags = size === 0 ? [] : lagsOf(book.checkpoints(head.logId), head.nation, size, registry)
    for (const lag of lags.filter(each => each.timeSeconds * 1000 < nowMs - GRACE_MS)) {
      found.set(lag.nation, withLag(found.get(lag.nation), lag, size))
    }
  }
  return [...found.values()].sort((a, b) => (a.nation < b.nation ? -1 : 1))
}

/** What everybody could have cosigned by now: all of a log that rests, and what somebody did long ago of one that grows. */
function dueSize(book: Sources['book'], head: LogHead, nowMs: number): number {
  const isOld = (timeMs: number) => timeMs < nowMs - GRACE_MS
  const due = book
    .checkpoints(head.logId)
    .filter(
      ({ cosignatures }) => isOld(head.timeMs) || cosignatures.some(({ timeSeconds }) => isOld(timeSeconds * 1000)),
    )
  return Math.min(book.limitOf(head), Math.max(0, ...due.map(({ checkpoint }) => checkpoint.size)))
}

function withLag(
  before: LaggingWitness | undefined,
  { nation, size, timeSeconds }: WitnessLag,
  due: number,
): LaggingWitness {
  const { logs = 0, behind = 0, sinceMs = 0 } = before ?? {}
  return {
    nation,
    logs: logs + 1,
    behind: Math.max(behind, due - size),
    sinceMs: Math.max(sinceMs, timeSeconds * 1000),
  }
}
