import { countOf } from '../../registry/phrase.ts'
import type { LiveExportView } from '../orders/export-orders.ts'
import type { Counter, Problem } from '../orders/node-service.ts'

/** What live exports have wrong with them, for the operator, and how they do, for the metrics. */

export function exportProblems(views: readonly LiveExportView[]): Problem[] {
  return [...views.flatMap(problemsOf), ...ownProblems(views)]
}

/** How many changes wait for a release. */
export function heldCount(held: LiveExportView['held']): number {
  if (held === null) return 0
  return [...held.added, ...held.removed].reduce((sum, { count }) => sum + count, 0)
}

function problemsOf({ name, held, failure, state, behind }: LiveExportView): Problem[] {
  const problems: Problem[] = []
  if (failure !== null) {
    const message = `the export ${name} cannot be written: ${failure.message}`
    problems.push({ grade: 'alarm', code: 'export-failed', occasion: name, message, fix: failure.fix })
  }
  if (held !== null) {
    problems.push({
      grade: 'alarm',
      code: 'export-held',
      occasion: name,
      message: `the export ${name} holds ${heldCount(held)} changes back: ${held.reasons.join('; ')}`,
      fix: `Look at them with "tocsin export status ${name}"; then "tocsin export release ${name}", or "tocsin nation mute NATION".`,
    })
  }
  if (state === 'stale') {
    problems.push({
      grade: 'warning',
      code: 'export-stale',
      occasion: name,
      message: `the export ${name} is older than it may be: ${behind.join('; ') || 'it was not written in time'}`,
      fix: '"tocsin doctor" says why nobody is connected; "tocsin status" what the node lacks.',
    })
  }
  return problems
}

/** By nation: several exports leave out the same. */
function ownProblems(views: readonly LiveExportView[]): Problem[] {
  const nations = new Map<string, { readonly count: number; readonly sample: string }>()
  for (const { own } of views) {
    for (const { nation, count, sample } of own) {
      if (count > (nations.get(nation)?.count ?? 0)) nations.set(nation, { count, sample })
    }
  }
  return [...nations].map(([nation, { count, sample }]) => ({
    grade: 'warning',
    code: 'export-own',
    occasion: nation,
    message: `${nation} says that what is ours is bad: ${countOf(count, 'indicator')}, such as ${sample}; no export holds that`,
    fix: 'Look whether it is true; else ask that nation to withdraw it, or say so yourself with "tocsin indicator dispute".',
  }))
}

export function exportGauges(views: readonly LiveExportView[], nowMs: number): Counter[] {
  const gauge = (name: string, help: string, value: (view: LiveExportView) => number): Counter => ({
    name,
    help,
    type: 'gauge',
    values: views.map(view => ({ labels: { export: view.name, format: view.format }, value: value(view) })),
  })
  return [
    gauge('export_indicators', 'Indicators in a live export.', view => view.indicators),
    gauge('export_serial', 'The version of a live export.', view => view.serial),
    gauge(
      'export_age_seconds',
      'Since a live export was last found to be as the view is; -1 where it never was.',
      view => (view.checkedMs === 0 ? -1 : Math.max(0, nowMs - view.checkedMs) / 1000),
    ),
    gauge('export_held', 'Changes of a live export that wait for a release.', view => heldCount(view.held)),
    gauge('export_failed', 'Whether a live export could not be written.', view => Number(view.failure !== null)),
    gauge('export_stale', 'Whether a live export is older than it may be.', view => Number(view.state === 'stale')),
    gauge('export_cycle_seconds', 'What the last cycle of a live export took.', view => view.seconds),
    gauge('export_unsent_bytes', 'What waits for a syslog receiver.', view => view.unsentBytes),
  ]
}
