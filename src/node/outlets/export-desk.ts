import { UserError } from '../../base/errors.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import type { LiveExportView } from '../orders/export-orders.ts'
import type { Counter, Problem } from '../orders/node-service.ts'
import type { ExportManifest } from './export-manifest.ts'
import { exportGauges, exportProblems, heldCount } from './export-problems.ts'
import type { ExportSpool } from './export-spool.ts'
import type { ExportTarget } from './export-target.ts'
import { exportFault, type LiveExportRun } from './live-export.ts'

/** One of `exports:` with where it goes. */
export interface DeskExport {
  readonly run: LiveExportRun
  readonly target: ExportTarget
  /** Of what goes to syslog. */
  readonly spool: ExportSpool | undefined
}

export interface ExportDeskOptions {
  readonly exports: readonly DeskExport[]
  /** The view is to be computed anew. */
  readonly viewStale: () => boolean
  /** Why the view may lack something that the alliance knows, a sentence each. */
  readonly behind: () => readonly string[]
  /** The text of a signed manifest. */
  readonly sign: (manifest: Omit<ExportManifest, 'alliance' | 'nation' | 'node'>) => string
  readonly clock: Clock
  readonly logger: Logger
}

/** Keeps live exports as the view is: each when something changed, and no oftener than it is to be. */
export interface ExportDesk {
  viewChanged(): void
  /** Somebody here decided what is to be seen: at once, whatever is under way. */
  urgent(): void
  pardon(nation: string): Promise<void>
  release(name: string, held: string | undefined): Promise<LiveExportView>
  views(): readonly LiveExportView[]
  problems(): readonly Problem[]
  gauges(): readonly Counter[]
  stop(): Promise<void>
}

const TICK_MS = 250
/** An export that takes long may take this part of the time. */
const SHARE = 4
const RETRY_MS = 5_000
/** Scores fall with time alone. */
const SCORES_EACH_MS = 3_600_000

interface Course {
  /** Something changed that it does not show. */
  due: boolean
  /** Somebody has decided something that it does not show. */
  urgent: boolean
  /** What shows by that decision is known once the view is computed anew. */
  awaitsView: boolean
  /** No sooner, by a clock that nobody sets. */
  notBefore: number
  /** Time alone changes it then; 0: never. */
  changesMs: number
  /** When all was known here that others know, as far as one can tell. */
  freshMs: number
  checkedMs: number
  written: boolean
  seconds: number
  failure: LiveExportView['failure']
}

