import type { Finding, FindingVerdict } from '../audit/finding.ts'
import type { AuditResult, LogFacts, NationFacts } from '../audit/result.ts'
import type { LogIdHex, NationId } from '../base/ids.ts'
import { countOf, momentOf, shortId } from '../registry/phrase.ts'
import type { StoryStep } from '../registry/story.ts'
import { mergeTimeBars, type TimeBars } from './time-bars.ts'
import { countFindings } from './verdict-view.ts'

/** What a nation did and what befell it, along one axis of time for all nations. */
export interface NationView {
  readonly nation: NationId
  readonly label: string
  readonly status: NationFacts['status']
  readonly summary: string
  readonly findings: Readonly<Record<FindingVerdict, number>>
  readonly bars: TimeBars | undefined
  /** In the order of time; those without a time last. */
  readonly events: readonly NationEvent[]
  readonly logs: readonly LogIdHex[]
}

export type EventKind = 'document' | 'registry' | 'log' | 'erasure' | 'fork' | 'receipt' | 'post-quantum'

export interface NationEvent {
  readonly kind: EventKind
  /** Milliseconds since the epoch, as whoever signed it says; undefined where nobody does. */
  readonly timeMs: number | undefined
  readonly tone: 'plain' | 'warn' | 'bad'
  readonly title: string
  readonly details: readonly string[]
  readonly place?: { readonly log: LogIdHex; readonly seq: number }
}

/** `barsOf`: of the run of that number in `result.logs`. */
export function buildNationViews(
  result: AuditResult,
  barsOf: (run: number) => TimeBars | undefined,
): readonly NationView[] {
  return result.nations.map(facts => {
    const runs = result.logs.flatMap((log, run) => (log.nation === facts.nation ? [{ log, run }] : []))
    const logs = runs.map(({ log }) => log)
    const events = [
      ...result.story.filter(step => concerns(step, facts.nation)).map(step => documentEvent(step, facts.nation)),
      ...logs.flatMap(logEvents),
    ]
    return {
      ...facts,
      summary: summaryOf(facts, logs),
      findings: countFindings(result.findings.filter(finding => finding.nation === facts.nation)),
      bars: mergeTimeBars(runs.flatMap(({ run }) => barsOf(run) ?? [])),
      events: events.toSorted(
        (a, b) => (a.timeMs ?? Number.POSITIVE_INFINITY) - (b.timeMs ?? Number.POSITIVE_INFINITY),
      ),
      logs: logs.map(({ log }) => log),
    }
  })
}

/** From the first to the last of what the views show. */
export function timeSpanOf(views: readonly NationView[]): { readonly fromMs: number; readonly untilMs: number } {
  const times = views.flatMap(({ events, bars }) => [
    ...events.flatMap(({ timeMs }) => timeMs ?? []),
    ...(bars === undefined ? [] : [bars.fromMs, bars.fromMs + bars.barMs * bars.counts.length]),
  ])
  if (times.length === 0) return { fromMs: 0, untilMs: 1 }
  const fromMs = times.reduce((a, b) => Math.min(a, b))
  return {
    fromMs,
    untilMs: Math.max(
      fromMs + 1,
      times.reduce((a, b) => Math.max(a, b)),
    ),
  }
}

export function findingsOf(findings: readonly Finding[], log: LogIdHex): readonly Finding[] {
  return findings.filter(finding => finding.log === log)
}

function summaryOf({ documentVersion }: NationFacts, logs: readonly LogFacts[]): string {
  const entries = logs.reduce((sum, log) => sum + log.entries.total, 0)
  const document = documentVersion === 0 ? 'no document in force' : `document ${documentVersion} in force`
  return `${document}, ${countOf(logs.length, 'log')}, ${countOf(entries, 'entry', 'entries')}`
}

function concerns(step: StoryStep, nation: NationId): boolean {
  return step.document === 'nation' ? step.nation === nation : step.concerns.includes(nation)
}

function documentEvent(step: StoryStep, about: NationId): NationEvent {
  const { document, nation, version, issuedMs, standing } = step
  const changes = document === 'nation' ? step.changes : step.changes.filter(change => names(change, about))
  const name = document === 'nation' ? `Document ${version} of ${nation}` : `Registry version ${version}`
  const attention = changes.some(change => change.startsWith('ATTENTION:'))
  const stands = standing === 'open' ? ', undecided' : standing === 'aside' ? ', without effect' : ''
  return {
    kind: document === 'nation' ? 'document' : 'registry',
    timeMs: issuedMs,
    tone: attention || stands !== '' ? 'warn' : 'plain',
    title: `${name}${stands}`,
    details: changes,
  }
}

/** A nation's id may be the beginning of another's. */
function names(change: string, nation: NationId): boolean {
  return change.split(/[^A-Z0-9-]/).includes(nation)
}

function logEvents(log: LogFacts): NationEvent[] {
  const name = `log ${shortId(log.log)}`
  const at = (seq: number) => ({ log: log.log, seq })
  const event = (kind: EventKind, timeMs: number | undefined, title: string, seq?: number): NationEvent => ({
    kind,
    timeMs,
    tone: kind === 'fork' ? 'bad' : 'plain',
    title,
    details: [],
    ...(seq !== undefined && { place: at(seq) }),
  })
  const { standing, entries } = log
  const events = log.erasures.map(({ seq, timeMs, target }) =>
    event('erasure', timeMs, `Erased entry ${target.seq} of log ${shortId(target.log)}`, seq),
  )
  if (log.from === 0 && !log.aside) events.push(event('log', entries.firstMs, `Opened ${name}`, 0))
  if (log.aside) events.push(event('fork', entries.firstMs, `A branch of ${name} does not stand`, log.from))
  if (log.closed) events.push(event('log', entries.lastMs, `Closed ${name}`, log.size - 1))
  for (const seq of standing?.conflicts ?? []) {
    events.push(event('fork', undefined, `Said two things at entry ${seq} of ${name}`, seq))
  }
  if (standing?.quorate !== undefined) {
    const { size, timeMs } = standing.quorate
    events.push(event('receipt', timeMs, `A quorum held ${countOf(size, 'entry', 'entries')} of ${name}`, size - 1))
  }
  if (standing?.postQuantum !== undefined) {
    const { size, timeMs } = standing.postQuantum
    events.push(
      event(
        'post-quantum',
        timeMs,
        `Post-quantum signature over ${countOf(size, 'entry', 'entries')} of ${name}`,
        size - 1,
      ),
    )
  }
  return events
}

export function describeTime(timeMs: number | undefined): string {
  return timeMs === undefined ? 'no time given' : momentOf(timeMs)
}
