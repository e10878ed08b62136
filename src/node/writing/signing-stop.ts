import { concat, equalBytes, fromUtf8, readU64be, u64be, utf8 } from '../../base/bytes.ts'
import { StoreError } from '../../base/errors.ts'
import type { LogId } from '../../base/ids.ts'
import type { Logger } from '../../base/ports.ts'
import type { Store } from '../../store/store.ts'
import type { OwnLog } from './own-log.ts'
import type { SigningGuard } from './signing-guard.ts'

export interface SigningStopOptions {
  readonly store: Pick<Store, 'commit' | 'note'>
  readonly guard: Pick<SigningGuard, 'stop' | 'state'>
  readonly ownLog: Pick<OwnLog, 'current'>
  readonly logger: Logger
}

const NOTE = 'signing-stopped'
const LOG_ID_BYTES = 32
const HEAD_BYTES = LOG_ID_BYTES + 16

/**
 * that somebody else signed in the own log is remembered, for by the next start this store holds what was signed
 * there and could not tell any more. It concerns that log alone: the next incarnation may sign.
 */
export function createSigningStop({ store, guard, ownLog, logger }: SigningStopOptions) {
  return {
    /** As `SigningGuard.stop`, and after every start. */
    stop(...[heldHere, heldThere, by]: Parameters<SigningGuard['stop']>): void {
      guard.stop(heldHere, heldThere, by)
      const logId = ownLog.current()?.logId
      if (logId === undefined || guard.state().kind !== 'stopped') return
      const note = concat(logId, u64be(heldHere), u64be(heldThere), utf8(by))
      store.commit({ notes: new Map([[NOTE, note]]) }, { sync: true }).catch(error => {
        logger.error({ err: error }, 'that nothing may be signed could not be written')
      })
    },
    /** What an earlier run has found. */
    async resume(): Promise<void> {
      const note = await store.note(NOTE)
      const logId: LogId | undefined = ownLog.current()?.logId
      if (note === undefined || logId === undefined) return
      if (note.length < HEAD_BYTES) {
        throw new StoreError('store-damaged', `the record of a stop of signing has ${note.length} bytes`)
      }
      if (!equalBytes(note.subarray(0, LOG_ID_BYTES), logId)) return
      const [here, there] = [note.subarray(LOG_ID_BYTES), note.subarray(LOG_ID_BYTES + 8)].map(readU64be)
      guard.stop(here!, there!, fromUtf8(note.subarray(HEAD_BYTES)))
    },
  }
}
