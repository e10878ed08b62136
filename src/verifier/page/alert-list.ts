import type { AlertPart } from '../../audit/part.ts'
import { visibleText } from '../../base/visible-text.ts'
import { countOf } from '../../registry/phrase.ts'
import { describeTime } from '../nation-view.ts'
import { element } from './element.ts'

const SHOWN_MAX = 500

/** What a node had noted when it made the file: nobody signed it, and it takes no part in the verdict. */
export function drawAlerts(alerts: readonly AlertPart[]): HTMLElement {
  const rest = alerts.length - SHOWN_MAX
  return element(
    'details',
    { class: 'card' },
    element('summary', {}, `${countOf(alerts.length, 'alert')} that the exporter had noted, unsigned`),
    element('ol', { class: 'events' }, ...alerts.slice(0, SHOWN_MAX).map(drawAlert)),
    rest > 0 ? element('p', { class: 'empty' }, `${rest} more are in the file.`) : undefined,
  )
}

function drawAlert({ timeMs, code, message, nation }: AlertPart): HTMLElement {
  return element(
    'li',
    { class: 'event-row' },
    element('time', { class: 'event-time' }, describeTime(timeMs)),
    element(
      'div',
      { class: 'event-text' },
      element('p', {}, visibleText(message)),
      element('p', { class: 'where' }, nation ?? '', element('code', {}, visibleText(code))),
    ),
  )
}
