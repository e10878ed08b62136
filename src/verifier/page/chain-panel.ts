import type { Finding } from '../../audit/finding.ts'
import { countOf, momentOf } from '../../registry/phrase.ts'
import type { EntryRow } from '../entry-row.ts'
import { type LogView, stateOf } from '../log-view.ts'
import { element } from './element.ts'
import type { Engine } from './engine.ts'
import { drawFacts } from './facts.ts'
import { createVirtualList, type VirtualList } from './virtual-list.ts'

/** Parts of up to 256 rows that are kept for looking at. */
const PARTS_KEPT_MAX = 32

export interface ChainLog {
  readonly view: LogView
  readonly entries: number
  /** Of this log. */
  readonly findings: readonly Finding[]
}

export interface ChainPanel {
  readonly root: HTMLElement
  show(run: number, seq: number): Promise<void>
}

/** The logs one by one: what is known of each, who signed to hold how much, and its entries. */
export function createChainPanel(logs: readonly ChainLog[], engine: Engine): ChainPanel {
  const choice = element(
    'select',
    { id: 'log' },
    ...logs.map(({ view, entries }, i) =>
      element('option', { value: i }, `${view.name} · ${countOf(entries, 'entry', 'entries')}`),
    ),
  )
  const body = element('div', {})
  let list: VirtualList | undefined

  function choose(at: number): void {
    choice.selectedIndex = at
    const log = logs[at]
    if (log === undefined) return
    list = createEntryList(log, engine)
    body.replaceChildren(drawFacts(log.view.facts), drawReceipts(log.view), drawJump(log, show), list.root)
  }

  async function show(run: number, seq: number): Promise<void> {
    const at = logs.findIndex(({ view }) => view.run === run)
    if (at < 0) return
    if (at !== choice.selectedIndex || list === undefined) choose(at)
    const row = await engine.find(run, seq)
    list?.root.scrollIntoView({ block: 'center' })
    if (row !== undefined) list?.show(row)
  }

  choice.addEventListener('change', () => choose(choice.selectedIndex))
  choose(0)
  return {
    root: element(
      'section',
      { class: 'card', 'aria-labelledby': 'logs' },
      element('h2', { id: 'logs' }, 'Logs, entry by entry'),
      element('label', { class: 'field', for: 'log' }, 'Log'),
      choice,
      body,
    ),
    show,
  }
}

function drawReceipts({ receipts }: LogView): HTMLElement {
  if (receipts.length === 0) return element('p', { class: 'empty' }, 'No other nation has signed to hold any of it.')
  return element(
    'details',
    { open: receipts.length <= 12, class: 'receipts' },
    element('summary', {}, `${countOf(receipts.length, 'nation')} signed to hold it`),
    element(
      'ul',
      { class: 'receipt-list' },
      ...receipts.map(({ nation, share, sentence }) => {
        const meter = element('meter', { min: 0, max: 1, value: share, 'aria-hidden': 'true' })
        return element('li', { class: 'receipt' }, element('strong', {}, nation), meter, element('span', {}, sentence))
      }),
    ),
  )
}

function drawJump({ view }: ChainLog, show: ChainPanel['show']): HTMLElement {
  const input = element('input', { id: 'seq', type: 'number', min: 0, step: 1, inputmode: 'numeric' })
  const form = element(
    'form',
    { class: 'jump' },
    element('label', { for: 'seq' }, 'Go to entry'),
    input,
    element('button', { class: 'quiet' }, 'Go'),
  )
  form.addEventListener('submit', event => {
    event.preventDefault()
    if (input.value !== '') void show(view.run, input.valueAsNumber)
  })
  return form
}

function createEntryList({ view, entries, findings }: ChainLog, engine: Engine): VirtualList {
  const parts = new Map<number, readonly EntryRow[]>()
  const asked = new Set<number>()

  function rowAt(row: number): EntryRow | undefined {
    for (const [from, rows] of parts) if (row >= from && row < from + rows.length) return rows[row - from]
    return undefined
  }

  async function load(row: number): Promise<void> {
    if (asked.size > 0) return
    asked.add(row)
    const { from, rows } = await engine.rows(view.run, row)
    asked.delete(row)
    if (parts.size >= PARTS_KEPT_MAX) parts.delete(parts.keys().next().value!)
    parts.set(from, rows)
    list.refresh()
  }

  const list = createVirtualList({
    label: `Entries of ${view.name}`,
    count: entries,
    head: ['Entry', 'Time, as its author says', 'Kind', 'Leaf hash', 'Body', 'State'],
    draw(row) {
      const entry = rowAt(row)
      if (entry === undefined) void load(row)
      return drawRow(entry, rowAt(row - 1), view, findings)
    },
  })
  return list
}

function drawRow(
  entry: EntryRow | undefined,
  before: EntryRow | undefined,
  { receipts }: LogView,
  findings: readonly Finding[],
): HTMLElement {
  const cell = (text: string, attributes: Record<string, string> = {}) =>
    element('span', { role: 'cell', title: text, ...attributes }, text)
  const row = element('div', { class: 'row', role: 'row' })
  if (entry?.kind === 'entry' && before?.kind === 'entry' && entry.seq !== before.seq + 1) row.classList.add('jumped')
  if (entry === undefined) {
    row.append(cell('…'))
  } else if (entry.kind === 'unreadable') {
    row.append(cell('?'), cell(`These bytes cannot be read: ${entry.why}`, { class: 'wide bad' }))
  } else {
    const { tone, text } = stateOf(findings, entry.seq)
    const held = receipts.filter(({ size }) => size === entry.seq + 1).map(({ nation }) => nation)
    const heldText = held.length === 0 ? '' : ` · ${held.join(', ')} held all up to here`
    row.append(
      cell(entry.seq.toLocaleString('en')),
      cell(momentOf(entry.timeMs)),
      cell(entry.what),
      cell(entry.leaf, { class: 'hash' }),
      cell(bodyText(entry)),
      cell(`${text}${heldText}`, { class: `state ${tone}` }),
    )
  }
  return row
}

function bodyText({ bodyBytes, bodyHere }: Extract<EntryRow, { readonly kind: 'entry' }>): string {
  const size = bodyBytes.toLocaleString('en')
  return bodyHere ? `${size} B` : `${size} B, not here`
}
