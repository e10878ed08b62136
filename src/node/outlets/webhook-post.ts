import { createHmac } from 'node:crypto'
import { parseRetryAfter } from '../../net/retry-after.ts'
import type { WebhookConfig } from '../config/webhooks-config.ts'
import { VERSION } from '../mechanisms/version.ts'
import type { ChangeEvent } from '../reading/change-reading.ts'

/** What became of a batch that was sent. */
export type Posted =
  | { readonly kind: 'taken' }
  /** Worth trying again, after `afterMs` where the receiver says so. */
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs: number | undefined }
  /** The receiver will not take it, however often. */
  | { readonly kind: 'refused'; readonly reason: string }

export interface Post {
  readonly to: WebhookConfig
  readonly secret: Uint8Array
  readonly body: Uint8Array
  readonly nowMs: number
  readonly signal: AbortSignal
}

/** A receiver that wants to wait for longer is asked once more all the same. */
const RETRY_AFTER_MS_MAX = 3_600_000
/** Of the answers that begin with 4: it is busy, not unwilling. */
const PASSING: ReadonlySet<number> = new Set([408, 423, 425, 429])
const REASON_LENGTH_MAX = 200

/**
 * Sends one batch. `Tocsin-Signature` is `t=SECONDS,v1=HEX`: HMAC-SHA256 by the secret over the decimal seconds, a dot,
 * and the body. The same batch has the same `Tocsin-Delivery`, so that a receiver knows it again. No redirect is followed,
 * and what the receiver says is not read.
 */
export async function postBatch({ to, secret, body, nowMs, signal }: Post): Promise<Posted> {
  const seconds = Math.floor(nowMs / 1000)
  const timeout = AbortSignal.timeout(to.timeoutSeconds * 1000)
  try {
    const answer = await fetch(to.url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
      headers: {
        'Content-Type': to.format === 'json' ? 'application/json' : 'application/x-ndjson',
        'User-Agent': `tocsin/${VERSION}`,
        'Tocsin-Webhook': to.name,
        'Tocsin-Delivery': createHmac('sha256', secret).update(body).digest('hex').slice(0, 32),
        'Tocsin-Signature': `t=${seconds},v1=${signatureOf(secret, seconds, body)}`,
      },
      body: Buffer.from(body),
    })
    await answer.body?.cancel()
    return judge(answer, nowMs)
  } catch (error) {
    const reason = timeout.aborted ? `no answer within ${to.timeoutSeconds} s` : reasonOf(error)
    return { kind: 'later', reason, afterMs: undefined }
  }
}

function signatureOf(secret: Uint8Array, seconds: number, body: Uint8Array): string {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex')
}

function judge({ ok, status, headers }: Response, nowMs: number): Posted {
  if (ok) return { kind: 'taken' }
  const reason = `it answers ${status}`
  if (status >= 300 && status < 400) return { kind: 'refused', reason: `${reason}, and redirects are not followed` }
  if (status >= 400 && status < 500 && !PASSING.has(status)) return { kind: 'refused', reason }
  return {
    kind: 'later',
    reason,
    afterMs: parseRetryAfter(headers.get('retry-after') ?? '', nowMs, RETRY_AFTER_MS_MAX),
  }
}

/** What fetch fails with says little; its cause is what happened. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const text = cause instanceof Error ? `${'code' in cause ? `${cause.code}: ` : ''}${cause.message}` : String(cause)
  return text.slice(0, REASON_LENGTH_MAX)
}

export interface Batch {
  readonly body: Uint8Array
  /** The last that is in it. */
  readonly last: ChangeEvent
}

/** Far below what receivers commonly take. */
const BODY_BYTES_MAX = 4 * 1024 * 1024

/** As many of the first events as one body holds. One that is too large by itself goes without the indicator's claims. */
export function batchOf(events: readonly [ChangeEvent, ...ChangeEvent[]], format: WebhookConfig['format']): Batch {
  const texts: string[] = []
  let bytes = 0
  for (const event of events) {
    const text = eventText(event)
    bytes += Buffer.byteLength(text) + 1
    if (texts.length > 0 && bytes > BODY_BYTES_MAX) break
    texts.push(text)
  }
  const body = format === 'json' ? `{"events":[${texts.join(',')}]}` : `${texts.join('\n')}\n`
  return { body: Buffer.from(body), last: events[texts.length - 1]! }
}

function eventText(event: ChangeEvent): string {
  const text = JSON.stringify(event)
  return text.length * 3 <= BODY_BYTES_MAX ? text : JSON.stringify({ ...event, indicator: null, oversize: true })
}
