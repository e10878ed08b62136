import { element } from './element.ts'

/** A list of any length, of which only the rows in sight are in the document. */
export interface VirtualList {
  readonly root: HTMLElement
  /** Scrolls to a row and marks it. */
  show(row: number): void
  /** Draws the rows in sight again. */
  refresh(): void
}

const ROW_PX = 32
const ROWS_AROUND = 8
/** Browsers stop making elements taller somewhere above; beyond it the scroll bar stands for more rows than pixels. */
const HEIGHT_PX_MAX = 8_000_000

export function createVirtualList(options: {
  readonly label: string
  readonly count: number
  readonly head: readonly string[]
  readonly draw: (row: number) => HTMLElement
}): VirtualList {
  const { count, draw } = options
  const heightPx = Math.min(count * ROW_PX, HEIGHT_PX_MAX)
  const rows = element('div', { class: 'rows', role: 'rowgroup' })
  const space = element('div', { class: 'space' }, rows)
  space.style.height = `${heightPx}px`
  const scroller = element('div', { class: 'scroller', tabindex: 0, 'aria-label': options.label, role: 'group' }, space)
  const head = element(
    'div',
    { class: 'row head', role: 'row' },
    ...options.head.map(name => element('span', { role: 'columnheader' }, name)),
  )
  const root = element('div', { class: 'list', role: 'table', 'aria-label': options.label, 'aria-rowcount': count + 1 })
  root.append(head, scroller)

  let target: number | undefined

  /** Pixels of scrolling for one row. */
  const stepPx = () => (heightPx - scroller.clientHeight) / Math.max(1, count - scroller.clientHeight / ROW_PX)
  const firstInSight = () => (heightPx < HEIGHT_PX_MAX ? scroller.scrollTop / ROW_PX : scroller.scrollTop / stepPx())

  function refresh(): void {
    const top = Math.floor(firstInSight())
    const from = Math.max(0, top - ROWS_AROUND)
    const until = Math.min(count, top + Math.ceil(scroller.clientHeight / ROW_PX) + ROWS_AROUND)
    const offsetPx = heightPx < HEIGHT_PX_MAX ? from * ROW_PX : scroller.scrollTop - (top - from) * ROW_PX
    rows.style.transform = `translateY(${offsetPx}px)`
    rows.replaceChildren(
      ...Array.from({ length: Math.max(0, until - from) }, (_, i) => {
        const drawn = draw(from + i)
        drawn.setAttribute('aria-rowindex', String(from + i + 2))
        drawn.classList.toggle('target', from + i === target)
        return drawn
      }),
    )
  }

  scroller.addEventListener('scroll', () => requestAnimationFrame(refresh), { passive: true })
  new ResizeObserver(refresh).observe(scroller)
  return {
    root,
    refresh,
    show(row) {
      target = row
      scroller.scrollTop = (heightPx < HEIGHT_PX_MAX ? ROW_PX : stepPx()) * Math.max(0, row - 2)
      refresh()
      scroller.focus({ preventScroll: true })
    },
  }
}
