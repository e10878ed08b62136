import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { readU64be, u64be } from '../../base/bytes.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { backoffMs } from '../../net/backoff.ts'
import type { Store } from '../../store/store.ts'
import { createOutage, type Outage } from '../mechanisms/outage.ts'
import { cefMessage, type SyslogSource } from '../mechanisms/syslog-message.ts'
import { openSyslogSender, type SyslogSender } from '../mechanisms/syslog-sender.ts'
import type { SyslogTarget } from '../mechanisms/syslog-target.ts'

/** Lines on their way to a syslog receiver: in a file until all are sent, each at least once. */
export interface ExportSpool {
  /** Bytes that are still to be sent; as long as there are any nothing may be put in the place of the file. */
  unsentBytes(): number
  /** Whether the receiver can be reached. */
  readonly outage: Pick<Outage, 'reason' | 'sinceMs'>
  /** There is something in the file. */
  wake(): Promise<void>
  stop(): Promise<void>
}

export interface ExportSpoolOptions {
  readonly name: string
  readonly path: string
  readonly target: SyslogTarget
  /** Reads whom a tls receiver is vouched for by, as PEM. */
  readonly readCa: () => Promise<string | undefined>
  readonly source: SyslogSource
  readonly store: Pick<Store, 'note' | 'commit'>
  readonly clock: Clock
  readonly logger: Logger
}

const CHUNK_BYTES = 64 * 1024
/** Syslog acknowledges nothing: a connection that breaks within it has not delivered what was sent last. */
const DOUBTFUL_MS = 1_000

export async function openExportSpool(options: ExportSpoolOptions): Promise<ExportSpool> {
  const { path, target, store, clock, logger } = options
  const note = `export-sent/${options.name}`
  const stopping = new AbortController()
  const outage = createOutage(clock, {
    began: problem => logger.warn({ export: options.name, problem }, 'an export does not reach syslog'),
    ended: () => logger.info({ export: options.name }, 'an export reaches its syslog receiver again'),
  })
  let unsent = await remaining()
  let running: Promise<void> | undefined

  async function remaining(): Promise<number> {
    const size = await stat(path).then(
      ({ size }) => size,
      () => 0,
    )
    return Math.max(0, size - (await sentBytes()))
  }

  async function sentBytes(): Promise<number> {
    const bytes = await store.note(note)
    return bytes?.length === 8 ? readU64be(bytes) : 0
  }

  const save = (sent: number) => store.commit({ notes: new Map([[note, u64be(sent)]]) })

  async function run(): Promise<void> {
    while (unsent > 0 && !stopping.signal.aborted) {
      let sender: SyslogSender | undefined
      try {
        sender = await openSyslogSender(target, await options.readCa())
        await sendAll(sender)
        outage.works()
      } catch (cause) {
        if (stopping.signal.aborted) return
        outage.failed(cause instanceof Error ? cause.message : String(cause))
        await pause(backoffMs(outage.failures(), Math.random()), undefined, { signal: stopping.signal }).catch(() => {})
      } finally {
        sender?.close()
      }
    }
  }

  async function sendAll(sender: SyslogSender): Promise<void> {
    await using file = await open(path, 'r')
    let at = await sentBytes()
    for (;;) {
      stopping.signal.throwIfAborted()
      const lines = await linesFrom(file, at)
      if (lines.bytes === 0) break
      await sender.send(lines.texts.map(text => cefMessage(text, clock.now(), options.source)))
      at += lines.bytes
      // Not 0 before it is over: then the file may be replaced.
      unsent = Math.max(1, unsent - lines.bytes)
      await save(at)
    }
    await Promise.race([pause(DOUBTFUL_MS, undefined, { signal: stopping.signal }), sender.broken])
    // In this order: a crash in between sends all again, and never skips what comes next.
    await save(0)
    await rm(path)
    unsent = 0
  }

  return {
    unsentBytes: () => unsent,
    outage,
    async wake() {
      unsent = await remaining()
      running ??= run().finally(() => (running = undefined))
    },
    async stop() {
      stopping.abort()
      await running?.catch(() => {})
    },
  }
}

/** Whole lines of one chunk; a line that is longer than it is taken as far as it goes. */
async function linesFrom(file: FileHandle, at: number) {
  const chunk = Buffer.alloc(CHUNK_BYTES)
  const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at)
  const end = chunk.subarray(0, bytesRead).lastIndexOf(0x0a) + 1
  const bytes = end === 0 ? bytesRead : end
  const texts = chunk
    .subarray(0, bytes)
    .toString('utf8')
    .split('\n')
    .filter(text => text !== '')
  return { texts, bytes }
}
