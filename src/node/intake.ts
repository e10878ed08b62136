import type { LogId } from '../base/ids.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import { sameTree } from '../chain/tree-head.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { verifyEd25519Async } from '../crypto/ed25519-native.ts'
import { DAY_MS } from '../registry/doc-fields.ts'
import type { EvidenceItem } from '../wire/gen/tocsin.ts'
import { createAuthorPace } from './intake/author-pace.ts'
import { type BodyBook, type BodyBookOptions, openBodyBook } from './intake/body-book.ts'
import type { ContentAlerts } from './intake/content-alerts.ts'
import type { Committed } from './intake/entry-writer.ts'
import { createForkWatch, type ForkWatch } from './intake/fork-watch.ts'
import { createIngest, type Ingest } from './intake/ingest.ts'
import { openPruned, type Pruned } from './intake/pruned.ts'
import { adoptCheckpoint } from './knowledge/held-checkpoint.ts'
import type { Knowledge } from './knowledge.ts'
import type { CommonOptions } from './node-options.ts'
import { openQuotas, type Quotas } from './rules/quotas.ts'
import { createLogWatch, type LogWatchOptions } from './writing/log-watch.ts'

export interface IntakeInputs {
  readonly knowledge: Knowledge
  readonly alerts: Pick<ContentAlerts, 'judge'>
  /** The log that this node signs, if it signs any. */
  readonly own: Pick<LogWatchOptions, 'ownLog' | 'guard'>
  /** What opens entries here, with all that came of them before; undefined where nothing does. */
  readonly opening: BodyBookOptions['opening']
  readonly events: {
    committed(entries: readonly Committed[]): void
    gap(logId: LogId, seq: number): void
    /** What a log holds from some entry on is taken away by `commit`: nothing of it may be in the works meanwhile. */
    rewinding(logId: LogId, commit: () => Promise<void>): Promise<void>
    /** A proof that is news to all. */
    proved(proofs: readonly EvidenceItem[]): Promise<void>
    /** Somebody signed two things: whoever holds the other branch has to be asked. */
    contested(): void
  }
}

export interface Intake {
  readonly ingest: Ingest
  readonly forks: ForkWatch
  readonly bodies: BodyBook
  readonly quotas: Quotas
  readonly pruned: Pruned
}

/** Entries in: verified by what is known of the alliance, committed, and watched for contradictions. */
export async function composeIntake(
  options: CommonOptions,
  inputs: IntakeInputs,
  parts: AsyncDisposableStack,
): Promise<Intake> {
  const { allianceId, store, clock, logger } = options
  const { knowledge, alerts, own, events } = inputs
  const { book } = knowledge
  const forks = createForkWatch({ store, book, spread: events.proved, ask: events.contested, clock, logger })
  parts.defer(() => forks.stop())
  const logWatch = createLogWatch({ ...own, store, forks, logger })

  const quotas = await openQuotas({ store, book, nation: knowledge.nation, clock, logger })
  parts.defer(() => quotas.stop())
  const pruned = await openPruned(store)
  const bodies = await openBodyBook({
    store,
    keptSinceMs: () => clock.now() - book.directory().policy.bodyRetentionDays * DAY_MS,
    idle: () => !ingest.isWriting(),
    prunedTo: pruned.to,
    opening: inputs.opening,
    logger,
  })
  parts.defer(() => bodies.stop())

  /** For what events set off: nobody waits for it. */
  function inBackground(work: Promise<void>): void {
    work.catch(error => logger.error({ err: error }, 'work in the background failed'))
  }

  const ingest = createIngest({
    store,
    verify: verifyEd25519Async,
    verifySync: verifyEd25519,
    pace: createAuthorPace(clock, quotas),
    logger,
    authority: {
      allianceId,
      keyStands: (nation, signPk) => book.directory().mayOpenLog(nation, signPk),
      limitOf: log => book.limitOf(log),
      heldLimitOf: log => book.heldLimitOf(log),
      witnessedSize: log => book.standingOf(log).quorate?.size ?? 0,
      conflictAt: log => book.conflictAt(log),
      isShown: (tree, { logId }) => book.checkpoints(logId).some(({ checkpoint }) => sameTree(checkpoint, tree)),
      treeOf: (note, log) => adoptCheckpoint(book, store, note, log),
    },
    events: {
      committed(entries) {
        events.committed(entries)
        quotas.committed(entries)
        bodies.committed(entries)
        alerts.judge(entries, book.directory())
        inBackground(logWatch.committed(entries))
        // What is held reaches as far as the branch that stands: only now it shows whether it is that.
        const reached = entries.some(({ entry }) => book.standingOf(entry.log).branch?.size === entry.header.seq + 1)
        if (reached) inBackground(settle(entries.map(({ entry }) => entry.log)))
      },
      gap: events.gap,
      conflict: (...conflict) => inBackground(logWatch.conflict(...conflict)),
      async rewinding(log, commit) {
        await events.rewinding(log.logId, commit)
        bodies.forget(log.logId)
        forks.forget(log)
        await book.settle()
      },
    },
  })
  parts.defer(() => ingest.stop())
  book.onChange(touched => inBackground(forks.changed(touched)))
  book.onCheckpoints(offered => inBackground(forks.offered(offered)))

  async function settle(logs: readonly LogIdentity[]): Promise<void> {
    await book.settle()
    if (!logs.every(log => book.isOnBranch(log))) events.contested()
  }

  return { ingest, forks, bodies, quotas, pruned }
}
