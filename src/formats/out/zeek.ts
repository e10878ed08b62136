import { toHex, utf8 } from '../../base/bytes.ts'
import type { ExportContext, ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'
import { choiceOf, matchOf } from './export-parameter.ts'
import { wireUrl } from './wire-url.ts'

/** Zeek compares URLs without scheme, certificates by SHA-1 and files by what it computes, which SHA-512 is not. */
const INTEL_TYPES: ReadonlyMap<string, string> = new Map([
  ['ipv4', 'Intel::ADDR'],
  ['ipv6', 'Intel::ADDR'],
  ['cidr', 'Intel::SUBNET'],
  ['domain', 'Intel::DOMAIN'],
  ['url', 'Intel::URL'],
  ['email', 'Intel::EMAIL'],
  ['md5', 'Intel::FILE_HASH'],
  ['sha1', 'Intel::FILE_HASH'],
  ['sha256', 'Intel::FILE_HASH'],
  ['filename', 'Intel::FILE_NAME'],
  ['user-agent', 'Intel::SOFTWARE'],
  ['x509-fingerprint', 'Intel::CERT_HASH'],
])

const FIELDS = [
  'indicator',
  'indicator_type',
  'meta.source',
  'meta.desc',
  'meta.url',
  'meta.do_notice',
  'meta.remove',
] as const

const parameters = {
  source: {
    default: 'tocsin',
    label: 'meta.source, by which Zeek tells who said what; the same for as long as it runs',
  },
  notice: { default: 'no', label: 'yes: a notice for each match (takes @load frameworks/intel/do_notice)' },
} as const

/**
 * Zeek reads the file again where it changed and forgets nothing by itself: what left is said with `meta.remove`, which
 * takes `@load frameworks/intel/removal`; without that it would be added.
 */
export const zeek: ExportFormat = {
  name: 'zeek',
  label: 'Zeek intelligence file, to name in Intel::read_files; removals take @load frameworks/intel/removal',
  shape: 'file',
  extension: '.intel',
  types: new Set(INTEL_TYPES.keys()),
  withdrawn: false,
  removals: true,
  parameters,
  start: context => new IntelWriter(context),
}

const DESCRIPTION_LENGTH_MAX = 200
const SHA1_DIGITS = 40
const NULL = '-'

interface Line {
  readonly indicator: string
  readonly intelType: string
  readonly source: string
}

class IntelWriter implements ExportWriter {
  readonly #source: string
  readonly #notice: string

  constructor(context: ExportContext) {
    this.#source = matchOf(context, parameters, 'source', {
      pattern: /^[A-Za-z][\w.-]{0,63}$/,
      wanted: 'up to 64 letters, digits, dots, hyphens and underscores, a letter first',
    })
    this.#notice = choiceOf(context, parameters, 'notice', ['yes', 'no']) === 'yes' ? 'T' : 'F'
  }

  begin(): readonly ExportPiece[] {
    return [piece(['#fields', ...FIELDS])]
  }

  add(indicator: ExportedIndicator): Written {
    const line = this.#line(indicator)
    if ('left' in line) return line
    const { indicator: said, intelType, source } = line
    return { pieces: [piece([said, intelType, source, cell(descriptionOf(indicator)), NULL, this.#notice, 'F'])] }
  }

  remove(indicator: { readonly type: string; readonly value: string }): Written {
    const line = this.#line(indicator)
    if ('left' in line) return line
    return { pieces: [piece([line.indicator, line.intelType, line.source, NULL, NULL, 'F', 'T'])] }
  }

  end(): readonly ExportPiece[] {
    return []
  }

  #line({ type, value }: { readonly type: string; readonly value: string }): Line | { readonly left: string } {
    if (type === 'x509-fingerprint' && value.length !== SHA1_DIGITS) {
      return { left: 'Zeek knows certificates by their SHA-1 alone' }
    }
    const intelType = INTEL_TYPES.get(type)!
    if (type !== 'url') return { indicator: cell(value), intelType, source: this.#source }
    const { scheme, authority, target } = wireUrl(value)
    // One bare URL may stand for several: a source of its own for each scheme, so that the one leaves without the other.
    const source = scheme === 'http' ? this.#source : `${this.#source}-${scheme}`
    return { indicator: cell(authority + target), intelType, source }
  }
}

function descriptionOf({ nations, tlp, score, claims }: ExportedIndicator): string {
  const said = claims.map(({ name, description }) => name || description).find(text => text !== '') ?? ''
  const whence = `${nations.join(', ')}, ${tlp}, score ${score}`
  return `${whence}${said === '' ? '' : `: ${said}`}`.slice(0, DESCRIPTION_LENGTH_MAX)
}

/** What would end a line or a cell, steer a terminal, or begin an escape of Zeek's. */
const ESCAPED = /[\p{Cc}\p{Cf}\u2028\u2029\\]/gu
/** What would be a comment, nothing, or an empty set. */
const MISREAD = /^(?:#|-$|\(empty\)$)/

function cell(text: string): string {
  const escaped = text.toWellFormed().replace(ESCAPED, hexEscapes)
  return MISREAD.test(escaped) ? hexEscapes(escaped.slice(0, 1)) + escaped.slice(1) : escaped
}

function hexEscapes(text: string): string {
  return toHex(utf8(text)).replace(/../g, '\\x$&')
}

function piece(cells: readonly string[]): ExportPiece {
  return { file: '', text: `${cells.join('\t')}\n` }
}
