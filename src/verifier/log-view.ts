import type { Finding } from '../audit/finding.ts'
import type { AuditResult, LogFacts, ReceiptFacts } from '../audit/result.ts'
import { toHex } from '../base/bytes.ts'
import { countOf, listOf, momentOf, shortId } from '../registry/phrase.ts'

/** One run of entries, as its page in the chain view begins. */
export interface LogView {
  readonly run: number
  readonly name: string
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly receipts: readonly ReceiptRow[]
}

/** What one nation has signed to hold. */
export interface ReceiptRow {
  readonly nation: string
  readonly size: number
  /** Of the whole run, 0 to 1. */
  readonly share: number
  readonly sentence: string
}

/** What is known of one entry. */
export interface EntryState {
  readonly tone: 'good' | 'warn' | 'bad'
  readonly text: string
}

const REASONS = {
  open: 'Stands; nothing limits it',
  unauthorised: 'Stands nowhere: no document in force names its key',
  bounded: 'Bounded by a document',
  suspended: 'Its nation is suspended',
  conflict: 'Its author contradicted itself',
  'bad-leaf': 'Its author vouched for an entry that is not signed',
} as const

const ALARMS = {
  'contradictory-checkpoints': 'its author signed checkpoints that contradict each other',
  'contradictory-quorum': 'two quorums contradict each other',
} as const

export function buildLogViews({ logs }: AuditResult): readonly LogView[] {
  return logs.map((log, run) => ({
    run,
    name: `${log.nation ?? 'Unknown nation'} · ${shortId(log.log)}${log.aside ? ' · branch aside' : ''}`,
    facts: factsOf(log),
    receipts: log.receipts.map(receipt => receiptRow(log, receipt)),
  }))
}

/** The worst that was found of entry `seq`. `findings` are those of the run's log. */
export function stateOf(findings: readonly Finding[], seq: number): EntryState {
  const here = findings.filter(finding => covers(finding, seq))
  const worst = here.find(({ verdict }) => verdict === 'false') ?? here.find(({ verdict }) => verdict === 'missing')
  if (worst !== undefined) return { tone: worst.verdict === 'false' ? 'bad' : 'warn', text: inShort(worst) }
  const note = here[0]
  return note === undefined ? { tone: 'good', text: 'Signed, in order' } : { tone: 'warn', text: inShort(note) }
}

/** In its own row an entry need not be named again. */
function inShort({ sentence }: Finding): string {
  const text = sentence.replace(/^Entr(?:y|ies) \d[^:]*: /, '')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function covers({ seq, count }: Finding, at: number): boolean {
  return seq !== undefined && at >= seq && at < seq + (count ?? 1)
}

function factsOf(log: LogFacts): (readonly [string, string])[] {
  const { standing, entries, predecessor } = log
  const facts: (readonly [string, string])[] = [
    ['Log', log.log],
    ['Signing key', log.signPk],
    ['Incarnation', String(log.incarnation)],
    ['Entries here', entriesOf(log)],
    ['Root', log.root ?? 'not known: a gap hides it'],
    ['Bodies', `${entries.bodies} here, ${entries.bodiesMissing} not, of which ${entries.bodiesErased} were erased`],
  ]
  if (predecessor !== undefined)
    facts.push(['Carries on', `the first ${predecessor.size} entries of ${toHex(predecessor.logId)}`])
  if (log.closed) facts.push(['Closed', log.successor === undefined ? 'yes' : `yes, for log ${log.successor}`])
  if (standing === undefined) return facts
  const limit = standing.limit === undefined ? '' : `, up to entry ${standing.limit}`
  facts.push(['Standing', `${REASONS[standing.reason]}${limit}`])
  if (standing.alarms.length > 0) facts.push(['Alarm', listOf(standing.alarms.map(alarm => ALARMS[alarm]))])
  facts.push(['Newest checkpoint', countOf(standing.checkpointSize, 'entry', 'entries')])
  facts.push(['Held by a quorum', held(standing.quorate)])
  facts.push(['Post-quantum', held(standing.postQuantum)])
  return facts
}

function held(tree: { readonly size: number; readonly timeMs: number | undefined } | undefined): string {
  if (tree === undefined) return 'nothing'
  const when = tree.timeMs === undefined ? '' : `, since ${momentOf(tree.timeMs)}`
  return `${countOf(tree.size, 'entry', 'entries')}${when}`
}

function entriesOf({ from, size }: LogFacts): string {
  return size === from ? 'none' : `${from} to ${size - 1}`
}

function receiptRow(log: LogFacts, { nation, size, timeMs }: ReceiptFacts): ReceiptRow {
  return {
    nation,
    size,
    share: log.size === 0 ? 0 : Math.min(1, size / log.size),
    sentence: `held ${countOf(size, 'entry', 'entries')} on ${momentOf(timeMs)}`,
  }
}
