import { EMPTY } from '../base/bytes.ts'
import type { UserError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { Store, StoreBatch } from '../store/store.ts'
import type { Publisher } from './publish.ts'
import type { SigningGuard } from './signing-guard.ts'
import { createWorkerLoop } from './worker-loop.ts'

/**
 * A store that was restored or repaired lacks what was signed since, so that nothing more is signed in its log: the next
 * incarnation goes on, once enough nations have told how far the own logs go, and which is the newest.
 */

const NOTE = 'renewal'

/** What is written into such a store before it is put to use. */
export const TO_BE_RENEWED: StoreBatch = { notes: new Map([[NOTE, Uint8Array.of(1)]]) }

/** Goes with what reserves the GENESIS of the new log, so that a crash opens it once. */
export const RENEWED: StoreBatch = { notes: new Map([[NOTE, EMPTY]]) }

export async function awaitsRenewal(store: Pick<Store, 'note'>): Promise<boolean> {
  return (await store.note(NOTE)) !== undefined
}

export interface RenewalOptions {
  readonly guard: Pick<SigningGuard, 'renewal'>
  readonly publisher: Pick<Publisher, 'incarnate'>
  /** Why this node may not publish; undefined where it may. */
  hindrance(): UserError | undefined
  readonly logger: Logger
}

export function createRenewal({ guard, publisher, hindrance, logger }: RenewalOptions) {
  const loop = createWorkerLoop(renew, error => logger.error({ err: error }, 'the new log could not be opened yet'))

  async function renew(): Promise<void> {
    if (guard.renewal() !== 'ready' || hindrance() !== undefined) return
    const { incarnation } = await publisher.incarnate(false)
    logger.info({ incarnation }, 'a new log goes on where the restored one ends')
  }

  return {
    wake(): void {
      if (guard.renewal() !== 'none') loop.wake()
    },
    stop: loop.stop,
  }
}
