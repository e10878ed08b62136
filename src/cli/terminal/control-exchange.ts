import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { z } from 'zod'
import { concat } from '../../base/bytes.ts'
import { CODES, type ErrorCode } from '../../base/codes.ts'
import { StoreError, type TocsinError, UserError } from '../../base/errors.ts'
import type { Home } from '../../node/home/home.ts'

/** HTTP over the control socket of a daemon, and its errors as if they had been thrown here. */

const ANSWER_BYTES_MAX = 512 * 1024 * 1024

export interface Target {
  readonly agent: Agent
  readonly socketPath: string
  readonly method: string
  readonly path: string
  readonly token: string | undefined
}

export interface Answer {
  readonly status: number
  readonly json: unknown
}

/** One question and its answer, within `timeoutMs`. */
export function exchange(target: Target, body: string | undefined, timeoutMs: number): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const sent = ask(target, body, AbortSignal.timeout(timeoutMs))
  sent.once('error', reject)
  sent.once('response', response => answerOf(response).then(resolve, reject))
  sent.end(body)
  return promise
}

/** The same with a body that is as long as it is, sent as fast as it is taken; an answer ends it. */
export async function upload(target: Target, pieces: AsyncIterable<Uint8Array>, timeoutMs: number): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  // It may fail before the pieces have come to be waited for.
  promise.catch(() => {})
  const answered = new AbortController()
  const { token, ...where } = target
  const headers = { 'Content-Type': 'application/octet-stream', ...(token && { Authorization: `Bearer ${token}` }) }
  const sent = request({ ...where, headers, signal: AbortSignal.timeout(timeoutMs) })
  sent.once('error', error => {
    answered.abort()
    reject(error)
  })
  sent.once('response', response => {
    answered.abort()
    answerOf(response).then(resolve, reject)
  })
  try {
    for await (const piece of pieces) {
      if (answered.signal.aborted) break
      if (!sent.write(piece)) await once(sent, 'drain', { signal: answered.signal }).catch(() => {})
    }
    sent.end()
  } catch (error) {
    sent.destroy()
    reject(error)
  }
  return promise
}

function ask({ token, ...where }: Target, body: string | undefined, signal?: AbortSignal): ClientRequest {
  const headers = {
    Accept: 'application/json, application/x-ndjson, application/octet-stream',
    ...(body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  }
  return request({ ...where, headers, ...(signal && { signal }) })
}

function answerOf(response: IncomingMessage): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const chunks: Buffer[] = []
  let length = 0
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (length > ANSWER_BYTES_MAX) response.destroy(answerInvalid(`has more than ${ANSWER_BYTES_MAX} bytes`))
  })
  response.once('error', reject)
  response.once('end', () => {
    try {
      resolve({ status: response.statusCode ?? 0, json: JSON.parse(Buffer.concat(chunks).toString('utf8')) })
    } catch (cause) {
      reject(answerInvalid('is no JSON', cause))
    }
  })
  return promise
}

/** Resolves once it is known that bytes follow, and no refusal. */
export async function openStream(
  target: Target,
  body: string | undefined,
  idleMs: number,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = ask(target, body, signal)
  sent.setTimeout(idleMs, () => sent.destroy(Object.assign(new Error('nothing came'), { code: 'ABORT_ERR' })))
  sent.once('error', reject)
  sent.once('response', resolve)
  sent.end(body)
  const response = await promise
  if (response.statusCode === 200) return response
  throw refusalOf((await answerOf(response)).json)
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    all.push(piece)
    length += piece.length
    if (length > ANSWER_BYTES_MAX) throw answerInvalid(`has more than ${ANSWER_BYTES_MAX} bytes`)
  }
  return concat(...all)
}

export async function* piecesOf(
  response: IncomingMessage,
  failure: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of response) yield piece
  } catch (error) {
    throw failure(error)
  }
}

function answerInvalid(what: string, cause?: unknown): StoreError {
  const fix = 'Check that what answers at the control socket is a daemon of this version of Tocsin.'
  return new StoreError('api-answer-invalid', `the answer of the daemon ${what}`, { fix, cause })
}

const refusal = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    fix: z.string(),
    data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
})

/** The daemon's error as if it had been thrown here. */
export function refusalOf(json: unknown): TocsinError {
  const parsed = refusal.safeParse(json)
  if (!parsed.success) return answerInvalid('is neither a result nor an error')
  const { code, message, fix, data } = parsed.data.error
  // A daemon of a later version may have codes that are not known here.
  if (!Object.hasOwn(CODES, code)) return new UserError('internal', `${code}: ${message}`, { fix, data })
  return new UserError(code as ErrorCode, message, { fix, data })
}

export function connectionError(error: unknown, home: Home, timeoutMs: number): unknown {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return notRunning(home, error)
    case 'EACCES':
    case 'EPERM':
      return new UserError('daemon-unreachable', `${home.socket} belongs to another user`, {
        fix: 'Run this command as the user that runs the daemon.',
        cause: error,
      })
    case 'ABORT_ERR':
      return new UserError('daemon-timeout', `the daemon did not answer within ${timeoutMs / 1000} s`, {
        fix: 'It may be busy: look at its log, try again, or allow more time with --timeout SECONDS.',
        cause: error,
      })
    case 'ECONNRESET':
    case 'EPIPE':
      return new UserError('daemon-gone', 'the daemon ended before it answered', {
        fix: 'Look at its log, start it with "tocsin start", and run this command again.',
        cause: error,
      })
    case 'ENAMETOOLONG':
    case 'EINVAL':
      return new UserError('socket-path-too-long', `${home.socket} is too long for the path of a socket`, {
        fix: 'Choose a home with a shorter path.',
        cause: error,
      })
    default:
      return error
  }
}

function notRunning(home: Home, cause: unknown): UserError {
  if (!existsSync(home.config)) {
    return new UserError('home-missing', `${home.path} holds no Tocsin node`, {
      fix: 'Run "tocsin nation create" first, or name the home with --home DIR or TOCSIN_HOME.',
      cause,
    })
  }
  return new UserError('daemon-not-running', `no daemon is running for ${home.path}`, {
    fix: 'Start it with "tocsin start".',
    cause,
  })
}
