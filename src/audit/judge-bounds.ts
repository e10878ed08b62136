import { equalBytes, fromHex } from '../base/bytes.ts'
import type { LogIdHex } from '../base/ids.ts'
import type { AuditedLog } from './audited-run.ts'
import type { AuditDocuments } from './documents.ts'
import { type FindingBook, logName } from './finding.ts'
import type { HeaderPart } from './part.ts'

/** A log that the governors bounded was there: a file that holds nothing of it does not hold all. */
export function judgeBounds(
  logs: ReadonlyMap<LogIdHex, AuditedLog>,
  { state }: AuditDocuments,
  header: HeaderPart,
  { add }: FindingBook,
): void {
  const isAskedFor = (log: LogIdHex) => header.logs.length === 0 || header.logs.some(id => equalBytes(id, fromHex(log)))
  for (const [nation, { bounds, suspensionBounds }] of state.histories) {
    for (const [log, { size }] of new Map([...suspensionBounds, ...bounds])) {
      if (logs.has(log) || size === 0 || !isAskedFor(log)) continue
      const sentence = `The governors bounded ${logName(log, nation)} at ${size}, and the file holds nothing of it.`
      const place = { nation, log, seq: 0, ...(size === 1 ? {} : { count: size }), size }
      add({ code: 'audit-entry-missing', verdict: 'missing', ...place, sentence })
    }
  }
}
