import type { LogIdHex } from '../../base/ids.ts'
import type { FindingRow } from '../finding-view.ts'
import { element } from './element.ts'
import { COUNT_NAMES } from './verdict-panel.ts'

const SHOWN_AT_ONCE = 100

/** Opens the chain view at an entry. */
export type ShowEntry = (place: { readonly log: LogIdHex; readonly seq: number }) => void

export function drawFindings(rows: readonly FindingRow[], leftOut: number, showEntry?: ShowEntry): HTMLElement {
  const list = element('ol', { class: 'findings' })
  const more = element('button', { type: 'button', class: 'quiet' })
  let shown = 0

  function showMore(): void {
    const next = rows.slice(shown, shown + SHOWN_AT_ONCE)
    list.append(...next.map(row => drawFinding(row, showEntry)))
    shown += next.length
    more.hidden = shown >= rows.length
    more.textContent = `Show ${Math.min(SHOWN_AT_ONCE, rows.length - shown)} more of ${rows.length - shown}`
  }

  more.addEventListener('click', showMore)
  showMore()
  return element(
    'section',
    { class: 'card', 'aria-labelledby': 'findings' },
    element('h2', { id: 'findings' }, 'What was found, and where'),
    rows.length === 0
      ? element('p', { class: 'empty' }, 'Nothing: there is nothing to say against anything in it.')
      : list,
    more,
    leftOut > 0 ? element('p', { class: 'empty' }, `${leftOut} more were found and are not listed.`) : undefined,
  )
}

function drawFinding(
  { verdict, code, sentence, where, place }: FindingRow,
  showEntry: ShowEntry | undefined,
): HTMLElement {
  const go = element('button', { type: 'button', class: 'quiet' }, 'Show in the log')
  if (place !== undefined) go.addEventListener('click', () => showEntry?.(place))
  return element(
    'li',
    { class: `finding ${verdict}` },
    element('span', { class: 'badge' }, COUNT_NAMES[verdict]),
    element(
      'div',
      { class: 'finding-text' },
      element('p', { class: 'sentence' }, sentence),
      element('p', { class: 'where' }, where, element('code', {}, code)),
    ),
    place === undefined || showEntry === undefined ? undefined : go,
  )
}
