import { equalBytes } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { Pin } from '../../registry/registry-state.ts'
import type { Trust } from '../../registry/trust-string.ts'
import type { Store } from '../../store/store.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import type { EvidenceBook } from './evidence-book.ts'
import {
  agedPins,
  decodeInForce,
  encodeInForce,
  type InForceRecord,
  NO_RECORD,
  observeInForce,
} from './in-force-record.ts'

export interface PinKeeperOptions {
  readonly book: Pick<EvidenceBook, 'allianceId' | 'documentSet' | 'directory' | 'repin' | 'onChange'>
  readonly store: Pick<Store, 'commit' | 'state'>
  /** The operator's, as of the start. */
  readonly operator: readonly Pin[]
  readonly record: InForceRecord
  readonly clock: Clock
  readonly logger: Logger
}

const NOTE = 'in-force'
const INTERVAL_MS = 3_600_000

/** What was recorded until the last run ended. */
export async function readInForce(store: Pick<Store, 'note'>): Promise<InForceRecord> {
  const bytes = await store.note(NOTE)
  return bytes === undefined ? NO_RECORD : decodeInForce(bytes)
}

/** Keeps the pins under which the registry in force is chosen: the operator's, and those that come with age. */
export function startPinKeeper({ book, store, clock, logger, ...options }: PinKeeperOptions) {
  let { operator, record } = options
  let lookedMs = clock.now()
  const loop = createWorkerLoop(look, error => logger.error({ err: error }, 'the pins could not be kept'))
  const timer = setInterval(loop.wake, INTERVAL_MS)

  async function look(): Promise<void> {
    const nowMs = clock.now()
    const before = agedPins(record)
    record = observeInForce(record, book.directory(), nowMs - lookedMs)
    lookedMs = nowMs
    if (store.state === 'open') await store.commit({ notes: new Map([[NOTE, encodeInForce(record)]]) })
    const [aged] = agedPins(record)
    if (aged === undefined || aged.hash === before[0]?.hash) return
    logger.info({ version: aged.version }, 'a registry version was in force here for 30 days and is a pin from now on')
    await book.repin([...operator, aged])
  }

  /** Throws UserError `registry-fingerprint-mismatch` or `pin-unknown` where no such document is here. */
  function assertHeld({ allianceId, version, hash }: Trust): void {
    if (!equalBytes(allianceId, book.allianceId)) {
      throw new UserError('registry-fingerprint-mismatch', 'the trust string is of another alliance')
    }
    if (book.documentSet().registries.get(hash)?.doc.version === version) return
    throw new UserError('pin-unknown', `registry version ${version} of this trust string is not here`, {
      fix: 'Apply the file that holds it, then try again.',
    })
  }

  let tip = ''
  book.onChange(() => {
    const { hash } = book.directory().registry
    if (hash !== tip) loop.wake()
    tip = hash
  })
  loop.wake()
  return {
    assertHeld,
    /** The operator's pin from now on. */
    async pinTo({ version, hash }: Trust): Promise<void> {
      operator = [{ version, hash, from: 'operator' }]
      await book.repin([...operator, ...agedPins(record)])
    },
    /** How long this node ran in all, as of the last look: a clock that was set changes it little. */
    ranMs: () => record.ranMs,
    /** Looks at the clock and at what is in force now. */
    async look(): Promise<void> {
      loop.wake()
      await loop.settled()
    },
    async stop(): Promise<void> {
      clearInterval(timer)
      loop.wake()
      await loop.settled()
    },
  }
}
