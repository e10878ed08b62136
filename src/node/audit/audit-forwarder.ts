import { setTimeout as pause } from 'node:timers/promises'
import { readU64be, u64be } from '../../base/bytes.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { backoffMs } from '../../net/backoff.ts'
import type { AuditLine } from '../../policy/audit-chain.ts'
import { auditHash } from '../../policy/audit-record.ts'
import type { Store } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { AuditRecord } from '../../wire/gen/store.ts'
import { createOutage } from '../mechanisms/outage.ts'
import { auditMessage, headMessage, type SyslogSource } from '../mechanisms/syslog-message.ts'
import { openSyslogSender, type SyslogSender } from '../mechanisms/syslog-sender.ts'
import type { SyslogTarget } from '../mechanisms/syslog-target.ts'

export interface AuditForwarderOptions {
  readonly store: Pick<Store, 'audit' | 'auditRecords' | 'note' | 'commit' | 'state'>
  readonly target: SyslogTarget
  readonly source: SyslogSource
  readonly clock: Clock
  readonly logger: Logger
  /** Between trials after the nth failure in a row. */
  readonly waitMs?: (failures: number) => number
}

export interface AuditForwarder {
  status(): ForwarderStatus
  /** Sends what there is, if that takes no longer than a second, and ends. */
  stop(): Promise<void>
}

export interface ForwarderStatus {
  /** Messages handed to the system, repeated ones too. */
  readonly sent: number
  /** Records that were removed from the log before they could be sent. */
  readonly dropped: number
  /** Records that are still to be sent. */
  readonly behind: number
  /** Since when nothing can be sent; undefined while it can. */
  readonly downSinceMs: number | undefined
  /** Why, empty while it can. */
  readonly error: string
}

const PAGE = 256
const POLL_MS = 100
const HEAD_EACH_MS = 3_600_000
const CURSOR_EACH_MS = 5_000
/** Syslog acknowledges nothing: what went out this short before a break is sent again. Records have numbers to tell by. */
const DOUBTFUL_MS = 5_000
/** A connection that has lasted so long has been a good one. */
const STEADY_MS = 5_000
const LAST_MS = 1_000
/** Of the store's notes: number of the next record to be sent. */
const CURSOR_NOTE = 'audit-sent'

/**
 * Sends the audit log to syslog as it grows. The log itself is the queue: nobody waits for it, a receiver that comes
 * back gets all that it has missed, and a crash between a record and its sending loses nothing. At each connection and
 * each hour the head of the chain is sent as well.
 */
export function startAuditForwarder(options: AuditForwarderOptions): AuditForwarder {
  const { store, target, source, clock, logger } = options
  const waitMs = options.waitMs ?? (failures => backoffMs(failures, Math.random()))
  const stopping = new AbortController()
  const outage = createOutage(clock, {
    began: problem => logger.warn({ problem }, 'the audit log does not reach syslog'),
    ended: () => logger.info({}, 'the audit log reaches syslog again'),
  })
  let sender: SyslogSender | undefined
  let cursor = 0
  let savedCursor = 0
  let savedMs = 0
  let sent = 0
  let dropped = 0
  /** What went out lately, oldest first. */
  let doubtful: { readonly from: number; readonly atMs: number }[] = []
  const running = run().catch(cause => logger.error({ err: cause }, 'forwarding the audit log failed'))

  async function run(): Promise<void> {
    const note = await store.note(CURSOR_NOTE)
    cursor = note?.length === 8 ? readU64be(note) : 0
    savedCursor = cursor
    do {
      try {
        sender = await openSyslogSender(target)
        await forward(sender)
      } catch (cause) {
        failed(cause)
        await rest(waitMs(outage.failures()))
      } finally {
        sender?.close()
        sender = undefined
      }
    } while (!stopping.signal.aborted)
    await saveCursor()
  }

  function failed(cause: unknown): void {
    outage.failed(failureText(cause))
    cursor = doubtful[0]?.from ?? cursor
    doubtful = []
  }

  async function forward(to: SyslogSender): Promise<void> {
    const openedMs = clock.now()
    let headMs = Number.NEGATIVE_INFINITY
    for (;;) {
      const nowMs = clock.now()
      if (nowMs - openedMs >= STEADY_MS) outage.works()
      if (nowMs - headMs >= HEAD_EACH_MS) {
        await sendHead(to)
        headMs = nowMs
      }
      if (await sendPage(to)) continue
      if (stopping.signal.aborted) return
      if (nowMs - savedMs >= CURSOR_EACH_MS) await saveCursor()
      await Promise.race([rest(POLL_MS), to.broken])
    }
  }

  async function sendHead(to: SyslogSender): Promise<void> {
    const { next, hash } = store.audit()
    if (next === 0) return
    await to.send([headMessage({ number: next - 1, hash }, clock.now(), source)])
    sent++
  }

  /** Whether there was anything to send. */
  async function sendPage(to: SyslogSender): Promise<boolean> {
    const { first, next } = store.audit()
    if (cursor < first) {
      dropped += first - cursor
      cursor = first
    }
    const lines = cursor < next ? await store.auditRecords(cursor, PAGE) : []
    if (lines.length === 0) return false
    const atMs = clock.now()
    doubtful = [...doubtful.filter(each => atMs - each.atMs < DOUBTFUL_MS), { from: cursor, atMs }]
    await to.send(lines.map(messageOf))
    sent += lines.length
    cursor += lines.length
    return true
  }

  function messageOf({ bytes }: AuditLine): string {
    return auditMessage(decodeLoose(AuditRecord, bytes, true), auditHash(bytes), source)
  }

  async function saveCursor(): Promise<void> {
    savedMs = clock.now()
    if (cursor === savedCursor || store.state !== 'open') return
    try {
      await store.commit({ notes: new Map([[CURSOR_NOTE, u64be(cursor)]]) })
      savedCursor = cursor
    } catch (cause) {
      logger.debug({ err: cause }, 'how far syslog has come could not be written down')
    }
  }

  async function rest(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: stopping.signal }).catch(() => {})
  }

  return {
    status() {
      const behind = Math.max(0, store.audit().next - cursor)
      return { sent, dropped, behind, downSinceMs: outage.sinceMs(), error: outage.reason() }
    },
    async stop() {
      stopping.abort()
      const late = setTimeout(() => sender?.close(), LAST_MS)
      // A receiver that does not answer at all is not waited for.
      await Promise.race([running, pause(2 * LAST_MS, undefined, { ref: false })])
      clearTimeout(late)
    },
  }
}

function failureText(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'EPROTOTYPE') {
    return 'the socket takes datagrams, which this program cannot send: use udp://127.0.0.1:514 or a stream socket of the receiver'
  }
  return cause instanceof Error ? cause.message : String(cause)
}
