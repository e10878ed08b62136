import { toHex } from '../../base/bytes.ts'
import type { NationId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { Directory } from '../../registry/directory.ts'
import { ROLE } from '../../registry/registry-doc.ts'
import { KIND } from '../../wire/entry.ts'
import { createAlertLog } from '../mechanisms/alert-log.ts'
import type { ProjectEvents } from '../opening/project.ts'
import type { Committed } from './entry-writer.ts'

/** What others sent and is not taken, or says nothing: counted by error code, and told to the operator once in a while. */
export interface ContentAlerts {
  /** Since the start, for the metrics. */
  readonly refusals: ReadonlyMap<string, number>
  refuse(code: string): void
  /** Tells of what nations publish that the registry does not let publish (R-0.1: it stands and shows all the same). */
  judge(entries: readonly Committed[], directory: Directory): void
  readonly events: Pick<ProjectEvents, 'voided' | 'itemVoided' | 'conflict' | 'grantFault'>
}

export function createContentAlerts(logger: Logger, clock: Clock): ContentAlerts {
  const refusals = new Map<string, number>()
  const alerts = createAlertLog(logger, clock)

  function refuse(code: string): void {
    refusals.set(code, (refusals.get(code) ?? 0) + 1)
  }

  return {
    refusals,
    refuse,
    judge(entries, directory) {
      for (const { entry, own } of entries) {
        const { logId, log, header } = entry
        if (own || header.kind !== KIND.BATCH || mightPublish(directory, log.nation, header.registryVersion)) continue
        const data = { nation: log.nation, log: toHex(logId), seq: header.seq }
        alerts.alert(log.nation, data, 'a nation publishes that has not the role PUBLISH')
      }
    },
    events: {
      voided(entry, code, reason) {
        refuse(code)
        const log = toHex(entry.logId)
        alerts.alert(log, { log, seq: entry.header.seq, code, reason }, 'the content of an entry is void')
      },
      grantFault({ logId, seq, code }) {
        refuse(code)
        const log = toHex(logId)
        alerts.alert(log, { log, seq, code }, 'a grant holds something else for this nation than it says')
      },
      itemVoided({ logId, seq, index, code, reason }) {
        refuse(code)
        const log = toHex(logId)
        alerts.alert(log, { log, seq, index, code, reason }, 'the content of an item is void')
      },
      conflict: ({ nation, id }) =>
        alerts.alert(nation, { nation, id: toHex(id) }, 'a nation asserted two different things under one id'),
    },
  }
}

/** By the registry version that the entry names, so that what was published before a role was taken is no offence. */
function mightPublish({ chain, registry }: Directory, nation: NationId, version: number): boolean {
  return (chain[version - 1] ?? registry).nations.get(nation)?.roles.has(ROLE.PUBLISH) === true
}
