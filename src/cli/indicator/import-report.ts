import { UserError } from '../../base/errors.ts'
import { visibleText } from '../../base/visible-text.ts'
import type { ImportCounts, ImportTally, Remark } from '../../node/orders/import-tally.ts'
import type { Shape } from '../terminal/output.ts'

/** What became of one file. */
export interface ImportReport extends ImportCounts {
  readonly file: string
  readonly warnings: readonly Remark[]
  readonly refusals: readonly Remark[]
  /** Where the refused rows are; empty where there are none. */
  readonly deadLetter: string
  readonly dryRun: boolean
  readonly seconds: number
}

export const COUNT_COLUMNS: Shape<ImportCounts>['columns'] = [
  { name: 'rows', cell: counts => counts.rows },
  { name: 'new', cell: counts => counts.new },
  { name: 'duplicate', cell: counts => counts.duplicate },
  { name: 'queued', cell: counts => counts.queued },
  { name: 'held', cell: counts => counts.held },
  { name: 'refused', cell: counts => counts.refused },
  { name: 'context', cell: counts => counts.context },
]

export const REPORTS: Shape<ImportReport> = {
  columns: [
    { name: 'file', cell: report => report.file },
    ...COUNT_COLUMNS,
    { name: 'warnings', cell: report => report.warnings.reduce((sum, { count }) => sum + count, 0) },
    { name: 'seconds', cell: report => report.seconds },
    { name: 'refused_rows_in', cell: report => report.deadLetter },
  ],
}

/** `12 rows in = 9 new + 1 duplicate + 2 refused`. */
export function countsText(counts: ImportCounts & { readonly dryRun: boolean }): string {
  const { rows, duplicate, queued, held, refused, context, dryRun } = counts
  const parts = [`${counts.new} ${dryRun ? 'good' : 'new'}`]
  if (!dryRun || duplicate > 0) parts.push(`${duplicate} duplicate`)
  if (queued > 0) parts.push(`${queued} queued until a peer answers`)
  if (held > 0) parts.push(`${held} held for a second person`)
  parts.push(`${refused} refused`)
  const objects = context === 0 ? '' : ` (${context} of them objects of context)`
  return `${rows} rows in = ${parts.join(' + ')}${objects}`
}

/** What became of a file, and below it what was doubtful and what was refused. */
export function reportLines(report: ImportReport): readonly string[] {
  return [
    `${visibleText(report.file)}: ${countsText(report)}`,
    ...report.warnings.map(remark => remarkLine('warning', remark)),
    ...report.refusals.map(remark => remarkLine('refused', remark)),
    ...(report.deadLetter === '' ? [] : [`  what was refused is in ${report.deadLetter}`]),
  ]
}

function remarkLine(kind: string, { code, count, place, message }: Remark): string {
  return `  ${kind} ${code} (${count}): ${visibleText(place)}: ${visibleText(message)}`
}

/** Of a file as a whole: what stands in it is not what it should be. */
const DAMAGE = new Set(['import-format-unsupported', 'import-json-invalid', 'import-not-text'])

/** Throws where the file is damaged, or where nothing of it could be imported. */
export function assertUsable(file: string, tally: ImportTally): void {
  const damage = tally.refusals().find(({ code }) => DAMAGE.has(code))
  if (damage !== undefined) {
    throw new UserError(damage.code, `${file}: ${damage.place}: ${damage.message}`, {
      fix: 'What could be read was imported; check where the file comes from.',
    })
  }
  const { rows, refused } = tally.counts()
  if (rows > refused) return
  if (tally.refusals().some(({ code }) => code === 'import-distribution-limited')) {
    throw new UserError('import-distribution-limited', `${file}: its MISP keeps all that could be imported to itself`, {
      fix: 'Where it is yours to share with the alliance, add --restricted.',
    })
  }
  const what = rows === 0 ? 'holds no rows' : 'has no row that could be imported'
  throw new UserError('import-no-value', `${file} ${what}`, {
    fix: `Look how it is read: tocsin indicator import --explain ${file}`,
  })
}