export function startExportDesk({ exports, viewStale, behind, sign, clock, logger }: ExportDeskOptions): ExportDesk {
  const courses = new Map(exports.map(each => [each, newCourse(clock.now())]))
  const stopping = new AbortController()
  let current = new AbortController()
  const loop = createWorkerLoop(runDue, error => logger.error({ err: error }, 'exports failed'))
  const timer = setInterval(loop.wake, TICK_MS)
  for (const { spool } of exports) void spool?.wake()

  async function runDue(): Promise<void> {
    for (const [each, course] of courses) {
      if (stopping.signal.aborted) return
      if (isDue(each, course)) await cycle(each, course)
      else await refresh(each, course)
    }
  }

  function isDue({ spool }: DeskExport, { due, urgent, awaitsView, notBefore, changesMs }: Course): boolean {
    if ((spool?.unsentBytes() ?? 0) > 0) return false
    if (urgent || (awaitsView && !viewStale())) return true
    if (performance.now() < notBefore) return false
    return due || (changesMs > 0 && clock.now() >= changesMs)
  }

  async function cycle(each: DeskExport, course: Course): Promise<void> {
    const { settings } = each.run
    const started = performance.now()
    course.due = false
    course.urgent = false
    course.awaitsView &&= viewStale()
    current = new AbortController()
    try {
      const changesMs = await each.run.cycle(AbortSignal.any([stopping.signal, current.signal]))
      course.changesMs = withScores(each, changesMs)
      course.written = true
      course.failure = null
      await each.spool?.wake()
      await check(each, course)
    } catch (error) {
      course.due = true
      if (current.signal.aborted || stopping.signal.aborted) return
      failed(each, course, error)
    }
    const tookMs = performance.now() - started
    course.seconds = tookMs / 1000
    const paceMs = Math.max(settings.everySeconds * 1000, tookMs * SHARE, course.failure === null ? 0 : RETRY_MS)
    course.notBefore = started + paceMs
  }

  function failed({ run }: DeskExport, course: Course, error: unknown): void {
    const { name } = run.settings
    if (course.failure === null) logger.warn({ err: error, export: name }, 'an export could not be written')
    course.failure = { ...exportFault(error), sinceMs: course.failure?.sinceMs ?? clock.now() }
  }

  function withScores({ run }: DeskExport, changesMs: number): number {
    if (run.settings.filter.scoreMin === 0) return changesMs
    const nextMs = clock.now() + SCORES_EACH_MS
    return changesMs === 0 ? nextMs : Math.min(changesMs, nextMs)
  }

  /** Says from time to time that it is still so. */
  async function refresh(each: DeskExport, course: Course): Promise<void> {
    const eachMs = (each.run.settings.staleAfterSeconds * 1000) / SHARE
    if (!course.written || course.failure !== null || course.due) return
    if (Math.abs(clock.now() - course.checkedMs) < Math.min(eachMs, SCORES_EACH_MS / SHARE)) return
    await check(each, course).catch(error => failed(each, course, error))
  }

  async function check({ run, target }: DeskExport, course: Course): Promise<void> {
    const nowMs = clock.now()
    const lacks = behind()
    const { serial, madeMs, entries, files, held } = run.state()
    if (lacks.length === 0 && held?.holdsAll !== true) course.freshMs = nowMs
    course.checkedMs = nowMs
    if (madeMs === 0) return
    const { name, format } = run.settings
    const times = { madeMs, checkedMs: nowMs, staleMs: staleMs(run, course) }
    const counts = { indicators: entries, held: heldCount(held) }
    await target.writeManifest(
      sign({ name, format, serial, ...times, ...counts, files: [...files], behind: [...lacks] }),
    )
  }

  function viewOf(each: DeskExport): LiveExportView {
    const { run, spool } = each
    const course = courses.get(each)!
    const { name, format, path } = run.settings
    const { serial, madeMs, entries, held, left, own } = run.state()
    const sinceMs = spool?.outage.sinceMs()
    const spoolFailure = sinceMs !== undefined && {
      code: 'export-failed',
      message: `${path} takes nothing: ${spool?.outage.reason()}`,
      fix: 'Look at the receiver and the way to it; what it has missed is sent when it is back.',
      sinceMs,
    }
    const failure = course.failure ?? (spoolFailure || null)
    return {
      ...{ name, format, path, indicators: entries, serial, madeMs, held, left, own, failure },
      state: stateOf(),
      checkedMs: course.checkedMs,
      staleMs: madeMs === 0 ? 0 : staleMs(run, course),
      behind: behind(),
      unsentBytes: spool?.unsentBytes() ?? 0,
      seconds: course.seconds,
    }

    function stateOf(): LiveExportView['state'] {
      if (failure !== null) return 'failed'
      if (held !== null) return 'held'
      if (!course.written) return 'waiting'
      return clock.now() >= staleMs(run, course) ? 'stale' : 'current'
    }
  }

  const views = () => exports.map(viewOf)

  return {
    viewChanged() {
      for (const course of courses.values()) course.due = true
    },
    urgent() {
      for (const course of courses.values()) {
        course.urgent = true
        course.awaitsView = true
      }
      current.abort(new Error('what is to be seen has been decided anew'))
      loop.wake()
    },
    async pardon(nation) {
      for (const { run } of exports) await run.pardon(nation)
    },
    async release(name, held) {
      const each = exports.find(({ run }) => run.settings.name === name)
      if (each === undefined) {
        throw new UserError('export-unknown', `config.yaml names no export ${name.slice(0, 64)}`, {
          fix: 'See "tocsin export list".',
        })
      }
      await each.run.release(held)
      const course = courses.get(each)!
      course.urgent = true
      loop.wake()
      await loop.settled()
      return viewOf(each)
    },
    views,
    problems: () => exportProblems(views()),
    gauges: () => exportGauges(views(), clock.now()),
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await loop.stop()
      for (const { spool } of exports) await spool?.stop()
    },
  }
}

function newCourse(nowMs: number): Course {
  const never = {
    urgent: false,
    awaitsView: false,
    notBefore: 0,
    changesMs: 0,
    checkedMs: 0,
    written: false,
    seconds: 0,
    failure: null,
  }
  return { due: true, freshMs: nowMs, ...never }
}

function staleMs({ settings }: LiveExportRun, { freshMs }: Course): number {
  return freshMs + settings.staleAfterSeconds * 1000
}
