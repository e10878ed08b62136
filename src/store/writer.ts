import { StoreError } from '../base/errors.ts'
import { planCommit } from './commit.ts'
import type { StoreContext } from './context.ts'
import { rebuildView } from './rebuild.ts'
import {
  COMMITS_WAITING_MAX,
  type CommitOptions,
  type CommitResult,
  type StoreBatch,
  type StoreState,
} from './store.ts'

/** The one writer of a store: takes its calls in order, and stops at the first write whose outcome is not certain. */
export class Writer {
  readonly #context: StoreContext
  readonly #reopen: () => Promise<StoreContext>
  #state: StoreState = 'open'
  /** Settles with the last call so far: the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(context: StoreContext, reopen: () => Promise<StoreContext>) {
    this.#context = context
    this.#reopen = reopen
  }

  get state(): StoreState {
    return this.#state
  }

  commit(batch: StoreBatch, { sync = false }: CommitOptions = {}): Promise<CommitResult> {
    return this.#inTurn(async () => {
      this.#assertWritable()
      const { writes, draft, result } = await planCommit(batch, this.#context)
      if (writes.length > 0) await this.#writing(() => this.#context.db.write(writes, sync))
      draft.publish()
      return result
    })
  }

  rebuildView(signal?: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      this.#assertWritable()
      await this.#writing(() => rebuildView(this.#context, signal))
    })
  }

  /** LevelDB may have left half a record at the end of its log: it reads that anew before it writes again. */
  recover(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state === 'closed') throw closed()
      this.#state = 'failed'
      await this.#context.db.close()
      this.#context.memory = (await this.#reopen()).memory
      this.#state = 'open'
    })
  }

  async close(): Promise<void> {
    await this.#last
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

  /** After a failed write it is not known what the disk holds; what is in memory is what was acknowledged. */
  async #writing(write: () => Promise<void>): Promise<void> {
    try {
      await write()
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
      {
        fix: 'Free space or repair the disk; the daemon reopens the store by itself.',
      },
    )
  }
}

function closed(): StoreError {
  return new StoreError('store-closed', 'the store is closed')
}
