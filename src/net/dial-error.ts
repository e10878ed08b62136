import type { ErrorCode } from '../base/codes.ts'

/** Why a peer is not connected: a stable code and a sentence for `peer list`. */
export interface DialFault {
  readonly code: ErrorCode
  readonly message: string
}

interface Reason {
  readonly pattern: RegExp
  readonly code: ErrorCode
  readonly message: string
}

/** In this order: the first that matches the name, code or message of an error, or of one within it. */
const REASONS: readonly Reason[] = [
  {
    pattern: /net-not-relayed/,
    code: 'net-not-relayed',
    message: 'our edge reaches nothing at its addresses, or does not relay for this node',
  },
  {
    pattern: /UnexpectedPeerError|does not match expected remote identity/,
    code: 'net-wrong-key',
    message: 'another key answers at that address: the address or the registry is out of date',
  },
  {
    pattern: /DialDeniedError|ConnectionInterceptedError/,
    code: 'net-refused',
    message: 'we do not admit this key: no valid document names it, or it was cut off for what it sent',
  },
  { pattern: /ECONNREFUSED/, code: 'net-unreachable', message: 'nothing listens at that address' },
  { pattern: /ENOTFOUND|EAI_AGAIN|EAI_FAIL/, code: 'net-unreachable', message: 'the host name does not resolve' },
  {
    pattern: /EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/,
    code: 'net-unreachable',
    message: 'there is no route to that address',
  },
  {
    pattern: /TimeoutError|AbortError|ETIMEDOUT|timed? ?out/i,
    code: 'net-unreachable',
    message: 'no answer in time: a firewall, or the host is down',
  },
  {
    pattern: /ConnectionClosedError|EncryptionFailedError|ECONNRESET|EPIPE|unexpected end|closed|reset/i,
    code: 'net-not-admitted',
    message: 'the other side closed the connection at the handshake: it does not admit our key, or not yet',
  },
]

/** The stable code and sentence for whatever libp2p's dial threw. */
export function dialFault(error: unknown): DialFault {
  const text = textOf(error)
  const reason = REASONS.find(each => each.pattern.test(text))
  return reason ?? { code: 'net-unreachable', message: `the connection failed: ${text.slice(0, 200)}` }
}

function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  return `${error.name}${code}: ${error.message}`
}
