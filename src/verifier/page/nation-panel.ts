import { countOf, dayOf, momentOf } from '../../registry/phrase.ts'
import { describeTime, type EventKind, type NationEvent, type NationView, timeSpanOf } from '../nation-view.ts'
import { element, svgElement } from './element.ts'
import type { ShowEntry } from './finding-list.ts'

interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** Drawn around 0/0, ten pixels wide; each has a form of its own, so that colour is not needed to tell them apart. */
const SHAPES: Readonly<Record<EventKind, string>> = {
  document: 'M0 -5 L5 0 L0 5 L-5 0 Z',
  registry: 'M-4 -4 H4 V4 H-4 Z',
  log: 'M-4 -5 L5 0 L-4 5 Z',
  erasure: 'M-4 -4 L4 4 M4 -4 L-4 4',
  fork: 'M0 5 V0 L-4 -5 M0 0 L4 -5',
  receipt: 'M-5 0 L-1 4 L5 -4',
  'post-quantum': 'M0 -5 L4 -3 V1 L0 5 L-4 1 V-3 Z',
}

const EVENT_NAMES: Readonly<Record<EventKind, string>> = {
  document: 'nation document',
  registry: 'registry version',
  log: 'log opened or closed',
  erasure: 'erasure',
  fork: 'contradiction',
  receipt: 'held by a quorum',
  'post-quantum': 'post-quantum signature',
}

const BARS_PX = 32
const LANE_PX = 80
/** Each kind at a height of its own, so that what happens at one time can be told apart. */
const HEIGHT_PX: Readonly<Record<EventKind, number>> = {
  document: 8,
  registry: 8,
  log: 22,
  erasure: 22,
  fork: 22,
  receipt: 36,
  'post-quantum': 36,
}
/** The axis leaves room for half a marker at both ends. */
const percent = (share: number) => `${(1 + 98 * share).toFixed(3)}%`

export function drawNations(views: readonly NationView[], showEntry: ShowEntry): HTMLElement {
  const span = timeSpanOf(views)
  return element(
    'section',
    { class: 'card', 'aria-labelledby': 'nations' },
    element('h2', { id: 'nations' }, 'Nations over time'),
    drawLegend(),
    ...views.map(view => drawNation(view, span, showEntry)),
  )
}

function drawLegend(): HTMLElement {
  const kinds = Object.keys(SHAPES) as EventKind[]
  return element(
    'ul',
    { class: 'legend' },
    ...kinds.map(kind => {
      const symbol = svgElement('svg', {
        viewBox: '-7 -7 14 14',
        class: `event event-mark ${kind}`,
        'aria-hidden': 'true',
      })
      symbol.append(svgElement('path', { d: SHAPES[kind] }))
      return element('li', {}, symbol, EVENT_NAMES[kind])
    }),
    element('li', {}, element('span', { class: 'bar-key' }), 'entries'),
  )
}

function drawNation(view: NationView, span: Span, showEntry: ShowEntry): HTMLElement {
  const { findings, status, events } = view
  const alarms = [
    ...(findings.false > 0 ? [element('span', { class: 'badge false' }, `${findings.false} false`)] : []),
    ...(findings.missing > 0 ? [element('span', { class: 'badge missing' }, `${findings.missing} missing`)] : []),
  ]
  return element(
    'article',
    { class: 'nation' },
    element(
      'header',
      {},
      element('h3', {}, view.nation, element('small', {}, view.label)),
      element('span', { class: `badge status ${status}` }, status),
      ...alarms,
      element('p', {}, view.summary),
    ),
    drawLane(view, span),
    element(
      'div',
      { class: 'axis', 'aria-hidden': 'true' },
      element('span', {}, axisText(span.fromMs, span)),
      element('span', {}, axisText(span.untilMs, span)),
    ),
    element(
      'details',
      {},
      element('summary', {}, countOf(events.length, 'event')),
      element('ol', { class: 'events' }, ...events.map(event => drawEvent(event, showEntry))),
    ),
  )
}

function drawLane({ nation, bars, events }: NationView, { fromMs, untilMs }: Span): SVGSVGElement {
  const x = (timeMs: number) => percent((timeMs - fromMs) / (untilMs - fromMs))
  const lane = svgElement('svg', {
    class: 'lane',
    height: LANE_PX,
    role: 'img',
    'aria-label': `${nation}: entries and events over time; the list below says the same in words`,
  })
  lane.append(svgElement('line', { x1: '0', x2: '100%', y1: LANE_PX - 0.5, y2: LANE_PX - 0.5, class: 'ground' }))
  const highest = Math.max(1, ...(bars?.counts ?? []))
  bars?.counts.forEach((count, i) => {
    if (count === 0) return
    const startMs = bars.fromMs + i * bars.barMs
    const height = Math.max(2, (BARS_PX * count) / highest)
    const width = `${Math.max(0.15, (97 * bars.barMs) / (untilMs - fromMs)).toFixed(3)}%`
    const bar = svgElement('rect', { x: x(startMs), width, y: LANE_PX - height, height, class: 'bar' })
    bar.append(svgElement('title', {}, `${describeTime(startMs)}: ${countOf(count, 'entry', 'entries')}`))
    lane.append(bar)
  })
  for (const event of events) {
    if (event.timeMs === undefined) continue
    const place = svgElement('svg', {
      x: x(event.timeMs),
      y: HEIGHT_PX[event.kind],
      overflow: 'visible',
      class: `event ${event.kind} ${event.tone}`,
    })
    place.append(
      svgElement('path', { d: SHAPES[event.kind] }),
      svgElement('title', {}, `${describeTime(event.timeMs)}: ${event.title}`),
    )
    lane.append(place)
  }
  return lane
}

function drawEvent({ kind, tone, timeMs, title, details, place }: NationEvent, showEntry: ShowEntry): HTMLElement {
  const symbol = svgElement('svg', {
    viewBox: '-7 -7 14 14',
    class: `event event-mark ${kind} ${tone}`,
    'aria-hidden': 'true',
  })
  symbol.append(svgElement('path', { d: SHAPES[kind] }))
  const go = element('button', { type: 'button', class: 'quiet' }, 'Show in the log')
  if (place !== undefined) go.addEventListener('click', () => showEntry(place))
  return element(
    'li',
    { class: 'event-row' },
    symbol,
    element('time', { class: 'event-time' }, describeTime(timeMs)),
    element(
      'div',
      { class: 'event-text' },
      element('p', { class: `event-title ${tone}` }, title),
      details.length > 0
        ? element('ul', {}, ...details.map(detail => element('li', { class: 'event-detail' }, detail)))
        : undefined,
    ),
    place === undefined ? undefined : go,
  )
}

/** Within one day the day says nothing. */
function axisText(timeMs: number, { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number }): string {
  return dayOf(fromMs) === dayOf(untilMs) ? momentOf(timeMs) : dayOf(timeMs)
}
