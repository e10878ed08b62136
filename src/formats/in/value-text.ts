import type { ErrorCode } from '../../base/codes.ts'
import { ProtocolError } from '../../base/errors.ts'
import { type Advice, advise } from '../../indicator/advice.ts'
import { canonicalValue, classify, type TypedValue } from '../../indicator/canonical.ts'
import { hashKindOf } from '../../indicator/file-hash.ts'
import { isExactType, type TypeHint } from '../type-hint.ts'
import { refang } from './defang.ts'
import { parseStixPattern } from './stix-pattern.ts'
import { PatternSyntaxError } from './stix-pattern-error.ts'

/** One value as it stands in a cell, a line or a pattern, read: or why it is none. */
export type ReadValue = AcceptedValue | RefusedValue

export interface AcceptedValue extends TypedValue {
  readonly kind: 'value'
  /** As the source wrote it, where that is not the canonical value. */
  readonly original?: string
  /** `port:8080` where the source gave a port with the host. */
  readonly labels: readonly string[]
  readonly warnings: readonly Advice[]
}

export interface RefusedValue {
  readonly kind: 'refused'
  readonly code: ErrorCode
  readonly reason: string
}

/** Zero width space, word joiner, soft hyphen and byte order mark come with text copied from web pages. */
const INVISIBLE = /[\u200b\u2060\u00ad\ufeff]/g
/** Marks of writing around a value: quotes, backticks, AsciiDoc's plus signs, angle brackets; list punctuation after it. */
const WRAPPING = /^(["'`+<\u201c\u2018]+)(.*?)(["'`+>\u201d\u2019]*)[,;]?$/s
const PLACEHOLDER = /^(?:[-.?*_]*|n[/.]?a\.?|none|null|nil|unknown|undefined|disabled|tbd)$/i

/** The value without what only typography put around it. */
export function trimValue(text: string): string {
  const visible = text.replace(INVISIBLE, '').trim()
  const wrapped = WRAPPING.exec(visible)
  return wrapped === null ? visible.replace(/[,;]+$/, '') : wrapped[2]!.trim()
}

/** `N/A`, `-` and the like: the writer's way to leave a cell empty. `text` is trimmed. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text)
}

/** Reads one value of the hinted type, or of whatever type it shows. */
export function readValue(text: string, hint: TypeHint = 'any'): ReadValue {
  const trimmed = trimValue(text)
  if (isPlaceholder(trimmed)) return refused('import-no-value', 'there is no value')
  try {
    return judged(typedValue(trimmed, hint), trimmed, hint)
  } catch (cause) {
    if (cause instanceof ProtocolError) return refused(cause.code, cause.message)
    if (cause instanceof PatternSyntaxError)
      return refused('import-pattern-invalid', `no STIX pattern: ${cause.message}`)
    throw cause
  }
}

/**
 * Reads a value from text that is not UTF-8 and was decoded by guess. A no-break space at its edge (0xA0, or 0xCA from an
 * old Macintosh) is taken for that; any other letter beyond ASCII would be invented, so the value is refused.
 */
export function readGuessedValue(text: string, hint: TypeHint = 'any'): ReadValue {
  const bare = text.replace(/^[\u00a0\u00ca\s]+|[\u00a0\u00ca\s]+$/g, '')
  if (/[^\0-\x7f]/.test(bare)) return refused('import-text-encoding', 'the value has bytes that are not UTF-8')
  const read = readValue(bare, hint)
  if (read.kind === 'refused' || bare.length === text.length) return read
  const message = 'a byte beside the value is not UTF-8; it was taken for a space'
  return { ...read, warnings: [...read.warnings, { code: 'import-text-encoding', severity: 'warn', message }] }
}

interface Found {
  readonly typed: TypedValue
  readonly ports: readonly string[]
}

function typedValue(written: string, hint: TypeHint): Found {
  // In names and rules brackets mean themselves.
  const isAsWritten = isExactType(hint) && hint !== 'email' && hint !== 'stix-pattern'
  const text = isAsWritten ? written : refang(written)
  if (hint === 'hash') return { typed: hashValue(text), ports: [] }
  if (isExactType(hint) && hint !== 'stix-pattern') return { typed: canonicalValue(hint, text), ports: [] }
  const ports = /^(\d+(?:\.\d+){3}):(\d+(?::\d+)+)$/.exec(text)
  if (ports !== null) return { typed: canonicalValue('ipv4', ports[1]!), ports: ports[2]!.split(':') }
  const found = classify(text.replace(/^\*?\./, ''))
  if (found.kind === 'none') throw new ProtocolError('indicator-invalid', found.reason)
  if (found.kind === 'host-port') return { typed: found.host, ports: [String(found.port)] }
  return { typed: found, ports: [] }
}

function hashValue(text: string): TypedValue {
  const kind = hashKindOf(text)
  if (kind !== undefined) return canonicalValue(kind.type, text)
  throw new ProtocolError('indicator-invalid', `${text.length} characters are no MD5, SHA-1, SHA-256 or SHA-512`)
}

function judged({ typed, ports }: Found, original: string, hint: TypeHint): ReadValue {
  if (typed.type === 'domain' && isFileName(typed.value, hint)) {
    return refused('import-not-an-indicator', `${typed.value} is the name of a file`)
  }
  // The canonical form looks at brackets only; what came without a label must be a pattern in earnest.
  if (typed.type === 'stix-pattern') parseStixPattern(typed.value)
  const advice = advise(typed)
  const objection = advice.find(one => one.severity === 'refuse')
  if (objection !== undefined) return refused(objection.code, objection.message)
  const { type, value } = typed
  const spelling = original === value ? {} : { original }
  return { kind: 'value', type, value, ...spelling, labels: ports.map(port => `port:${port}`), warnings: advice }
}

function refused(code: ErrorCode, reason: string): RefusedValue {
  return { kind: 'refused', code, reason }
}

/** Extensions that are no top-level domain, and so tell a file from a host for sure. */
const FILE_EXTENSIONS: ReadonlySet<string> = new Set(
  `7z apk asp aspx bak bat bin bmp bz2 cfg class cmd conf config cpp css csv dat db deb dex dll dmg doc docm docx dot dotm
  dylib elf eml exe gif gz hta htm html ico img inf ini iso jar java jpeg jpg js jse json jsp ko lnk log mp3 mp4 msg msi
  obj old pdb pdf php pif pkg plist png ppt pptm pptx ps1 psm1 rar rpm rtf scr service sql sqlite svg swf sys tar tmp tsv
  txt vbe vbs vhd wav wsf xls xlsb xlsm xlsx xml yaml yml`.split(/\s+/),
)
/** Extensions that are also top-level domains: a file only under a name that files have. */
const AMBIGUOUS_FILE =
  /^(?:readme|license|changelog|contributing|install|setup|update|run|start|main|index|test|script|config)\.(?:md|sh|py|pl|rs|zip|so|ps|cc|app)$/

function isFileName(domain: string, hint: TypeHint): boolean {
  if (FILE_EXTENSIONS.has(domain.slice(domain.lastIndexOf('.') + 1))) return true
  return hint === 'any' && AMBIGUOUS_FILE.test(domain)
}

const REVERSE_NAME = /^(?:com|org|net|edu|gov|int|air|app|me|io|ru|cn|de|fr|jp|kr|br|in|uk)\.[\w-]+(?:\.[\w-]+)+$/i

/**
 * `com.vendor.product`: how packages of mobile software are named. One such name may well be a host; a column or file
 * that is full of them is none of hosts.
 */
export function isPackageName(text: string): boolean {
  return REVERSE_NAME.test(text)
}
