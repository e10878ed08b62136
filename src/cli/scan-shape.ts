import type { MatchRelation } from '../indicator/matcher.ts'
import type { IndicatorView } from '../node/reading/indicator-reading.ts'
import { broken, defangedIndicator, nationsCell } from './indicator/indicator-shape.ts'
import type { Shape } from './terminal/output.ts'

/** An indicator that stands in a file. */
export interface FindRow {
  readonly file: string
  readonly line: number
  /** In bytes. */
  readonly column: number
  readonly relation: MatchRelation
  readonly indicator: IndicatorView
  /** The line, or what stands around the find. */
  readonly text: string
}

export const FINDS: Shape<FindRow> = {
  columns: [
    { name: 'file', cell: row => row.file },
    { name: 'line', cell: row => row.line },
    { name: 'column', cell: row => row.column },
    { name: 'relation', cell: row => row.relation },
    { name: 'type', cell: row => row.indicator.type },
    { name: 'value', cell: row => row.indicator.value },
    { name: 'nations', cell: row => nationsCell(row.indicator) },
    { name: 'tlp', cell: row => row.indicator.tlp },
    { name: 'state', cell: row => row.indicator.state },
    { name: 'score', cell: row => row.indicator.score },
    { name: 'labels', cell: row => row.indicator.labels.join('; ') },
  ],
  defanged: row => ({ ...row, indicator: defangedIndicator(row.indicator), text: broken(row.text) }),
}

export const FINDS_WITH_LINES: Shape<FindRow> = {
  ...FINDS,
  columns: [...FINDS.columns, { name: 'text', cell: row => row.text.trim() }],
}
