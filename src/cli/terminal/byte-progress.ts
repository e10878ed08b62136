import { SingleBar } from 'cli-progress'
import type { CliContext } from './context.ts'

/** How far a file has come, on a terminal where somebody waits for it. */
export interface ByteProgress extends Disposable {
  add(bytes: number): void
}

const MIB = 1024 * 1024
const SILENT: ByteProgress = { add() {}, [Symbol.dispose]() {} }

/** `bytesTotal` undefined: it is not known how much there will be. */
export function openByteProgress(context: CliContext, doing: string, bytesTotal: number | undefined): ByteProgress {
  const { stderr } = context
  if (stderr.isTTY !== true || context.quiet()) return SILENT
  const known = `${doing} {bar} {percentage}%, {mib} MiB, {eta_formatted} left`
  const format = bytesTotal === undefined ? `${doing} {mib} MiB` : known
  const bar = new SingleBar({ stream: stderr, format, clearOnComplete: true, gracefulExit: false })
  let bytes = 0
  bar.start(bytesTotal ?? Number.MAX_SAFE_INTEGER, 0, { mib: '0' })
  return {
    add(more) {
      bytes += more
      bar.update(bytes, { mib: (bytes / MIB).toFixed(1) })
    },
    [Symbol.dispose]: () => bar.stop(),
  }
}
