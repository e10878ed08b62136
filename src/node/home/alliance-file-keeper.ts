import { fromUtf8, utf8 } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import type { EvidenceSet } from '../../registry/evidence.ts'
import { documentItem, type EvidenceBook } from '../knowledge/evidence-book.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import { ALLIANCE_FILE_BYTES_MAX, parseAllianceFile } from './alliance-file.ts'
import { allianceFileOf, readInput } from './founding-alliance.ts'
import { type Home, writeWhole } from './home.ts'

/** Documents come in bursts: they are written together. */
const QUIET_MS = 500

export interface AllianceFileKeeper {
  /** Resolves when the file has what the node has now. */
  flush(): Promise<void>
  stop(): Promise<void>
}

/**
 * Keeps the alliance file of a home equal to the documents of its running node, so that a command without the daemon
 * reads the truth. What a command wrote while the node was starting is taken in first. `stop` writes what is still owed.
 */
export function keepAllianceFile(
  home: Home,
  book: Pick<EvidenceBook, 'apply' | 'documentSet' | 'onChange'>,
  logger: Logger,
): AllianceFileKeeper {
  let written: string | undefined
  /** What the file has; undefined while that is not known. */
  let kept: EvidenceSet | undefined
  let timer: NodeJS.Timeout | undefined
  const writer = createWorkerLoop(write, error => {
    logger.error({ err: error, file: home.alliance }, 'the alliance file could not be written')
  })

  async function write(): Promise<void> {
    kept = undefined
    const found = await readFound()
    if (found !== allianceFileOf(book.documentSet()) && found !== written) await takeIn(found)
    const documents = book.documentSet()
    const text = allianceFileOf(documents)
    if (text !== found) await writeWhole(home.alliance, text, { replace: true })
    written = text
    kept = documents
  }

  /** Undefined where nobody could read it. */
  function readFound(): Promise<string | undefined> {
    return readInput(home.alliance, ALLIANCE_FILE_BYTES_MAX)
      .then(fromUtf8)
      .catch(() => undefined)
  }

  async function takeIn(found: string | undefined): Promise<void> {
    try {
      const { documents } = parseAllianceFile(utf8(found ?? ''), home.alliance)
      await book.apply(documents.map(documentItem), 'alliance file')
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      logger.warn({ code: error.code, file: home.alliance }, 'the alliance file is damaged, and is written anew')
    }
  }

  function schedule(): void {
    if (book.documentSet() === kept) return
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
