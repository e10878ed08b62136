import type { FindingVerdict } from '../../audit/finding.ts'
import type { Speed } from '../messages.ts'
import type { Statement, VerdictView } from '../verdict-view.ts'
import { element, svgElement } from './element.ts'

export const COUNT_NAMES: Readonly<Record<FindingVerdict, string>> = {
  false: 'false',
  missing: 'missing',
  note: 'noted',
}

/** Fewer say nothing of the speed. */
const PACE_SIGNATURES_MIN = 1000

const MARKS = {
  proved: 'M7 16.5 L13.5 23 L25.5 9.5',
  false: 'M9.5 9.5 L22.5 22.5 M22.5 9.5 L9.5 22.5',
  missing: 'M11 12 a5 5 0 1 1 7 4.6 c-1.7 .8 -2 1.7 -2 3.4 M16 24.4 v.1',
} as const

/** The answer, in words first: colour and mark only repeat it. */
export function drawVerdict(view: VerdictView, fileName: string, speed?: Speed): HTMLElement {
  const mark = svgElement('svg', { viewBox: '0 0 32 32', class: 'mark', 'aria-hidden': 'true' })
  mark.append(svgElement('path', { d: MARKS[view.verdict] }))
  return element(
    'section',
    { class: `card verdict ${view.verdict}`, 'aria-labelledby': 'headline' },
    element(
      'div',
      { class: 'answer' },
      mark,
      element(
        'div',
        {},
        element('p', { class: 'file' }, fileName),
        element('h2', { id: 'headline', tabindex: -1 }, view.headline),
        element('p', {}, view.explanation),
      ),
      drawCounts(view.counts),
    ),
    element(
      'ul',
      { class: 'statements' },
      ...[...view.statements, ...(speed === undefined ? [] : [speedStatement(speed)])].map(drawStatement),
    ),
  )
}

function drawCounts(counts: VerdictView['counts']): HTMLElement {
  const names: readonly FindingVerdict[] = ['false', 'missing', 'note']
  return element(
    'dl',
    { class: 'counts' },
    ...names.map(name =>
      element(
        'div',
        { class: counts[name] === 0 ? 'none' : name },
        element('dd', {}, counts[name].toLocaleString('en')),
        element('dt', {}, COUNT_NAMES[name]),
      ),
    ),
  )
}

function drawStatement({ tone, sentence }: Statement): HTMLElement {
  return element('li', { class: tone }, sentence)
}

function speedStatement({ by, signatures, seconds }: Speed): Statement {
  const whose = by === 'browser' ? "this browser's own Ed25519, which passed the edge cases" : 'portable code'
  const rate = Math.round(signatures / Math.max(seconds, 0.001))
  const pace = signatures < PACE_SIGNATURES_MIN ? '' : `, ${rate.toLocaleString('en')} a second`
  return { tone: 'plain', sentence: `The signatures of entries were checked with ${whose}${pace}.` }
}
