import { toHex } from '../base/bytes.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { createAlertLog } from './alert-log.ts'
import type { ProjectEvents } from './project.ts'

/** What others sent and is not taken, or says nothing: counted by error code, and told to the operator once in a while. */
export interface ContentAlerts {
  /** Since the start, for the metrics. */
  readonly refusals: ReadonlyMap<string, number>
  refuse(code: string): void
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
