import type { LogId } from '../base/ids.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { verifyEd25519Async } from '../crypto/ed25519-native.ts'
import type { ContentAlerts } from './content-alerts.ts'
import type { Committed } from './entry-writer.ts'
import { adoptCheckpoint } from './held-checkpoint.ts'
import { createIngest, type Ingest } from './ingest.ts'
import type { Knowledge } from './knowledge.ts'
import { createLogWatch, type LogWatchOptions } from './log-watch.ts'
import type { CommonOptions } from './node-options.ts'

export interface IntakeInputs {
  readonly knowledge: Knowledge
  readonly alerts: Pick<ContentAlerts, 'judge'>
  /** The log that this node signs, if it signs any. */
  readonly own: Pick<LogWatchOptions, 'ownLog' | 'guard'>
  readonly events: {
    committed(entries: readonly Committed[]): void
    gap(logId: LogId, seq: number): void
    /** Somebody signed two things: who is on the other branch may show an earlier difference. */
    proved(): void
  }
}

/** Entries in: verified by what is known of the alliance, committed, and watched for contradictions. */
export function composeIntake(options: CommonOptions, inputs: IntakeInputs, parts: AsyncDisposableStack): Ingest {
  const { allianceId, store, logger } = options
  const { knowledge, alerts, own, events } = inputs
  const { book } = knowledge
  const logWatch = createLogWatch({ ...own, store, book, proved: events.proved, logger })

  /** For what events set off: nobody waits for it. */
  function inBackground(work: Promise<void>): void {
    work.catch(error => logger.error({ err: error }, 'work in the background failed'))
  }

  const ingest = createIngest({
    store,
    verify: verifyEd25519Async,
    verifySync: verifyEd25519,
    logger,
    authority: {
      allianceId,
      keyStands: (nation, signPk) => book.directory().mayOpenLog(nation, signPk),
      limitOf: log => book.limitOf(log),
      treeOf: (note, log) => adoptCheckpoint(book, store, note, log),
    },
    events: {
      committed(entries) {
        events.committed(entries)
        alerts.judge(entries, book.directory())
        inBackground(logWatch.committed(entries))
      },
      gap: events.gap,
      conflict: (...conflict) => inBackground(logWatch.conflict(...conflict)),
    },
  })
  parts.defer(() => ingest.stop())
  return ingest
}
