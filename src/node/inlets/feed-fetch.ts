import { TocsinError, UserError } from '../../base/errors.ts'
import { type HttpAnswer, httpGet } from '../../net/http-get.ts'
import { parseRetryAfter } from '../../net/retry-after.ts'
import type { RemoteFeed } from '../config/feeds-config.ts'
import { readCapped, readSecret } from '../home/home.ts'
import type { Fetch } from './taxii-client.ts'

const CA_BYTES_MAX = 1024 * 1024
const RETRY_AFTER_MS_MAX = 86_400_000
const SECRET = /^[\x20-\x7e]{1,4096}$/

/**
 * GETs of a feed with its credentials, which are read anew, so that a new password is taken up by itself. Answers 200
 * and 304; throws UserError `feed-denied`, `feed-busy` with `data.retryAfterMs`, or `feed-answer-invalid` with
 * `data.status` for others, and what `httpGet` throws.
 */
export async function createFeedFetch(feed: RemoteFeed, signal: AbortSignal): Promise<Fetch> {
  const { auth, caFile, plainHttp, timeoutSeconds, mibMax } = feed
  const authorization = auth === undefined ? undefined : await authorizationOf(auth)
  const ca = caFile === undefined ? undefined : (await readCapped(caFile, CA_BYTES_MAX)).toString('utf8')
  return async (url, headers) => {
    const answer = await httpGet({
      url,
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      ...(ca !== undefined && { ca }),
      plainHttp,
      bodyBytesMax: mibMax * 1024 * 1024,
      timeoutMs: timeoutSeconds * 1000,
      signal,
    })
    if (answer.status === 200 || answer.status === 304) return answer
    throw refusalOf(url, answer)
  }
}

/** Whether a server understood what it was asked, and would not do it. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof TocsinError && typeof error.data?.status === 'number' ? error.data.status : undefined
}

export function retryAfterMs(error: unknown): number | undefined {
  return error instanceof TocsinError && typeof error.data?.retryAfterMs === 'number'
    ? error.data.retryAfterMs
    : undefined
}

async function authorizationOf(auth: NonNullable<RemoteFeed['auth']>): Promise<string> {
  if ('user' in auth) {
    const pair = `${auth.user}:${await readLine(auth.passwordFile)}`
    return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`
  }
  return 'bearerFile' in auth ? `Bearer ${await readLine(auth.bearerFile)}` : readLine(auth.headerFile)
}

async function readLine(path: string): Promise<string> {
  const line = Buffer.from(await readSecret(path))
    .toString('utf8')
    .trimEnd()
  if (SECRET.test(line)) return line
  throw new UserError('key-file-unreadable', `${path} holds no secret: it is to be one line of ASCII`)
}

function refusalOf({ origin, pathname }: URL, { status, headers }: HttpAnswer): UserError {
  const at = `${origin}${pathname}`
  if (status === 401 || status === 403) {
    return new UserError('feed-denied', `${at} answers ${status}: these credentials may not read it`, {
      fix: 'Check the file that auth names, and what the account may read.',
      data: { status },
    })
  }
  if (status === 429 || status === 503) {
    // Of a date, by the clock of the server itself.
    const waitMs = parseRetryAfter(headers['retry-after'] ?? '', Date.parse(headers.date ?? ''), RETRY_AFTER_MS_MAX)
    return new UserError('feed-busy', `${at} answers ${status}: it is asked too often, or has too much to do`, {
      data: { status, ...(waitMs !== undefined && { retryAfterMs: waitMs }) },
    })
  }
  return new UserError('feed-answer-invalid', `${at} answers ${status}`, { data: { status } })
}
