import type { Logger } from '../base/ports.ts'
import type { KemSecret } from '../crypto/node-key-file.ts'
import type { EpochKeys } from './epoch-keys.ts'
import { ownKemKey } from './epoch-keys.ts'
import type { Projector } from './project.ts'
import { createTurns } from './turns.ts'

export interface KemKeeperOptions {
  /** The secrets as they are kept now; throws where they cannot be read. */
  readonly read: () => Promise<readonly KemSecret[]>
  /** Version of the nation's document in force. */
  readonly documentVersion: () => number
  readonly epochs: Pick<EpochKeys, 'setKemKeys'>
  readonly projector: Pick<Projector, 'retryWaiting'>
  readonly logger: Logger
}

/** Takes over KEM secrets that are added or destroyed while the node runs: a document that names them tells of it. */
export function createKemKeeper({ read, documentVersion, epochs, projector, logger }: KemKeeperOptions) {
  let version = documentVersion()
  const inTurn = createTurns()

  function reload(): Promise<number> {
    return inTurn(async () => {
      const secrets = await read()
      if (epochs.setKemKeys(secrets.map(ownKemKey))) projector.retryWaiting()
      return secrets.length
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
  }
}
