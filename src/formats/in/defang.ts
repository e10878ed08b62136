/**
 * Writers of advisories break indicators on purpose so that nobody clicks on them: `hxxps://evil[.]example`. `refang`
 * undoes every such habit that was met in published advisories, also where only a part of a value is broken.
 */

// Each begins where a run of brackets begins: from within the run it would find nothing more, in quadratic time.
const BRACKETED_DOT = /(?<![[({])[[({]+\s*(?:\.|dot)\s*[\])}]+|(?<!\[)\[+\.|\.\]+/gi
const BRACKETED_AT = /(?<![[({])[[({]+\s*(?:@|at)\s*[\])}]+/gi
const BRACKETED_SEPARATOR = /(?<![[({])[[({]+(:\/\/|:\\\\|:|\/)[\])}]+/g
const SCHEME = /^(?:h[tx*_]{2}p|meow)(s?)(?:\[s\])?:(?:\/\/|\\\\)/i
const SCHEME_WITH_BRACKETED_S = /^(h[tx*_]{2}p)[[({]s[\])}]/i
const FTP_SCHEME = /^(s?)f[tx]p(s?):(?:\/\/|\\\\)/i
const BREAKABLE = /[[({*\]]|^h[x_]|^ht[x_]|^meow|^s?fxp|:\\\\/i

/** The value as it was before it was defanged. Text without such marks comes back as it is; applying it twice changes nothing more. */
export function refang(text: string): string {
  if (!BREAKABLE.test(text)) return text
  return text
    .replace(BRACKETED_SEPARATOR, '$1')
    .replace(BRACKETED_DOT, '.')
    .replace(BRACKETED_AT, '@')
    .replace(SCHEME_WITH_BRACKETED_S, '$1s')
    .replace(SCHEME, (_, secure: string) => `http${secure.toLowerCase()}://`)
    .replace(FTP_SCHEME, (_, before: string, after: string) => `${before}ftp${after}://`.toLowerCase())
}

/** Whether `refang` would change it. */
export function isDefanged(text: string): boolean {
  return BREAKABLE.test(text) && refang(text) !== text
}

const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s

/** For terminals, which make links of what they show: `refang` gives the value back. */
export function defang(value: string): string {
  const url = URL_PARTS.exec(value)
  if (url === null) return breakHost(value)
  const [, scheme = '', authority = '', rest = ''] = url
  return `${breakScheme(scheme)}://${breakHost(authority)}${rest}`
}

/** Not beside a bracket of the value itself, which would be taken for one of ours. */
const BREAKING_POINT = /(?<![[({\])}])[.@](?![[({\])}])/g

function breakHost(host: string): string {
  return host.replaceAll(BREAKING_POINT, '[$&]')
}

function breakScheme(scheme: string): string {
  if (scheme === 'http' || scheme === 'https') return scheme.replace('tt', 'xx')
  return scheme.replace(/^(s?)ftp(s?)$/, '$1fxp$2')
}
