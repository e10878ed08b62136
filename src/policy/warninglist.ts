import { UserError } from '../base/errors.ts'
import { type EntryReading, readEntry, WARNINGLIST_KINDS, type WarninglistKind } from './warninglist-entry.ts'

/**
 * A list of what is most likely no indicator, as MISP writes it: what is on it is blocked or warned of, as the nation
 * decides. https://github.com/MISP/misp-warninglists
 */
export interface Warninglist {
  readonly name: string
  readonly description: string
  readonly version: number
  readonly kind: WarninglistKind
  /** Types of indicators that it is about; undefined: all that are no rules or patterns. */
  readonly types: ReadonlySet<string> | undefined
  /** In the spelling in which they are compared, each once. */
  readonly entries: readonly string[]
  /** Entries that nothing could be compared with: how many, and the first of them. */
  readonly left: { readonly count: number; readonly first: readonly LeftEntry[] }
}

export interface LeftEntry {
  /** Cut to a few words. */
  readonly entry: string
  readonly reason: string
}

/** Of entries in one list; those of the last two kinds are each looked for in every value. */
const ENTRIES_MAX: Readonly<Record<WarninglistKind, number>> = {
  string: 5_000_000,
  hostname: 5_000_000,
  cidr: 1_000_000,
  substring: 100_000,
  regex: 1000,
}
const NAME_LENGTH_MAX = 256
const DESCRIPTION_LENGTH_MAX = 4096
const ATTRIBUTES_MAX = 256
const LEFT_SHOWN_MAX = 20
const LEFT_ENTRY_LENGTH_MAX = 80

/**
 * Reads one list, already parsed as JSON; `typesOf` gives the types of indicators that a MISP attribute type stands for.
 * Entries that cannot be compared with are left out and told of. Throws UserError `warninglist-invalid` where it is no list.
 */
export function parseWarninglist(json: unknown, typesOf: (mispType: string) => readonly string[]): Warninglist {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('it is no JSON object')
  const fields = json as Readonly<Record<string, unknown>>
  const name = typeof fields.name === 'string' ? fields.name.trim() : ''
  if (name === '' || name.length > NAME_LENGTH_MAX)
    throw invalid(`it has no name of 1 to ${NAME_LENGTH_MAX} characters`)
  const kind = kindOf(fields.type, name)
  const raw = rawEntries(fields.list, name)
  if (raw.length > ENTRIES_MAX[kind]) {
    throw invalid(`"${name}" has ${raw.length} entries; at most ${ENTRIES_MAX[kind]} are taken of the type ${kind}`)
  }
  return {
    name,
    description: typeof fields.description === 'string' ? fields.description.slice(0, DESCRIPTION_LENGTH_MAX) : '',
    version: versionOf(fields.version),
    kind,
    types: typesIn(fields.matching_attributes, name, typesOf),
    ...readEntries(raw, kind),
  }
}

/** How the names of lists are compared. */
export function foldedName(name: string): string {
  return name.trim().toLowerCase().replace(/\s+/g, ' ')
}

/** MISP takes a list without a type for one of exact values. */
function kindOf(type: unknown, name: string): WarninglistKind {
  const kind = WARNINGLIST_KINDS.find(each => each === (type ?? 'string'))
  if (kind !== undefined) return kind
  throw invalid(
    `"${name}" is of the type ${JSON.stringify(type)?.slice(0, 40)}`,
    `It is one of ${WARNINGLIST_KINDS.join(', ')}.`,
  )
}

/** Some generators write an object, with the entries as its values. */
function rawEntries(list: unknown, name: string): readonly unknown[] {
  if (Array.isArray(list)) return list
  if (typeof list === 'object' && list !== null) return Object.values(list)
  throw invalid(`"${name}" has no list of entries`)
}

function versionOf(version: unknown): number {
  const number = typeof version === 'string' && /^\d{1,15}$/.test(version) ? Number(version) : version
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : 0
}

function typesIn(
  attributes: unknown,
  name: string,
  typesOf: (mispType: string) => readonly string[],
): ReadonlySet<string> | undefined {
  if (attributes === undefined || attributes === null) return undefined
  if (!Array.isArray(attributes) || attributes.length > ATTRIBUTES_MAX) {
    throw invalid(`the matching_attributes of "${name}" are no list of at most ${ATTRIBUTES_MAX}`)
  }
  const types = attributes.flatMap(each => (typeof each === 'string' ? typesOf(each) : []))
  return attributes.length === 0 ? undefined : new Set(types)
}

function readEntries(raw: readonly unknown[], kind: WarninglistKind): Pick<Warninglist, 'entries' | 'left'> {
  const entries = new Set<string>()
  const first: LeftEntry[] = []
  let count = 0
  for (const each of raw) {
    const read: EntryReading = readEntry(each, kind)
    if (read.kind === 'entry') {
      entries.add(read.text)
      continue
    }
    count++
    if (first.length < LEFT_SHOWN_MAX) first.push({ entry: shown(each), reason: read.reason })
  }
  return { entries: [...entries], left: { count, first } }
}

function shown(entry: unknown): string {
  const text = typeof entry === 'string' ? entry : (JSON.stringify(entry) ?? '')
  return text.slice(0, LEFT_ENTRY_LENGTH_MAX).toWellFormed()
}

function invalid(
  message: string,
  fix = 'A warninglist is as MISP writes it: name, type, version, matching_attributes, list.',
) {
  return new UserError('warninglist-invalid', message, { fix })
}
