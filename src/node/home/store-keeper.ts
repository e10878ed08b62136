import { TocsinError } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import type { Store } from '../../store/store.ts'

export interface StoreKeeperOptions {
  readonly store: Pick<Store, 'state' | 'recover' | 'commit'>
  /** The store takes writes again. */
  recovered(): void
  readonly logger: Logger
  readonly firstTryMs?: number
}

export interface StoreKeeper {
  /** Lets an attempt under way end and makes no other. */
  stop(): Promise<void>
}

const FIRST_TRY_MS = 1_000
const LONGEST_WAIT_MS = 60_000
/** Written to see whether the disk takes anything; big enough to need room. */
const TRIAL = { name: 'trial', bytes: 64 * 1024 }

/** Brings a store back after a failed write: a full disk, a mount that went away. Nobody has to restart the node. */
export function startStoreKeeper(options: StoreKeeperOptions): StoreKeeper {
  const { store, logger, firstTryMs = FIRST_TRY_MS } = options
  let failures = 0
  let attempt: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  function schedule(): void {
    if (stopped) return
    const delayMs = Math.min(LONGEST_WAIT_MS, firstTryMs * 2 ** failures)
    timer = setTimeout(() => {
      attempt = look().finally(schedule)
    }, delayMs)
  }

  async function look(): Promise<void> {
    if (store.state !== 'failed') return
    try {
      await store.recover()
      await write(new Uint8Array(TRIAL.bytes).fill(1))
      await write(new Uint8Array(0))
    } catch (error) {
      failures++
      const code = error instanceof TocsinError ? error.code : 'internal'
      logger.warn({ code, failures }, 'the store takes no writes yet')
      return
    }
    failures = 0
    logger.info({}, 'the store takes writes again')
    options.recovered()
  }

  function write(trial: Uint8Array): Promise<unknown> {
    return store.commit({ notes: new Map([[TRIAL.name, trial]]) }, { sync: true })
  }

  schedule()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await attempt
    },
  }
}
