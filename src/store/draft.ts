import type { LogId } from '../base/ids.ts'
import { latin1 } from './keys.ts'
import type { LogState } from './log-state.ts'
import type { Counts, Memory, MemoryReads, ViewState } from './memory.ts'
import type { AuditState } from './store.ts'

/** What a commit is about to make of what was known `before`; published when its batch is on disk. */
export class Draft implements MemoryReads {
  readonly #before: MemoryReads
  readonly #byId = new Map<string, LogState>()
  readonly #byNumber = new Map<number, LogState>()
  readonly #tombstones = new Map<number, Set<number>>()
  #stale = false
  /** Keys that this commit takes away on its own account; what is added after counts as new. */
  readonly removed = new Set<string>()
  readonly counts: Counts
  logCount: number
  nextQueueNumber: number
  audit: AuditState
  viewWritten = false

  constructor(before: MemoryReads) {
    this.#before = before
    this.counts = { ...before.counts }
    this.logCount = before.logCount
    this.nextQueueNumber = before.nextQueueNumber
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

  tombstoned(number: number): ReadonlySet<number> | undefined {
    return this.#tombstones.get(number) ?? this.#before.tombstoned(number)
  }

  tombstone(number: number, seq: number): void {
    const seqs = this.#tombstones.get(number) ?? new Set(this.#before.tombstoned(number))
    this.#tombstones.set(number, seqs.add(seq))
  }

  markStale(): void {
    this.#stale = true
  }

  publish(memory: Memory): void {
    for (const state of this.#byNumber.values()) memory.setLog(state)
    for (const [number, seqs] of this.#tombstones) memory.setTombstoned(number, seqs)
    memory.view = this.view
    memory.counts = this.counts
    memory.nextQueueNumber = this.nextQueueNumber
    memory.audit = this.audit
    if (this.viewWritten) memory.viewVersion++
  }
}
