import { fromHex, fromUtf8, toHex, utf8 } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { isNationId, type NationId } from '../base/ids.ts'

/**
 * The text inside secret files: `name: value`, one to a line, `#` for remarks, the format first. It can be read, copied
 * by hand from paper, and compared; unknown and repeated names are refused.
 */

const TEXT_BYTES_MAX = 256 * 1024
const LINES_MAX = 2048
const VALUE_LENGTH_MAX = 512
/** A value may be empty, and an editor may then have cut the space before it. */
const LINE = /^([a-z0-9-]+):(?:$| (.*)$)/

export type SecretField = readonly [name: string, value: string]

export interface SecretFields {
  /** The one value of `name`; throws `key-file-malformed` where it is missing. */
  one(name: string): string
  /** All values of a name that may be repeated. */
  all(name: string): readonly string[]
  has(name: string): boolean
}

export function encodeSecretFields(format: string, fields: readonly SecretField[]): Uint8Array {
  const lines = fields.map(([name, value]) => {
    if (value.length > VALUE_LENGTH_MAX || /\p{Cc}/u.test(value)) throw malformed(`cannot hold this ${name}`)
    return `${name}: ${value}\n`
  })
  return utf8(`format: ${format}\n${lines.join('')}`)
}

/**
 * Parses the text of a secret file. `single` names stand at most once, `repeated` ones as often as they like.
 * Throws `key-file-malformed`, and never quotes a value.
 */
export function parseSecretFields(
  bytes: Uint8Array,
  format: string,
  single: readonly string[],
  repeated: readonly string[] = [],
): SecretFields {
  const values = new Map<string, string[]>()
  for (const [name, value] of parseLines(bytes)) {
    if (name !== 'format' && !single.includes(name) && !repeated.includes(name))
      throw malformed(`has a field "${name}"`)
    const earlier = values.get(name)
    if (earlier !== undefined && !repeated.includes(name)) throw malformed(`has "${name}" twice`)
    if (earlier === undefined) values.set(name, [value])
    else earlier.push(value)
  }
  if (values.get('format')?.[0] !== format) throw malformed(`is not of format ${format}`)
  return {
    one(name) {
      const value = values.get(name)?.[0]
      if (value === undefined) throw malformed(`lacks "${name}"`)
      return value
    },
    all: name => values.get(name) ?? [],
    has: name => values.has(name),
  }
}

/** 32 bytes in lower-case hex. */
export function parseSeed(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text)) throw malformed('has a secret that is not 64 hex characters')
  return fromHex(text)
}

export function encodeSeed(seed: Uint8Array): string {
  if (seed.length !== 32) throw malformed('cannot hold a secret that is not 32 bytes')
  return toHex(seed)
}

/** Milliseconds since the epoch, written as UTC in ISO 8601. */
export function parseTime(text: string): number {
  const timeMs = Date.parse(text)
  if (Number.isNaN(timeMs) || new Date(timeMs).toISOString() !== text) throw malformed('has a time that is none')
  return timeMs
}

export function encodeTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

export function parseNation(text: string): NationId {
  if (!isNationId(text)) throw malformed('has a nation that is none')
  return text
}

export function malformed(fault: string): UserError {
  return new UserError('key-file-malformed', `the key file ${fault}`, {
    fix: 'Restore the file from a backup, or from the paper copy.',
  })
}

function parseLines(bytes: Uint8Array): [string, string][] {
  if (bytes.length > TEXT_BYTES_MAX) throw malformed('is too large')
  const lines = decodeText(bytes).split(/\r?\n/)
  if (lines.length > LINES_MAX) throw malformed('has too many lines')
  return lines
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [, name, value = ''] = LINE.exec(line) ?? []
      if (name === undefined) throw malformed('has a line that is not "name: value"')
      if (value.length > VALUE_LENGTH_MAX) throw malformed(`has too long a "${name}"`)
      return [name, value]
    })
}

function decodeText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch {
    throw malformed('is not UTF-8')
  }
}
