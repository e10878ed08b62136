import canonicalize from 'canonicalize'
import { EMPTY, utf8 } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { labelledHash } from '../base/hash.ts'
import type { NationId } from '../base/ids.ts'
import { ITEM } from '../indicator/item-type.ts'
import { decodeLoose } from '../wire/codec.ts'
import { Item } from '../wire/gen/tocsin.ts'
import { createGuardIndex } from './guard-index.ts'
import { buildConditions } from './guard-match.ts'
import { type GuardConditions, type RuleName, ruleText } from './guard-policy.ts'
import { type GuardSubject, guardSubject } from './guard-subject.ts'

/**
 * What the nation takes from others into its view and its feeds, as ordered rules: the first that matches decides, and
 * what none matches is accepted. What is not accepted is kept as it came, and shows as soon as the rules accept it.
 * Nothing of it travels: the policy of one nation changes nothing for another.
 */
export interface AcceptanceRule extends RuleName {
  readonly when: AcceptanceConditions
  readonly action: AcceptanceAction
  /** For people; may be empty. */
  readonly reason: string
}

/** `quarantine`: somebody is to look at it. `refuse`: nobody has to. */
export const ACCEPTANCE_ACTIONS = ['accept', 'quarantine', 'refuse'] as const
export type AcceptanceAction = (typeof ACCEPTANCE_ACTIONS)[number]

/** The conditions of the release guard that are about the item itself. */
type ItemConditions = Omit<GuardConditions, 'mentions' | 'audience' | 'reader' | 'readersWithin'>

export interface AcceptanceConditions extends ItemConditions {
  readonly author?: readonly string[] | undefined
}

export interface AcceptanceVerdict {
  readonly action: AcceptanceAction
  /** Undefined where none matches. */
  readonly rule: AcceptanceRule | undefined
  /** The whole nation is refused, whatever the rules say. */
  readonly muted?: MutedNation
}

/** A nation of which nothing is taken. */
export interface MutedNation {
  readonly nation: NationId
  readonly sinceMs: number
  /** For people. */
  readonly reason: string
}

export interface AssertedItem {
  readonly nation: NationId
  /** Canonical bytes of the `Item` message. */
  readonly item: Uint8Array
}

export interface AcceptancePolicy {
  /** 32 bytes over what the rules say, wherever they stand in their file; empty where there are none. */
  readonly hash: Uint8Array
  judge(item: AssertedItem): AcceptanceVerdict
  takes(item: AssertedItem): boolean
}

const ACCEPTED: AcceptanceVerdict = { action: 'accept', rule: undefined }

/** Pure: one item has one verdict, whenever it is asked for. What is the nation's own is its own decision already. */
export function createAcceptance(
  rules: readonly AcceptanceRule[],
  own: NationId,
  muted: readonly MutedNation[] = [],
): AcceptancePolicy {
  const silent = new Map(muted.map(each => [each.nation, each]))
  const built = rules.map(rule => ({ rule, conditions: buildConditions(rule.when), authors: authorsOf(rule) }))
  const index = createGuardIndex(rules)
  /** One item is asked about several times while it is filed. */
  const verdicts = new WeakMap<Uint8Array, AcceptanceVerdict>()

  function judge({ nation, item }: AssertedItem): AcceptanceVerdict {
    if (built.length + silent.size === 0 || nation === own) return ACCEPTED
    const known = verdicts.get(item)
    if (known !== undefined) return known
    const verdict = firstMatch(nation, decodeLoose(Item, item, false))
    verdicts.set(item, verdict)
    return verdict
  }

  function firstMatch(nation: NationId, item: Item): AcceptanceVerdict {
    // The documents of groups are no content: without them nobody can tell for whom content is.
    if (item.type === ITEM.GROUP || item.type === ITEM.WITHDRAWAL) return ACCEPTED
    const mute = silent.get(nation)
    if (mute !== undefined) return { action: 'refuse', rule: undefined, muted: mute }
    const subject = subjectOf(item)
    // A malformed item shows nowhere anyway.
    if (subject === undefined) return ACCEPTED
    for (const place of index.candidates(subject)) {
      const { rule, conditions, authors } = built[place]!
      const matches = authors?.has(nation) !== false && conditions.every(condition => condition.holds(subject))
      if (matches) return { action: rule.action, rule }
    }
    return ACCEPTED
  }

  return { hash: hashOf(rules, [...silent.keys()]), judge, takes: item => judge(item).action === 'accept' }
}

function authorsOf({ when }: AcceptanceRule): ReadonlySet<string> | undefined {
  return when.author && new Set(when.author)
}

function subjectOf(item: Item): GuardSubject | undefined {
  try {
    return guardSubject(item, { kind: 'alliance', readers: [] })
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function hashOf(rules: readonly AcceptanceRule[], muted: readonly NationId[]): Uint8Array {
  if (rules.length + muted.length === 0) return EMPTY
  const conditions = rules.map(({ when, action }) => ({ when, action }))
  const said = muted.length === 0 ? conditions : { rules: conditions, muted: muted.toSorted() }
  return labelledHash('tocsin/acceptance/v1', utf8(canonicalize(JSON.parse(JSON.stringify(said))) ?? ''))
}

/** `quarantined by rule 2 "unsure" (line 31): below 30`; empty where it is accepted. */
export function acceptanceText({ action, rule, muted }: AcceptanceVerdict): string {
  if (muted !== undefined) return `${muted.nation} is muted here: ${muted.reason}`
  if (action === 'accept' || rule === undefined) return ''
  const why = rule.reason === '' ? '' : `: ${rule.reason}`
  return `${action === 'refuse' ? 'refused' : 'quarantined'} by ${ruleText(rule)}${why}`
}
