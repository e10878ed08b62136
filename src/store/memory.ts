import { EMPTY } from '../base/bytes.ts'
import type { LogId } from '../base/ids.ts'
import { NO_RECORD } from '../policy/audit-record.ts'
import type { ItemRef } from '../wire/gen/store.ts'
import { damaged } from './failures.ts'
import { type Generation, latin1 } from './keys.ts'
import type { LogState } from './log-state.ts'
import type { AuditState } from './store.ts'
import { isErased, type Tombstones, TombstoneTable } from './tombstones.ts'

/** What is known without asking the disk. */
export interface MemoryReads {
  log(logId: LogId): LogState | undefined
  logAt(number: number): LogState | undefined
  readonly logCount: number
  readonly tombstones: Tombstones
  readonly counts: Readonly<Counts>
  readonly view: ViewState
  readonly nextQueueNumber: number
  readonly nextChange: number
  readonly audit: AuditState
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
  /** Changes in the journal of ids that changed once more. */
  superseded: number
}

const NO_COUNTS: Readonly<Counts> = {
  waiting: 0,
  queued: 0,
  outbox: 0,
  documents: 0,
  evidence: 0,
  items: 0,
  indicators: 0,
  claims: 0,
  shown: 0,
  superseded: 0,
}

const NO_AUDIT: AuditState = { first: 0, next: 0, hash: NO_RECORD, bytes: 0 }

export interface ViewState {
  readonly generation: Generation
  readonly stale: boolean
  /** Hash of the acceptance that it was computed by. */
  readonly acceptance: Uint8Array
}

/** Of a new store. */
export const NO_VIEW: ViewState = { generation: 0, stale: false, acceptance: EMPTY }

/** A copy of records on disk, changed only after the write that says so. As large as there are logs and tombstones. */
export class Memory implements MemoryReads {
  readonly #byId = new Map<string, LogState>()
  readonly #byNumber: LogState[] = []
  readonly tombstones = new TombstoneTable()
  counts: Readonly<Counts> = NO_COUNTS
  view: ViewState = NO_VIEW
  nextQueueNumber = 0
  /** The least number that the next change of what shows may have. */
  nextChange = 1
  audit: AuditState = NO_AUDIT
  /** Rises with every change of the view. */
  viewVersion = 0

  get logCount(): number {
    return this.#byNumber.length
  }

  logs(): readonly LogState[] {
    return this.#byNumber
  }

  log(logId: LogId): LogState | undefined {
    return this.#byId.get(latin1(logId))
  }

  logAt(number: number): LogState | undefined {
    return this.#byNumber[number]
  }

  setLog(state: LogState): void {
    this.#byId.set(latin1(state.head.logId), state)
    this.#byNumber[state.number] = state
  }
}

/**
 * Whether the entry named stands: below the limit, not erased by one of `tombstones`, and on the branch that is the log
 * now.
 */
export function refStands(ref: ItemRef, memory: MemoryReads, tombstones = memory.tombstones): boolean {
  return refHolds(ref, memory) && !isErased(tombstones, logOf(ref, memory).head, ref.seq, memory)
}

/** The same, erased or not: what a withdrawal says holds for ever. */
export function refHolds(ref: ItemRef, memory: MemoryReads): boolean {
  const state = logOf(ref, memory)
  return ref.seq < state.limit && isOnBranch(ref, state)
}

function logOf({ log }: ItemRef, memory: MemoryReads): LogState {
  const state = memory.logAt(log)
  if (state === undefined) throw damaged(`an item names log number ${log}, which is not held`)
  return state
}

/** Whether the entry named is one of the branch that is the log now. */
export function isOnBranch({ branch, seq }: ItemRef, { forks }: LogState): boolean {
  return forks.slice(branch).every(fork => seq < fork)
}
