import { readFile } from 'node:fs/promises'
import type { Logger } from '../base/ports.ts'
import type { EvidenceBook } from './evidence-book.ts'
import { allianceFileOf } from './founding-alliance.ts'
import { type Home, writeWhole } from './home.ts'
import { createWorkerLoop } from './worker-loop.ts'

/** Documents come in bursts: they are written together. */
const QUIET_MS = 500

export interface AllianceFileKeeper {
  /** Resolves when the file has what the node has now. */
  flush(): Promise<void>
  stop(): Promise<void>
}

/**
 * Keeps the alliance file of a home equal to the documents of its running node, so that a command without the daemon
 * reads the truth. `stop` writes what is still owed.
 */
export async function keepAllianceFile(
  home: Home,
  book: Pick<EvidenceBook, 'documentSet' | 'onChange'>,
  logger: Logger,
): Promise<AllianceFileKeeper> {
  let written = await readFile(home.alliance, 'utf8')
  let seen: unknown
  let timer: NodeJS.Timeout | undefined
  const writer = createWorkerLoop(write, error => {
    seen = undefined
    logger.error({ err: error, file: home.alliance }, 'the alliance file could not be written')
  })

  async function write(): Promise<void> {
    const documents = book.documentSet()
    if (documents === seen) return
    seen = documents
    const text = allianceFileOf(documents)
    if (text === written) return
    await writeWhole(home.alliance, text, { replace: true })
    written = text
  }

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      writer.wake()
    }, QUIET_MS)
  }

  book.onChange(schedule)
  schedule()
  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writer.wake()
    await writer.settled()
  }

  return { flush, stop: flush }
}
