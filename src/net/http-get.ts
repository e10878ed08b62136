import type { IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createGunzip } from 'node:zlib'
import { UserError } from '../base/errors.ts'
import { isLoopbackHost } from '../base/loopback.ts'

/** What a server answered; the body is unpacked. */
export interface HttpAnswer {
  readonly status: number
  /** By name in lower case; several of one name joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface HttpGet {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Who may have signed the certificate of the server, in PEM, in place of those that the system trusts. */
  readonly ca?: string
  /** Over the wire without TLS to other machines too. */
  readonly plainHttp: boolean
  /** Unpacked. */
  readonly bodyBytesMax: number
  /** Of the whole exchange. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

const REDIRECTS_MAX = 5
/** Without a byte for so long a server has gone. */
const IDLE_MS = 30_000
const HEADER_BYTES_MAX = 32 * 1024
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * One GET to a server of the operator's choice. Follows redirects within that server only, since credentials go along.
 * Throws UserError `feed-unreachable` where no answer comes, `feed-answer-invalid` where it is none or too large.
 */
export async function httpGet(get: HttpGet): Promise<HttpAnswer> {
  const signal = AbortSignal.any([get.signal, AbortSignal.timeout(get.timeoutMs)])
  let { url } = get
  for (let hops = 0; ; hops++) {
    const answer = await exchange({ ...get, url, signal })
    const { location } = answer.headers
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer
    if (hops === REDIRECTS_MAX) throw invalid(url, `it redirects more than ${REDIRECTS_MAX} times`)
    url = redirected(url, location)
  }
}

/** Whether what goes there can be read on the way by nobody else. */
function isSheltered({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopbackHost(hostname)
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (to?.origin === from.origin) return to
  throw new UserError('feed-answer-invalid', `${from.origin} redirects to another server, which is not followed`, {
    fix: 'Where that is right, put its address into config.yaml.',
  })
}

async function exchange(get: HttpGet): Promise<HttpAnswer> {
  const { url, signal } = get
  if (!get.plainHttp && !isSheltered(url)) {
    throw new UserError('feed-unreachable', `${url.origin} is not https`, {
      fix: 'Use https, or say plainHttp: true where nobody else is on that network.',
    })
  }
  try {
    const response = await open(get)
    return { status: response.statusCode ?? 0, headers: headersOf(response), body: await bodyOf(response, get) }
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError('feed-unreachable', `${url.origin} does not answer: ${reasonOf(cause, signal)}`, { cause })
  }
}

function open({ url, headers, ca, signal }: HttpGet): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const options = {
    headers: { 'accept-encoding': 'gzip', 'user-agent': 'tocsin', ...headers },
    maxHeaderSize: HEADER_BYTES_MAX,
    signal,
    timeout: IDLE_MS,
    agent: false,
  }
  const request =
    url.protocol === 'https:'
      ? httpsRequest(url, { ...options, ...(ca !== undefined && { ca }) }, resolve)
      : httpRequest(url, options, resolve)
  request.on('timeout', () => request.destroy(new Error('nothing came for too long')))
  request.on('error', reject)
  request.end()
  return promise
}

/** The body, unpacked as it comes, so that no more of it is held than is allowed. */
async function bodyOf(response: IncomingMessage, { url, bodyBytesMax }: HttpGet): Promise<Uint8Array> {
  let held = new Uint8Array(FIRST_BYTES)
  let bytes = 0
  const packed = /^(?:x-)?gzip$/i.test(response.headers['content-encoding']?.trim() ?? '')
  const unpacked = packed ? response.pipe(createGunzip()) : response
  if (packed) response.on('error', error => unpacked.destroy(error))
  try {
    for await (const piece of unpacked as AsyncIterable<Uint8Array>) {
      const end = bytes + piece.length
      if (end > bodyBytesMax) throw invalid(url, `it has more than ${bodyBytesMax} bytes`)
      if (end > held.length) held = grown(held, Math.max(end, 2 * held.length))
      held.set(piece, bytes)
      bytes = end
    }
  } finally {
    response.destroy()
  }
  if (!response.complete) throw new Error('the answer was cut off')
  return held.subarray(0, bytes)
}

const FIRST_BYTES = 64 * 1024

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length)
  larger.set(bytes)
  return larger
}

function headersOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const named = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value])
  return Object.fromEntries(named.filter(([, value]) => value !== undefined))
}

function reasonOf(cause: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it takes too long'
  if (!(cause instanceof Error)) return String(cause)
  const code = 'code' in cause ? String(cause.code) : ''
  return WORDS[code] ?? cause.message
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNRESET: 'it closed the connection',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself; name it as caFile where it is the right one',
  SELF_SIGNED_CERT_IN_CHAIN: 'nobody that is trusted here signed its certificate; name its CA as caFile',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'nobody that is trusted here signed its certificate; name its CA as caFile',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'nobody that is trusted here signed its certificate; name its CA as caFile',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

function invalid({ origin }: URL, what: string): UserError {
  return new UserError('feed-answer-invalid', `the answer of ${origin} cannot be used: ${what}`)
}
