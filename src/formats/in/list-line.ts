import type { ErrorCode } from '../../base/codes.ts'
import { isDefanged, refang } from './defang.ts'
import { readValue, trimValue } from './value-text.ts'

/** One line of a list, taken apart: what it names, and what it says of it. */
export type ListLine =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'values'
      readonly texts: readonly string[]
      readonly comment: string
      readonly labels: readonly string[]
    }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string }

const NOTHING: ListLine = { kind: 'nothing' }
/** Comments, and lines that are drawn rather than written. */
const COMMENT_LINE = /^(?:#|;|!|\/\/|\[adblock|[-=*_~+|\s]*$)/i
const HOSTS_LINE =
  /^(?:0\.0\.0\.0|127\.0\.0\.1|255\.255\.255\.255|::1?|fe80::1%\w+|ff0[02]::[0-3])\s+([^#]+)(?:#\s*(.*))?$/
const HOSTS_OWN_NAMES = /^(?:localhost|localhost\.localdomain|local|broadcasthost|ip6-\w+|0\.0\.0\.0|127\.0\.0\.1)$/i
const DNSMASQ_LINE = /^(?:address|local|server)=\/(.+)\/[^/]*$/
const ADBLOCK_LINE = /^\|\|([^\s^$|*]+)\^?\|?(?:\$[\w,~=.|-]*)?$/
const UNBOUND_LINE = /^local-(?:zone|data):\s*"([^"\s]+)/
const BULLET = /^(?:[-*\u2022\u2023\u00b7\u2013\u2014]|\d{1,3}[.)])\s+/
const INLINE_COMMENT = /^(.*?)(?<!\s)\s+(?:#|;|\/\/)+\s*(.*)$/s
const FIRST_WORD = /^(\S+)(\s+)(.*)$/s
const SCORE = /^\d{1,9}$/

/** Lists plain, as hosts file, for dnsmasq, Unbound or an ad blocker, with wildcards, bullets, scores and comments. */
export function readListLine(line: string): ListLine {
  const text = line.trim()
  if (COMMENT_LINE.test(text)) return NOTHING
  return resolverLine(text) ?? plainLine(text.replace(BULLET, ''))
}

/** Whether the line has the form of a resolver's or ad blocker's rule. */
export function isResolverLine(line: string): boolean {
  return resolverLine(line.trim()) !== undefined
}

function resolverLine(text: string): ListLine | undefined {
  const hosts = HOSTS_LINE.exec(text)
  if (hosts !== null) return hostsLine(hosts[1]!.trim().split(/\s+/), hosts[2] ?? '')
  const dnsmasq = DNSMASQ_LINE.exec(text)
  if (dnsmasq !== null) return values(dnsmasq[1]!.split('/'))
  const unbound = UNBOUND_LINE.exec(text)
  if (unbound !== null) return values([unbound[1]!])
  if (text === 'server:') return refused('this is a section of a configuration')
  if (text.startsWith('@@')) return refused('this rule allows instead of blocking')
  const adblock = ADBLOCK_LINE.exec(text)
  return adblock === null ? undefined : values([adblock[1]!])
}

function hostsLine(names: readonly string[], comment: string): ListLine {
  const blocked = names.filter(name => !HOSTS_OWN_NAMES.test(name))
  return blocked.length > 0 ? values(blocked, comment) : refused('these are names that a machine gives to itself')
}

function plainLine(text: string): ListLine {
  if (isStixPattern(text)) return values([text])
  const [, before = text, comment = ''] = INLINE_COMMENT.exec(text) ?? []
  const line = trimValue(before)
  const words = FIRST_WORD.exec(line)
  if (words === null) return oneWord(line, comment)
  const [, first = '', gap = '', rest = ''] = words
  if (SCORE.test(rest)) return withLabels(oneWord(first, comment), [`score:${rest}`])
  const marked = line.split(/[\s|]+/).filter(word => isDefanged(word) && readValue(word).kind === 'value')
  if (standsApart(first, gap, rest)) {
    const remark = [rest.replace(/^[-*|:\s]+/, ''), comment].filter(part => part !== '').join(' \u2014 ')
    return values([first, ...marked.filter(word => word !== first)], remark)
  }
  return marked.length > 0 ? values(marked, text) : PROSE
}

/** In brackets, with a property and a string in it. */
function isStixPattern(text: string): boolean {
  const property = text.indexOf(':')
  return /^[[(]/.test(text) && /[\])]$/.test(text) && property > 0 && text.includes("'", property)
}

/** Whoever defangs a word says that it is an indicator, wherever it stands; other words of a sentence are none. */
const PROSE: ListLine = refused('this is a heading or prose, not one value')

/**
 * Whether a first word is the value and the rest a remark: an address or hash in any case; a name or URL, which also
 * starts sentences and may itself contain a space, only before a wide gap or a mark.
 */
function standsApart(first: string, gap: string, rest: string): boolean {
  const read = readValue(first)
  if (read.kind === 'refused') return false
  if (read.type !== 'domain' && read.type !== 'url') return true
  return gap.length > 1 || gap === '\t' || /^[-(|[\u2013\u2014]/.test(rest)
}

function oneWord(text: string, comment: string): ListLine {
  const plain = refang(text)
  if (/^\/[^/]/.test(plain)) return refused('this is a path without a host')
  if (/^(?:[a-z]:\\|\\\\|%\w+%)/i.test(plain)) return refused('this is a path on a machine')
  if (isRegularExpression(plain)) return refused('this is a regular expression, not one value')
  return values([text], comment)
}

const REGULAR_EXPRESSION = /^\^|\\[.\-dwsb]|\[[^\]]*[-^][^\]]*\]|\(\?|[.)\]][*+]|\{\d+,?\d*\}|\([^)]*\|[^)]*\)|\$$/

/** Longer than any host; what comes after that is no longer looked at. */
const HOST_LENGTH_MAX = 512

/** Judged by the host: paths and queries may hold any of these characters. */
function isRegularExpression(text: string): boolean {
  const [host = ''] = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').split('/')
  return REGULAR_EXPRESSION.test(host.slice(0, HOST_LENGTH_MAX))
}

function withLabels(line: ListLine, labels: readonly string[]): ListLine {
  return line.kind === 'values' ? { ...line, labels } : line
}

function values(texts: readonly string[], comment = ''): ListLine {
  return { kind: 'values', texts, comment, labels: [] }
}

function refused(reason: string): ListLine {
  return { kind: 'refused', code: 'import-not-an-indicator', reason }
}
