import { SingleBar } from 'cli-progress'
import type { AuditPart } from '../../audit/part.ts'
import type { CliContext } from '../terminal/context.ts'

/** How far an export has come, on a terminal where somebody waits for it. */
export interface AuditProgress extends Disposable {
  see(part: AuditPart): void
}

/** The total is known once the logs are announced. */
export function openAuditProgress(context: CliContext, doing: string): AuditProgress {
  let total = 0
  let done = 0
  const bar = openEntriesBar(context, doing)
  return {
    see(part) {
      if (part.kind === 'log') total += part.size - part.from
      if (part.kind !== 'entries') return
      done += part.envelopes.length
      bar.show(done, total)
    },
    [Symbol.dispose]: () => bar[Symbol.dispose](),
  }
}

interface EntriesBar extends Disposable {
  show(entries: number, total: number): void
}

const SILENT: EntriesBar = { show() {}, [Symbol.dispose]() {} }

export function openEntriesBar(context: CliContext, doing: string): EntriesBar {
  const { stderr } = context
  if (stderr.isTTY !== true || context.quiet()) return SILENT
  const format = `${doing} {bar} {percentage}%, {value} of {total} entries, {eta_formatted} left`
  const bar = new SingleBar({ stream: stderr, format, clearOnComplete: true, gracefulExit: false })
  let started = false
  return {
    show(entries, total) {
      if (total === 0) return
      if (!started) bar.start(total, 0)
      started = true
      bar.setTotal(total)
      bar.update(entries)
    },
    [Symbol.dispose]: () => bar.stop(),
  }
}
