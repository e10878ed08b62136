import { equalBytes } from '../../base/bytes.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { KemSecret } from '../../crypto/node-key-file.ts'
import { type ClockEvidence, keysToDestroy } from '../../policy/kem-destruction.ts'
import { createTurns } from '../mechanisms/turns.ts'
import type { EpochKeys } from './epoch-keys.ts'
import { ownKemKey } from './epoch-keys.ts'
import type { Projector } from './project.ts'

export interface KemKeeperOptions {
  /** The secrets as they are kept now; throws where they cannot be read. */
  readonly read: () => Promise<readonly KemSecret[]>
  /** Those that the node was started with. */
  readonly first: readonly KemSecret[]
  /** Destroys them where they are kept, and gives what is left; undefined where nothing is kept. */
  readonly destroy: ((secrets: readonly KemSecret[]) => Promise<readonly KemSecret[]>) | undefined
  /** Version of the nation's document in force. */
  readonly documentVersion: () => number
  readonly clockEvidence: () => ClockEvidence
  readonly epochs: Pick<EpochKeys, 'setKemKeys'>
  readonly projector: Pick<Projector, 'retryWaiting'>
  readonly clock: Clock
  readonly logger: Logger
}

/** A day more or less does not matter, and a peer must have told its time first. */
const SWEEP_MS = 10 * 60_000

/** Takes over KEM secrets that are added or destroyed while the node runs: a document that names them tells of it. */
export function createKemKeeper(options: KemKeeperOptions) {
  const { read, destroy, documentVersion, epochs, projector, clock, logger } = options
  let version = documentVersion()
  const inTurn = createTurns()

  const timer = setInterval(() => {
    sweep().catch(error => logger.error({ err: error }, 'KEM keys that have ended could not be destroyed'))
  }, SWEEP_MS)

  function reload(): Promise<number> {
    return inTurn(async () => {
      const secrets = await read()
      if (epochs.setKemKeys(secrets.map(ownKemKey))) projector.retryWaiting()
      return secrets.length
    })
  }

  /**
   * destroys the keys whose window ended 30 days ago, first where they are kept, then here with all that they
   * opened. Returns how many.
   */
  function sweep(): Promise<number> {
    return inTurn(async () => {
      if (destroy === undefined) return 0
      const due = keysToDestroy(await read(), clock.now(), options.clockEvidence())
      if (due.length === 0) return 0
      const left = await destroy(due)
      epochs.setKemKeys(left.map(ownKemKey))
      for (const { seed } of options.first) if (due.some(each => equalBytes(each.seed, seed))) seed.fill(0)
      for (const { seed } of due) seed.fill(0)
      logger.info({ destroyed: due.length, left: left.length }, 'KEM keys whose time is over are destroyed')
      return due.length
    })
  }

  return {
    /** Returns how many there are. */
    reload,
    evidenceChanged(): void {
      const newest = documentVersion()
      if (newest === version) return
      version = newest
      reload().catch(error => logger.error({ err: error }, 'the KEM keys could not be read again'))
    },
    sweep,
    async stop(): Promise<void> {
      clearInterval(timer)
      await inTurn(async () => {})
    },
  }
}
