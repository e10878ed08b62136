import { asciiName, canonicalHostName, isAscii } from './domain.ts'
import { invalidValue, quoted } from './invalid.ts'
import { canonicalIpv4, canonicalIpv6 } from './ip.ts'
import { hasControls } from './text.ts'

/**
 * Schemes that a new URL indicator may have, with the port that goes without saying. Frozen: a port added here would
 * change canonical values that are already shared. A scheme may be added with port 0, which is none.
 */
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
  ['ws', 80],
  ['wss', 443],
  ['ftp', 21],
  ['ftps', 990],
  ['sftp', 22],
  ['ssh', 22],
  ['telnet', 23],
  ['tftp', 69],
  ['gopher', 70],
  ['ldap', 389],
  ['ldaps', 636],
  ['smb', 445],
  ['rtsp', 554],
  ['irc', 6667],
  ['ircs', 6697],
  ['tcp', 0],
  ['udp', 0],
  ['tls', 0],
  ['stratum+tcp', 0],
  ['stratum+ssl', 0],
  ['socks4', 0],
  ['socks5', 0],
  ['rdp', 3389],
  ['vnc', 5900],
  ['mqtt', 1883],
  ['mqtts', 8883],
])

const PORT_MAX = 65_535
const PARTS = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#[\s\S]*)?$/
const FOUR_DECIMAL = /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){3}$/
const UNRESERVED = /[A-Za-z0-9._~-]/

/** RFC 3986 §3: what may stand in a part as it is; everything else is percent-encoded. */
const NOT_IN_USERINFO = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~!$&'()*+,;=:-]/gu
const NOT_IN_PATH = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~!$&'()*+,;=:@/-]/gu
const NOT_IN_QUERY = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~!$&'()*+,;=:@/?-]/gu

interface Parts {
  readonly scheme: string
  readonly userinfo: string | undefined
  readonly host: string
  readonly port: string
  readonly path: string
  /** With its "?" or "#", or empty. */
  readonly query: string
  readonly fragment: string
}

/**
 * RFC 3986 §6.2.2 and §6.2.3, keeping what is evidence: case, parameter order and empty parts of path, query and
 * fragment, and the user information. Scheme and host in lower case, default port and dot segments removed,
 * percent-encoding in upper case and only where it is needed. Any scheme with an authority is taken.
 */
export function canonicalUrl(text: string): string {
  const parts = splitUrl(text)
  const userinfo = parts.userinfo === undefined ? '' : `${encodePart(parts.userinfo, NOT_IN_USERINFO)}@`
  const path = withoutDotSegments(encodePart(parts.path, NOT_IN_PATH))
  const query = parts.query && `?${encodePart(parts.query.slice(1), NOT_IN_QUERY)}`
  const fragment = parts.fragment && `#${encodePart(parts.fragment.slice(1), NOT_IN_QUERY)}`
  const port = canonicalPort(parts.port, parts.scheme)
  return `${parts.scheme}://${userinfo}${canonicalHost(parts.host)}${port}${path}${query}${fragment}`
}

/** The author's step before `canonicalUrl`: a scheme from the list, a Unicode host as `xn--`. */
export function asciiHostUrl(text: string): string {
  const parts = splitUrl(text)
  if (!DEFAULT_PORTS.has(parts.scheme))
    throw invalidValue(`${quoted(text)}: scheme ${quoted(parts.scheme)} is not taken`)
  if (isAscii(parts.host)) return text
  const userinfo = parts.userinfo === undefined ? '' : `${parts.userinfo}@`
  const port = parts.port && `:${parts.port}`
  return `${parts.scheme}://${userinfo}${asciiName(parts.host)}${port}${parts.path}${parts.query}${parts.fragment}`
}

/** The host of a canonical URL, without brackets. */
export function hostOfUrl(canonical: string): string {
  return splitUrl(canonical).host.replace(/^\[|\]$/g, '')
}

/** Whether a canonical URL names a user. */
export function hasUserinfo(canonical: string): boolean {
  return splitUrl(canonical).userinfo !== undefined
}

function splitUrl(text: string): Parts {
  if (hasControls(text)) throw invalidValue(`${quoted(text)}: a URL has no control characters`)
  const match = PARTS.exec(text)
  if (match === null) {
    throw invalidValue(`${quoted(text)}: a URL starts with a scheme and "://"`, 'Write http:// or https:// before it.')
  }
  const [, scheme = '', authority = '', path = '', query = '', fragment = ''] = match
  // Browsers end the host there, RFC 3986 does not: one of the two would block a bystander.
  if (authority.includes('\\')) throw invalidValue(`${quoted(text)}: a backslash before the path is read in two ways`)
  const at = authority.lastIndexOf('@')
  const { host, port } = splitHostPort(authority.slice(at + 1))
  return {
    scheme: scheme.toLowerCase(),
    userinfo: at < 0 ? undefined : authority.slice(0, at),
    host,
    port,
    path,
    query,
    fragment,
  }
}

function splitHostPort(text: string): { host: string; port: string } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(text)
  if (match === null) throw invalidValue(`${quoted(text)} is no host and port`)
  return { host: match[1] ?? '', port: match[2] ?? '' }
}

/** Numbers that only some parsers take for an address (`0x7f.1`, `2130706433`) stay as they are: the spelling is the evidence. */
function canonicalHost(written: string): string {
  const host = written.replace(/%[0-9A-Fa-f]{2}/g, decodeUnreserved)
  if (host.startsWith('[')) return `[${canonicalIpv6(host.slice(1, -1))}]`
  if (FOUR_DECIMAL.test(host)) return canonicalIpv4(host)
  return canonicalHostName(host)
}

function canonicalPort(port: string, scheme: string): string {
  if (port === '') return ''
  const number = Number(port)
  if (number > PORT_MAX) throw invalidValue(`port ${port.slice(0, 20)} is above ${PORT_MAX}`)
  return number === DEFAULT_PORTS.get(scheme) ? '' : `:${number}`
}

function encodePart(part: string, pattern: RegExp): string {
  return part.replace(pattern, found => {
    const isEncoded = found.length === 3 && found.startsWith('%')
    return isEncoded ? decodeUnreserved(found) : encodeURIComponent(found.toWellFormed())
  })
}

/** Of one `%xx`: the character if it needs no encoding, else the same in upper case. */
function decodeUnreserved(encoded: string): string {
  const char = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
  return UNRESERVED.test(char) ? char : encoded.toUpperCase()
}

/** RFC 3986 §5.2.4 for a path that follows an authority; an empty one becomes "/". */
function withoutDotSegments(path: string): string {
  if (!path.includes('/.')) return path === '' ? '/' : path
  const segments = path.split('/').slice(1)
  const out: string[] = []
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1
    if (segment === '..') out.pop()
    else if (segment !== '.') out.push(segment)
    if (last && (segment === '.' || segment === '..')) out.push('')
  }
  return `/${out.join('/')}`
}
