import { readU64be, u64be } from '../../base/bytes.ts'
import { type LogId, type LogIdHex, logIdHex } from '../../base/ids.ts'
import type { Store } from '../../store/store.ts'

/** Up to where bodies of each log were pruned here. */
export interface Pruned {
  to(logId: LogId): number
  /** For the commit that prunes up to `seq`. */
  notes(logId: LogId, seq: number): ReadonlyMap<string, Uint8Array>
  reached(logId: LogId, seq: number): void
}

export async function openPruned(store: Pick<Store, 'logs' | 'note'>): Promise<Pruned> {
  const reached = new Map<LogIdHex, number>()
  for (const { head } of [...store.logs()]) {
    const note = await store.note(noteName(head.logId))
    if (note !== undefined) reached.set(logIdHex(head.logId), readU64be(note))
  }
  return {
    to: logId => reached.get(logIdHex(logId)) ?? 0,
    notes: (logId, seq) => new Map([[noteName(logId), u64be(seq)]]),
    reached: (logId, seq) => void reached.set(logIdHex(logId), seq),
  }
}

function noteName(logId: LogId): string {
  return `pruned ${logIdHex(logId)}`
}
