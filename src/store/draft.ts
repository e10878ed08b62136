import type { LogId } from '../base/ids.ts'
import { latin1 } from './keys.ts'
import type { LogState } from './log-state.ts'
import type { Counts, Memory, MemoryReads, ViewState } from './memory.ts'
import type { AuditState } from './store.ts'
import { TombstoneDraft } from './tombstones.ts'

/** What a commit is about to make of what was known `before`; published when its batch is on disk. */
export class Draft implements MemoryReads {
  readonly #before: MemoryReads
  readonly #byId = new Map<string, LogState>()
  readonly #byNumber = new Map<number, LogState>()
  readonly tombstones: TombstoneDraft
  #stale = false
  /** Keys that this commit takes away on its own account; what is added after counts as new. */
  readonly removed = new Set<string>()
  readonly counts: Counts
  logCount: number
  nextQueueNumber: number
  nextChange: number
  audit: AuditState
  viewWritten = false

  constructor(before: MemoryReads) {
    this.#before = before
    this.tombstones = new TombstoneDraft(before.tombstones)
    this.counts = { ...before.counts }
    this.logCount = before.logCount
    this.nextQueueNumber = before.nextQueueNumber
    this.nextChange = before.nextChange
    this.audit = before.audit
  }

  get view(): ViewState {
    const { stale, ...view } = this.#before.view
    return { ...view, stale: stale || this.#stale }
  }

  get viewChanged(): boolean {
    return this.view.stale !== this.#before.view.stale
  }

  get countsChanged(): boolean {
    const before = this.#before.counts
    return Object.entries(this.counts).some(([name, count]) => before[name as keyof Counts] !== count)
  }

  get changedLogs(): Iterable<LogState> {
    return this.#byId.values()
  }

  log(logId: LogId): LogState | undefined {
    return this.#byId.get(latin1(logId)) ?? this.#before.log(logId)
  }

  logAt(number: number): LogState | undefined {
    return this.#byNumber.get(number) ?? this.#before.logAt(number)
  }

  setLog(state: LogState): void {
    this.#byId.set(latin1(state.head.logId), state)
    this.#byNumber.set(state.number, state)
    this.logCount = Math.max(this.logCount, state.number + 1)
  }

  markStale(): void {
    this.#stale = true
  }

  publish(memory: Memory): void {
    for (const state of this.#byNumber.values()) memory.setLog(state)
    this.tombstones.publish(memory.tombstones)
    memory.view = this.view
    memory.counts = this.counts
    memory.nextQueueNumber = this.nextQueueNumber
    memory.nextChange = this.nextChange
    memory.audit = this.audit
    if (this.viewWritten) memory.viewVersion++
  }
}
