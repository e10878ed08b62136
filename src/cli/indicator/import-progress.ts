import { SingleBar } from 'cli-progress'
import type { CliContext } from '../terminal/context.ts'

/** How far an import has come, on a terminal where somebody waits for it. */
export interface ImportProgress extends Disposable {
  /** Bytes of the file that were read since the last time. */
  read(bytes: number): void
  rows(count: number): void
}

const MIB = 1024 * 1024
const SILENT: ImportProgress = { read() {}, rows() {}, [Symbol.dispose]() {} }

/** `bytesTotal` undefined: it is not known how much there is, and nothing is shown. */
export function openImportProgress(context: CliContext, name: string, bytesTotal: number | undefined): ImportProgress {
  const { stderr } = context
  if (stderr.isTTY !== true || context.quiet() || bytesTotal === undefined) return SILENT
  const format = '{name} {bar} {percentage}% of {mib} MiB, {rows} rows'
  const bar = new SingleBar({ stream: stderr, format, clearOnComplete: true, gracefulExit: false })
  const mib = (bytesTotal / MIB).toFixed(1)
  bar.start(bytesTotal, 0, { name, mib, rows: 0 })
  return {
    read: bytes => bar.increment(bytes),
    rows: count => bar.update({ rows: count }),
    [Symbol.dispose]: () => bar.stop(),
  }
}
