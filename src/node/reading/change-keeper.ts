import type { Logger } from '../../base/ports.ts'
import type { Store } from '../../store/store.ts'

const LOOK_MS = 600_000
/** Of changes of ids that changed once more: less is not worth reading the journal for. */
const SUPERSEDED_MIN = 50_000

/** Keeps the journal of changes at most about twice as large as what is held makes it. */
export function startChangeKeeper(
  store: Pick<Store, 'superseded' | 'counts' | 'compactChanges' | 'state'>,
  logger: Logger,
) {
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= look()
      .catch(error => {
        if (!stopping.signal.aborted) logger.error({ err: error }, 'the journal of changes could not be compacted')
      })
      .finally(() => (running = undefined))
  }, LOOK_MS)

  async function look(): Promise<void> {
    const superseded = store.superseded()
    if (store.state !== 'open' || superseded < Math.max(SUPERSEDED_MIN, store.counts().items)) return
    await store.compactChanges(stopping.signal)
    logger.info({ superseded }, 'compacted the journal of changes')
  }

  return {
    async stop(): Promise<void> {
      clearInterval(timer)
      stopping.abort()
      await running
    },
  }
}
