import { setTimeout as pause } from 'node:timers/promises'
import { EMPTY, fromUtf8, utf8 } from '../../base/bytes.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { backoffMs } from '../../net/backoff.ts'
import type { Store } from '../../store/store.ts'
import type { WebhookConfig } from '../config/webhooks-config.ts'
import { createOutage } from '../mechanisms/outage.ts'
import type { ChangeEvent, ChangeReading } from '../reading/change-reading.ts'
import { batchOf, postBatch } from './webhook-post.ts'

export interface WebhookOptions {
  readonly config: WebhookConfig
  /** Asked for anew at each page: what a clearance means may change with the groups that it names. */
  reading(): ChangeReading
  secret(): Promise<Uint8Array>
  readonly store: Pick<Store, 'note' | 'commit'>
  readonly clock: Clock
  readonly logger: Logger
  /** Between trials after the nth failure in a row. */
  readonly waitMs?: (failures: number) => number
  readonly heldMs?: number
}

export interface WebhookStatus {
  readonly name: string
  /** Changes that were taken since the start. */
  readonly sent: number
  /** Since when nothing is taken; undefined while it is. */
  readonly downSinceMs: number | undefined
  /** It is refused, rather than not reached. */
  readonly held: boolean
  /** Why; empty while it is taken. */
  readonly reason: string
}

/** What is refused is tried again as rarely: somebody may have put the receiver right. */
const HELD_MS = 15 * 60_000
/** For what comes in many small commits to go as one batch. */
const GATHER_MS = 200
/** Far more than a page of what nobody here is told. */
const UNSAVED_PAGES_MAX = 64

/**
 * Sends what changes to one receiver: in order, at least once, one batch at a time, from where it was left when the node
 * last ran. The journal is the queue: a receiver that is away for a month gets what it has missed.
 */
export function startWebhook(options: WebhookOptions) {
  const { config, store, clock, logger } = options
  const { waitMs = failures => backoffMs(failures, Math.random()), heldMs = HELD_MS } = options
  /** Of the store's notes: where to go on. */
  const note = `webhook ${config.name}`
  const stopping = new AbortController()
  const { signal } = stopping
  const outage = createOutage(clock, {
    began: problem => logger.warn({ webhook: config.name, problem }, 'a webhook is not taken'),
    ended: () => logger.info({ webhook: config.name }, 'a webhook is taken again'),
  })
  let sent = 0
  let held = false
  const running = run().catch(error => {
    if (!signal.aborted) logger.error({ err: error, webhook: config.name }, 'a webhook failed')
  })

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await follow(await start())
      } catch (error) {
        if (signal.aborted) return
        await failed(error instanceof Error ? error.message : String(error), false, undefined)
      }
    }
  }

  async function start(): Promise<string> {
    const saved = fromUtf8((await store.note(note)) ?? EMPTY)
    if (saved !== '') return saved
    const cursor = config.from === 'all' ? '0' : await options.reading().changesNow()
    await save(cursor)
    return cursor
  }

  async function follow(from: string): Promise<void> {
    const { filter, batch } = config
    let unsaved = 0
    for (let after = from; !signal.aborted; ) {
      const reading = options.reading()
      const { promise: changed, resolve } = Promise.withResolvers<void>()
      const unlisten = reading.onChange(resolve)
      try {
        const { events, next, end } = await reading.changes({ ...filter, after, limit: batch })
        await send(events)
        well()
        unsaved++
        if (next !== after && (events.length > 0 || end || unsaved >= UNSAVED_PAGES_MAX)) {
          await save(next)
          unsaved = 0
        }
        after = next
        if (!end) continue
        await Promise.race([changed, aborted(signal)])
      } finally {
        unlisten()
      }
      await rest(GATHER_MS)
    }
  }

  async function send(events: readonly ChangeEvent[]): Promise<void> {
    for (let left = events; isFilled(left); ) {
      const { body, last } = batchOf(left, config.format)
      const count = left.indexOf(last) + 1
      await sendBatch(body)
      sent += count
      left = left.slice(count)
      if (isFilled(left)) await save(last.cursor)
    }
  }

  /** Resolves when it is taken. Rejects when the webhook is stopped. */
  async function sendBatch(body: Uint8Array): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      const secret = await options.secret()
      const posted = await postBatch({ to: config, secret, body, nowMs: clock.now(), signal })
      if (posted.kind === 'taken') return well()
      signal.throwIfAborted()
      await failed(posted.reason, posted.kind === 'refused', posted.kind === 'later' ? posted.afterMs : heldMs)
    }
  }

  function well(): void {
    outage.works()
    held = false
  }

  async function failed(why: string, isHeld: boolean, afterMs: number | undefined): Promise<void> {
    outage.failed(why)
    held = isHeld
    await rest(afterMs ?? waitMs(outage.failures()))
  }

  async function save(cursor: string): Promise<void> {
    await store.commit({ notes: new Map([[note, utf8(cursor)]]) })
  }

  function rest(ms: number): Promise<void> {
    return pause(ms, undefined, { signal, ref: false }).catch(() => {})
  }

  return {
    status(): WebhookStatus {
      return { name: config.name, sent, downSinceMs: outage.sinceMs(), held, reason: outage.reason() }
    },
    async stop(): Promise<void> {
      stopping.abort()
      await running
    },
  }
}

export type Webhook = ReturnType<typeof startWebhook>

function isFilled(events: readonly ChangeEvent[]): events is readonly [ChangeEvent, ...ChangeEvent[]] {
  return events.length > 0
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
