import type { LogId } from '../base/ids.ts'
import { damaged } from './failures.ts'
import { type Generation, latin1 } from './keys.ts'
import type { LogState } from './log-state.ts'

/** What is held in memory of the store: a copy of records on disk, replaced only after a write succeeded. */
export interface Memory {
  readonly logs: Map<string, LogState>
  /** By log number. */
  readonly numbered: LogState[]
  /** Seqs by log number; as many as there are TOMBSTONE entries. */
  readonly tombstones: Map<number, Set<number>>
  counts: Counts
  view: ViewState
  nextQueueNumber: number
  /** Rises with every change of the view. */
  viewVersion: number
}

export interface Counts {
  waiting: number
  queued: number
  outbox: number
  documents: number
  evidence: number
  items: number
  indicators: number
  claims: number
  shown: number
}

export interface ViewState {
  readonly generation: Generation
  readonly stale: boolean
}

export const NO_COUNTS: Readonly<Counts> = {
  waiting: 0,
  queued: 0,
  outbox: 0,
  documents: 0,
  evidence: 0,
  items: 0,
  indicators: 0,
  claims: 0,
  shown: 0,
}

/** What a commit is about to make of the memory: read through, published when the batch is on disk. */
export class Draft {
  readonly #memory: Memory
  readonly #logs = new Map<string, LogState>()
  readonly #numbered = new Map<number, LogState>()
  readonly #tombstones = new Map<number, Set<number>>()
  #stale = false
  #nextLogNumber: number
  /** Keys that this commit takes away on its own account; what is added after counts as new. */
  readonly removed = new Set<string>()
  readonly counts: Counts
  nextQueueNumber: number
  viewWritten = false

  constructor(memory: Memory) {
    this.#memory = memory
    this.#nextLogNumber = memory.numbered.length
    this.counts = { ...memory.counts }
    this.nextQueueNumber = memory.nextQueueNumber
  }

  get view(): ViewState {
    const { generation, stale } = this.#memory.view
    return { generation, stale: stale || this.#stale }
  }

  get viewChanged(): boolean {
    return this.view.stale !== this.#memory.view.stale
  }

  get countsChanged(): boolean {
    const before = this.#memory.counts
    return Object.entries(this.counts).some(([name, count]) => before[name as keyof Counts] !== count)
  }

  get changedLogs(): Iterable<LogState> {
    return this.#logs.values()
  }

  log(logId: LogId): LogState | undefined {
    const key = latin1(logId)
    return this.#logs.get(key) ?? this.#memory.logs.get(key)
  }

  numbered(number: number): LogState {
    const state = this.#numbered.get(number) ?? this.#memory.numbered[number]
    if (state === undefined) throw damaged(`a record names log number ${number}, which is not held`)
    return state
  }

  newLogNumber(): number {
    return this.#nextLogNumber++
  }

  set(state: LogState): void {
    this.#logs.set(latin1(state.head.logId), state)
    this.#numbered.set(state.number, state)
  }

  tombstoned(number: number): ReadonlySet<number> | undefined {
    return this.#tombstones.get(number) ?? this.#memory.tombstones.get(number)
  }

  tombstone(number: number, seq: number): void {
    const seqs = this.#tombstones.get(number) ?? new Set(this.#memory.tombstones.get(number))
    this.#tombstones.set(number, seqs.add(seq))
  }

  markStale(): void {
    this.#stale = true
  }

  publish(): void {
    const memory = this.#memory
    for (const [key, state] of this.#logs) {
      memory.logs.set(key, state)
      memory.numbered[state.number] = state
    }
    for (const [number, seqs] of this.#tombstones) memory.tombstones.set(number, seqs)
    memory.view = this.view
    memory.counts = this.counts
    memory.nextQueueNumber = this.nextQueueNumber
    if (this.viewWritten) memory.viewVersion++
  }
}
