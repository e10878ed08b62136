import { EMPTY } from '../base/bytes.ts'
import { ProtocolError, UserError } from '../base/errors.ts'
import { isNationId, type NationId } from '../base/ids.ts'
import {
  type MarkingFields,
  PAP,
  type Pap,
  papName,
  parsePap,
  parseTlp,
  type Tlp,
  tlpName,
} from '../indicator/marking.ts'
import { INDICATOR_TYPES } from '../indicator/type.ts'
import type { AudienceStatement } from './audience-info.ts'
import { type AudienceName, decodeAudienceName, encodeAudienceName, groupKey } from './audience-name.ts'

/** What one reader inside the nation may see. All of it must allow a claim, and one mention of it suffices. */
export interface Clearance {
  /** The highest marking. */
  readonly tlp: Tlp
  readonly pap: Pap
  /**
   * Audiences narrower than the alliance: none, every one, or these groups (`groupKey`) and, where `named` is among
   * them, what named nations alone are to read.
   */
  readonly groups: 'none' | 'any' | ReadonlySet<string>
  /** Undefined: all. */
  readonly types: ReadonlySet<string> | undefined
  /** Whose claims; undefined: everybody's. */
  readonly authors: ReadonlySet<string> | undefined
  readonly exercise: boolean
  /** May publish as well. */
  readonly publish: boolean
}

/** What of a claim a clearance is asked about. */
export interface ClaimFace {
  readonly nation: NationId
  readonly type: string
  readonly marking: MarkingFields
  /** As a mention of an opened item has it: an encoded name, empty for the whole alliance. */
  readonly audience: Uint8Array
}

const NAMED = 'named'

export function mayRead(clearance: Clearance, { nation, type, marking, audience }: ClaimFace): boolean {
  const { tlp, pap, exercise, types } = clearance
  return (
    marking.tlp <= tlp &&
    marking.pap <= pap &&
    (exercise || !marking.exercise) &&
    types?.has(type) !== false &&
    mayHearOf(clearance, { nation, audience })
  )
}

/** The part that does not ask for type and marking: of what has neither, and is about something that may be read. */
export function mayHearOf(clearance: Clearance, { nation, audience }: Pick<ClaimFace, 'nation' | 'audience'>): boolean {
  return clearance.authors?.has(nation) !== false && isAmong(clearance, audience)
}

function isAmong({ groups }: Clearance, audience: Uint8Array): boolean {
  if (audience.length === 0 || groups === 'any') return true
  if (groups === 'none') return false
  const name = nameOf(audience)
  if (name?.kind === 'alliance') return true
  return groups.has(name?.kind === 'group' ? groupKey(name) : NAMED)
}

/** Undefined for what is narrower than the alliance, and nobody can tell how. */
function nameOf(audience: Uint8Array): AudienceName | undefined {
  try {
    return decodeAudienceName(audience)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

const UNSTATED = Uint8Array.of(0)

/** The audience of an epoch, as it is kept with what was opened under it; undefined: it is sealed, and does not say. */
export function mentionAudience(statement: AudienceStatement | undefined): Uint8Array {
  if (statement === undefined) return UNSTATED
  const { kind, group, nations } = statement
  if (kind === 'alliance') return EMPTY
  return encodeAudienceName(kind === 'group' ? { kind, ...group } : { kind, nations })
}

// --- as text ---------------------------------------------------------------------------------------------------------

/** The caller's word for a group, as `groupKey`. Throws UserError where it knows none. */
export type FindGroup = (text: string) => string

const LIST_MAX = 256

/**
 * `tlp=GREEN,groups=none,types=domain+url,authors=DEU+FRA,pap=AMBER,exercise,publish`. `tlp` must be said. Left out,
 * `groups` is none, `types` and `authors` are all, `pap` is RED, and there is neither exercise nor publishing. Throws
 * UserError `clearance-invalid`.
 */
export function parseClearance(text: string, findGroup: FindGroup): Clearance {
  const fields = new Map<string, string>()
  for (const part of text.split(',').map(each => each.trim())) {
    const [, name = '', , value = ''] = /^([a-z]+)(=(.+))?$/.exec(part) ?? []
    const isFlag = FLAGS.has(name)
    if (!(isFlag || VALUED.has(name)) || isFlag !== (value === '')) {
      throw invalid(`"${part.slice(0, 80)}" is no part of a clearance`)
    }
    if (fields.has(name)) throw invalid(`${name} stands twice`)
    fields.set(name, value)
  }
  const tlp = fields.get('tlp')
  if (tlp === undefined) throw invalid('a clearance says its highest marking')
  return {
    tlp: level(parseTlp, tlp),
    pap: level(parsePap, fields.get('pap') ?? 'RED'),
    groups: parseGroups(fields.get('groups') ?? 'none', findGroup),
    types: parseList(fields.get('types'), type => INDICATOR_TYPES.has(type), 'type of indicator'),
    authors: parseList(fields.get('authors'), isNationId, 'nation'),
    exercise: fields.has('exercise'),
    publish: fields.has('publish'),
  }
}

const FLAGS: ReadonlySet<string> = new Set(['exercise', 'publish'])
const VALUED: ReadonlySet<string> = new Set(['tlp', 'pap', 'groups', 'types', 'authors'])

function level<T>(parse: (text: string) => T, text: string): T {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof ProtocolError) throw invalid(error.message)
    throw error
  }
}

function parseGroups(text: string, findGroup: FindGroup): Clearance['groups'] {
  if (text === 'none' || text === 'any') return text
  return new Set(listOf(text).map(each => (each === NAMED || GROUP_KEY.test(each) ? each : findGroup(each))))
}

const GROUP_KEY = /^[A-Z][A-Z0-9-]{1,15}\/[0-9a-f]{32}$/

function parseList(
  text: string | undefined,
  isKnown: (item: string) => boolean,
  what: string,
): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined
  const items = listOf(text)
  const odd = items.find(item => !isKnown(item))
  if (odd !== undefined) throw invalid(`"${odd.slice(0, 80)}" is no ${what}`)
  return new Set(items)
}

function listOf(text: string): readonly string[] {
  const items = text.split('+')
  if (items.length > LIST_MAX) throw invalid(`a list of ${items.length}; at most ${LIST_MAX} are read`)
  return items
}

/** In one form, which `parseClearance` reads whatever groups are called by then. */
export function clearanceText({ tlp, pap, groups, types, authors, exercise, publish }: Clearance): string {
  const list = (items: ReadonlySet<string>) => [...items].sort().join('+')
  return [
    `tlp=${tlpName(tlp).slice('TLP:'.length)}`,
    ...(pap === PAP.RED ? [] : [`pap=${papName(pap).slice('PAP:'.length) || '0'}`]),
    `groups=${typeof groups === 'string' ? groups : list(groups)}`,
    ...(types === undefined ? [] : [`types=${list(types)}`]),
    ...(authors === undefined ? [] : [`authors=${list(authors)}`]),
    ...(exercise ? ['exercise'] : []),
    ...(publish ? ['publish'] : []),
  ].join(',')
}

function invalid(what: string): UserError {
  return new UserError('clearance-invalid', what, {
    fix: 'Write it like tlp=GREEN,groups=none,types=domain+url,publish.',
  })
}
