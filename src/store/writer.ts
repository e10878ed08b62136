import { StoreError } from '../base/errors.ts'
import { Ahead, InFlight } from './ahead.ts'
import { COMMITS_WAITING_MAX } from './caps.ts'
import { type Plan, planCommit } from './commit.ts'
import { compactSome } from './compact-changes.ts'
import { type StoreContext, tellChanged } from './context.ts'
import type { Reads, Writes } from './database.ts'
import type { Draft } from './draft.ts'
import { SPACE, viewPrefix } from './keys.ts'
import type { MemoryReads } from './memory.ts'
import { rebuildView } from './rebuild.ts'
import type { Acceptance } from './sight.ts'
import type { CommitOptions, CommitResult, EntryPosition, StoreBatch, StoreState } from './store.ts'
import type { StoredTombstone } from './tombstone.ts'

export interface Reopening {
  /** Throws where reopening is bound to fail: until then reads are answered as before. */
  mayReopen(): Promise<void>
  reopen(): Promise<Pick<StoreContext, 'memory'>>
}

/**
 * The one writer of a store: takes its calls in order, and stops at the first write whose outcome is not certain. While
 * one batch is being written the next is worked out on what that batch is going to leave.
 */
export class Writer {
  readonly #context: StoreContext
  readonly #reopening: Reopening
  #state: StoreState = 'open'
  /** Settles with the turn of the last call so far: the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #inFlight: InFlight | undefined

  constructor(context: StoreContext, reopening: Reopening) {
    this.#context = context
    this.#reopening = reopening
  }

  get state(): StoreState {
    return this.#state
  }

  async commit(batch: StoreBatch, { sync = false }: CommitOptions = {}): Promise<CommitResult> {
    return (await this.#commit(batch, sync)).result
  }

  /** LevelDB drops the older of two values of a key where it merges tables: both must have come into one. */
  async purge(purge: readonly EntryPosition[], tombstones: readonly StoredTombstone[]): Promise<void> {
    const { db } = this.#context
    await db.flush()
    const { writes } = await this.#commit({ purge, tombstones }, true)
    const spaces = Map.groupBy(writes, ([[space = 0]]) => space)
    for (const [space, ofSpace] of spaces) if (space < SPACE.view) await db.compact(ofSpace.map(([key]) => key))
    // Keys of the view hold values, and LevelDB notes in clear which keys it is asked for: it is asked for all.
    for (const generation of [0, 1] as const) await db.compact([viewPrefix(generation)])
  }

  async #commit(batch: StoreBatch, sync: boolean): Promise<Plan> {
    const { plan, done } = await this.#inTurn(async () => {
      this.#assertWritable()
      const plan = await planCommit(batch, this.#context, ...this.#ahead())
      const { writes, draft } = plan
      await this.#landed()
      this.#assertWritable()
      if (writes.length === 0) return { plan, done: Promise.resolve() }
      const inFlight = new InFlight(draft, writes, this.#write(draft, writes, sync))
      this.#inFlight = inFlight
      return { plan, done: inFlight.done }
    })
    await done
    return plan
  }

  rebuildView(signal?: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      await this.#landed()
      this.#assertWritable()
      await this.#failing(rebuildView(this.#context, signal))
    })
  }

  /** A chunk a turn: others write in between. */
  async compactChanges(signal?: AbortSignal): Promise<void> {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const start: number = from
      signal?.throwIfAborted()
      from = await this.#inTurn(async () => {
        await this.#landed()
        this.#assertWritable()
        return this.#failing(compactSome(this.#context, start))
      })
    }
  }

  setAcceptance(acceptance: Acceptance): Promise<void> {
    return this.#inTurn(async () => {
      this.#context.acceptance = acceptance
    })
  }

  /** LevelDB may have left half a record at the end of its log: it reads that anew before it writes again. */
  recover(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#landed()
      if (this.#state === 'closed') throw closed()
      await this.#reopening.mayReopen()
      this.#state = 'failed'
      await this.#context.db.close()
      this.#context.memory = (await this.#reopening.reopen()).memory
      this.#inFlight = undefined
      this.#state = 'open'
    })
  }

  async close(): Promise<void> {
    await this.#last
    await this.#landed()
    if (this.#state === 'closed') return
    this.#state = 'closed'
    await this.#context.db.close()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= COMMITS_WAITING_MAX) {
      return Promise.reject(new StoreError('store-busy', `${COMMITS_WAITING_MAX} writes are waiting already`))
    }
    this.#waiting++
    const result = this.#last.then(work).finally(() => this.#waiting--)
    this.#last = result.catch(() => undefined)
    return result
  }

  #ahead(): [reads: Reads, before: MemoryReads] {
    const { db, memory } = this.#context
    return this.#inFlight === undefined ? [db, memory] : [new Ahead(db, this.#inFlight), this.#inFlight.draft]
  }

  /** Resolves when no write is on its way, whatever became of it. */
  async #landed(): Promise<void> {
    await this.#inFlight?.landed
  }

  async #write(draft: Draft, writes: Writes, sync: boolean): Promise<void> {
    await this.#failing(this.#context.db.write(writes, sync))
    const { memory } = this.#context
    const isChange = draft.nextChange !== memory.nextChange
    draft.publish(memory)
    this.#inFlight = undefined
    if (isChange) tellChanged(this.#context)
  }

  /** After a failed write it is not known what the disk holds; what is in memory is what was acknowledged. */
  async #failing<T>(write: Promise<T>): Promise<T> {
    try {
      return await write
    } catch (error) {
      if (error instanceof StoreError) this.#state = 'failed'
      throw error
    }
  }

  #assertWritable(): void {
    if (this.#state === 'closed') throw closed()
    if (this.#state === 'open') return
    throw new StoreError(
      'store-failed',
      'an earlier write failed, and nothing is written until the store is recovered',
      { fix: 'Free space or repair the disk; the daemon reopens the store by itself.' },
    )
  }
}

function closed(): StoreError {
  return new StoreError('store-closed', 'the store is closed')
}
