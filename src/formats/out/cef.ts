import { visibleText } from '../../base/visible-text.ts'
import type { TypedValue } from '../../indicator/canonical.ts'
import { indicatorText } from '../../indicator/type.ts'
import type { ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'

/**
 * Common Event Format, version 0: a line for each indicator, and one when it is not any more in the export. In the header
 * a backslash and a bar are escaped, in the extension a backslash and an equals sign; nothing of others can end a line.
 */
export const cefLines: ExportFormat = {
  name: 'cef',
  label: 'CEF lines for ArcSight and other event managers, in a file or over syslog',
  shape: 'file',
  extension: '.cef',
  types: undefined,
  withdrawn: false,
  removals: true,
  parameters: {},
  start: () => new LineWriter(),
}

/** Of our events, in the header; rises when they change. */
const DEVICE = ['Tocsin', 'Tocsin', '1']
/** Characters that a custom string takes, and those of the texts beside it. */
const VALUE_LENGTH_MAX = 4000
const TEXT_LENGTH_MAX = 1023

/** Keys of the dictionary for types that it knows; the value is in `cs1` for all. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ['ipv4', 'dst'],
  ['domain', 'dhost'],
  ['url', 'request'],
  ['email', 'suser'],
  ['md5', 'fileHash'],
  ['sha1', 'fileHash'],
  ['sha256', 'fileHash'],
  ['sha512', 'fileHash'],
  ['filename', 'fname'],
  ['mac-address', 'dmac'],
  ['user-agent', 'requestClientApplication'],
])

type Extension = readonly (readonly [key: string, value: string])[]

class LineWriter implements ExportWriter {
  begin(): readonly ExportPiece[] {
    return []
  }

  add(indicator: ExportedIndicator): Written {
    if (isTooLong(indicator)) return tooLong(indicator)
    const severity = Math.round(Math.min(100, Math.max(0, indicator.score)) / 10)
    return line('indicator', `Indicator of type ${indicator.type}`, severity, extensionOf(indicator))
  }

  remove(gone: TypedValue): Written {
    if (isTooLong(gone)) return tooLong(gone)
    return line('indicator-removed', `Indicator of type ${gone.type} removed`, 0, [
      ['act', 'remove'],
      ...valueFields(gone),
    ])
  }

  end(): readonly ExportPiece[] {
    return []
  }
}

function isTooLong(typed: TypedValue): boolean {
  return extensionText(indicatorText(typed)).length > VALUE_LENGTH_MAX
}

function tooLong({ type }: TypedValue): Written {
  return { left: `a value of type ${type} with more than ${VALUE_LENGTH_MAX} characters fits into no field of CEF` }
}

function line(eventClass: string, name: string, severity: number, extension: Extension): Written {
  const header = [...DEVICE, eventClass, name].map(headerText).join('|')
  const fields = extension
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}=${extensionText(value)}`)
    .join(' ')
  return { pieces: [{ file: '', text: `CEF:0|${header}|${severity}|${fields}\n` }] }
}

function extensionOf(indicator: ExportedIndicator): Extension {
  const { id, nations, tlp, labels, claims, score, origins, confidence, validUntilMs, firstSeenMs, lastSeenMs } =
    indicator
  const texts = [...new Set(claims.map(({ name, description }) => name || description))].filter(text => text !== '')
  const publishedMs = claims.reduce((last, claim) => Math.max(last, claim.publishedMs), 0)
  return [
    ['act', 'add'],
    ['externalId', id],
    ['rt', time(publishedMs)],
    ['start', time(firstSeenMs)],
    ['end', time(lastSeenMs)],
    ...valueFields(indicator),
    ...labelled('cs3', 'TLP', tlp),
    ...labelled('cs4', 'Nations', cut(nations.join(','))),
    ...labelled('cs5', 'Labels', cut(labels.join(','))),
    ...labelled('cn1', 'Score', String(score)),
    ...labelled('cn2', 'Origins', String(origins)),
    ...(confidence === null ? [] : labelled('cn3', 'Confidence', String(confidence))),
    ...(validUntilMs === 0 ? [] : labelled('deviceCustomDate1', 'Valid until', time(validUntilMs))),
    ['msg', cut(texts.join('; '))],
  ]
}

function valueFields(indicator: TypedValue): Extension {
  const { type } = indicator
  const value = indicatorText(indicator)
  const key = KEYS.get(type)
  const said: Extension =
    type === 'ipv6' ? labelled('c6a3', 'Destination IPv6 Address', value) : key === undefined ? [] : [[key, value]]
  return [
    ...said.filter(([, text]) => text.length <= TEXT_LENGTH_MAX),
    ...labelled('cs1', 'Indicator', value),
    ...labelled('cs2', 'Indicator type', type),
  ]
}

function labelled(key: string, label: string, value: string): Extension {
  return value === ''
    ? []
    : [
        [`${key}Label`, label],
        [key, value],
      ]
}

/** Milliseconds since 1970, which CEF allows. */
function time(timeMs: number): string {
  return timeMs === 0 ? '' : String(timeMs)
}

function cut(text: string): string {
  return text.slice(0, TEXT_LENGTH_MAX).toWellFormed()
}

function headerText(text: string): string {
  return visibleText(text).replace(/[\\|]/g, '\\$&')
}

const PLAIN = /^[ !-<>-[\]-~]*$/

/** With its lines, which rules have, written as CEF does. */
function extensionText(text: string): string {
  if (PLAIN.test(text)) return text
  const visible = text.replace(/[^\n\t]+/g, visibleText).replace(/[\\=]/g, '\\$&')
  return visible.replaceAll('\n', '\\n')
}
