import { equalBytes, toHex } from '../base/bytes.ts'
import { type LogIdHex, logIdHex } from '../base/ids.ts'
import { type LogIdentity, positionKey } from '../chain/genesis.ts'
import type { AuditedLog } from './audited-run.ts'
import { type FindingBook, logName } from './finding.ts'
import type { HeaderPart } from './part.ts'

/** How the logs of the file carry each other on. */
export function judgeRotations(
  logs: ReadonlyMap<LogIdHex, AuditedLog>,
  header: HeaderPart,
  { add }: FindingBook,
): void {
  const isWhole = header.logs.length === 0
  for (const of of logs.values()) {
    judgePredecessor(of, logs, isWhole, add)
    judgeSuccessor(of, logs, isWhole, add)
  }
  judgePositions(logs, add)
}

type Add = FindingBook['add']
type Logs = ReadonlyMap<LogIdHex, AuditedLog>

function judgePredecessor({ log, logHex }: AuditedLog, logs: Logs, isWhole: boolean, add: Add): void {
  const { predecessor } = log
  if (predecessor === undefined) return
  const hex = logIdHex(predecessor.logId)
  const before = logs.get(hex)
  const place = { nation: log.nation, log: logHex, seq: 0, size: predecessor.size }
  const claim = `The GENESIS of ${logName(logHex, log.nation)} carries on log ${hex.slice(0, 16)} at ${predecessor.size} entries`
  const missing = (why: string) =>
    add({ code: 'audit-predecessor-missing', verdict: 'missing', ...place, sentence: `${claim}, ${why}.` })
  const differs = (why: string) =>
    add({ code: 'audit-predecessor-differs', verdict: 'false', ...place, sentence: `${claim}, ${why}.` })

  if (before?.main === undefined) {
    if (isWhole) missing('which the file does not hold')
    return
  }
  if (!carriesOn(log, before.log)) {
    differs(`which is of ${before.log.nation} and not what came before it`)
    return
  }
  const { chain, part } = before.main
  const root = chain.roots.get(predecessor.size)
  if (root !== undefined) {
    if (!equalBytes(root, predecessor.root)) differs('and names another root than those entries have')
  } else if (predecessor.size > chain.size && part.size === chain.size) {
    missing(`of which the file holds ${chain.size}`)
  }
}

/** the same nation; of one key the incarnation before. */
function carriesOn(log: LogIdentity, before: LogIdentity): boolean {
  if (log.nation !== before.nation) return false
  return !equalBytes(log.signPk, before.signPk) || log.incarnation === before.incarnation + 1
}

function judgeSuccessor({ log, logHex, main, standing }: AuditedLog, logs: Logs, isWhole: boolean, add: Add): void {
  const successor = main?.content.successor
  if (main === undefined || successor === undefined || main.chain.size > standing.limit) return
  const after = logs.get(successor)
  const place = { nation: log.nation, log: logHex, seq: main.chain.size - 1 }
  const claim = `The CLOSE of ${logName(logHex, log.nation)} names log ${successor.slice(0, 16)} as the one that carries it on`
  if (after?.main === undefined) {
    const sentence = `${claim}, which the file does not hold.`
    if (isWhole) add({ code: 'audit-successor-missing', verdict: 'missing', ...place, sentence })
  } else if (after.log.predecessor === undefined || logIdHex(after.log.predecessor.logId) !== logHex) {
    const sentence = `${claim}, and the GENESIS of that log says otherwise.`
    add({ code: 'audit-successor-differs', verdict: 'false', ...place, sentence })
  }
}

/** Two logs of one key and incarnation: the author began twice. */
function judgePositions(logs: Logs, add: Add): void {
  for (const of of Map.groupBy(logs.values(), ({ log }) => positionKey(log)).values()) {
    const [first, ...others] = of
    for (const { log, logHex } of others) {
      const sentence = `${logName(logHex, log.nation)} and ${logName(first!.logHex, first!.log.nation)} are both incarnation ${log.incarnation} of key ${toHex(log.signPk).slice(0, 16)}.`
      const place = { nation: log.nation, log: logHex, seq: 0 }
      add({ code: 'audit-position-doubled', verdict: 'false', ...place, sentence: `L${sentence.slice(1)}` })
    }
  }
}
