import type { UserError } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import type { Publisher } from './publish.ts'
import type { SigningGuard } from './signing-guard.ts'

export interface RenewalOptions {
  readonly guard: Pick<SigningGuard, 'renewal'>
  readonly publisher: Pick<Publisher, 'incarnate'>
  /** Why this node may not publish; undefined where it may. */
  hindrance(): UserError | undefined
  readonly logger: Logger
}

/** Opens the new log that `renewal-note.ts` asks for. */
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
