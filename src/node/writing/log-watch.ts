import type { Logger } from '../../base/ports.ts'
import type { Store } from '../../store/store.ts'
import type { Committed, WriterEvents } from '../intake/entry-writer.ts'
import type { ForkWatch } from '../intake/fork-watch.ts'
import { proveSecondLog } from '../knowledge/own-evidence.ts'
import type { OwnLog } from './own-log.ts'
import type { SigningGuard } from './signing-guard.ts'

export interface LogWatchOptions {
  readonly ownLog: Pick<OwnLog, 'isCurrent'>
  readonly guard: Pick<SigningGuard, 'stop'>
  readonly store: Store
  readonly forks: Pick<ForkWatch, 'found' | 'publish'>
  readonly logger: Logger
}

/** Sees to it that whoever signs two things is shown to all, and that this node is never the one. */
export function createLogWatch(options: LogWatchOptions) {
  const { store, forks, guard, ownLog, logger } = options

  return {
    /** A higher head of ours, seen ever, stops signing at once. */
    async committed(entries: readonly Committed[]): Promise<void> {
      const foreign = entries.findLast(({ entry, own }) => !own && ownLog.isCurrent(entry.log))
      if (foreign !== undefined) {
        const { seq } = foreign.entry.header
        guard.stop(seq, seq + 1, 'another node')
        const message = 'an entry of our own log came from outside that this store did not hold: it is an old copy'
        logger.error({ seq }, message)
      }
      for (const { entry } of entries) {
        if (entry.header.seq === 0) await forks.publish(await proveSecondLog(store, entry))
      }
    },

    /** Two signed entries contradict each other. Whoever holds the proof can show it to anybody. */
    async conflict(...[held, offered, kind]: Parameters<WriterEvents['conflict']>): Promise<void> {
      const { seq } = offered.header
      if (ownLog.isCurrent(offered.log)) {
        guard.stop(store.log(offered.logId)?.head.size ?? 0, seq + 1, 'another node with our key')
        logger.error({ seq }, 'an entry signed with our key contradicts our own log: the key is used elsewhere')
      }
      await forks.found({ held, offered, kind })
    },
  }
}
