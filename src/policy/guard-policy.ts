import type { ParsedItem } from '../indicator/item.ts'
import type { Pap, Tlp } from '../indicator/marking.ts'

/**
 * The release guard: what may leave the nation, as ordered rules.
 *
 * As in a firewall, rules are read from the first to the last. Each that matches does what it says: it may change the
 * item (redact fields, lower its precision, raise its marking), may limit how many leave in an hour, and may end the
 * reading with `allow`, `deny` or `hold` (allowed once a second person has approved). Changes add up until a rule ends
 * the reading; where none does, the item is denied. Rules match the item as it was submitted, whatever the rules before
 * have changed, so that each can be read by itself. A change can only make an item say less or bind its readers more.
 */
export interface GuardPolicy {
  readonly rules: readonly GuardRule[]
  /** Held items that nobody has approved by then are dropped. */
  readonly holdMs: number
}

export interface GuardRule {
  readonly name: string
  /** 1 for the first. */
  readonly number: number
  /** Of the policy file. */
  readonly line: number
  readonly when: GuardConditions
  readonly redact: readonly RedactField[]
  readonly precision: Precision
  readonly raise: { readonly tlp?: Tlp | undefined; readonly pap?: Pap | undefined }
  /** Items that match this rule and leave within an hour; beyond it the rule denies. */
  readonly limitPerHour?: number | undefined
  readonly action?: Action | undefined
}

export type Action = 'allow' | 'deny' | 'hold'

/** All that are given must hold; a list holds where one of it does. What an item does not have never matches. */
export interface GuardConditions {
  readonly item?: readonly ItemKind[] | undefined
  /** Of indicators. */
  readonly type?: readonly string[] | undefined
  readonly tlp?: readonly Tlp[] | undefined
  readonly pap?: readonly Pap[] | undefined
  readonly exercise?: boolean | undefined
  /** Without regard to case; `apt:*` is all that begin so. */
  readonly labels?: readonly string[] | undefined
  /** Without regard to case; `feed:*` is all that begin so. */
  readonly source?: readonly string[] | undefined
  /** 0 to 100; one that is not said counts as 0. */
  readonly confidence?: { readonly min: number; readonly max: number } | undefined
  /** Canonical values. */
  readonly value?: readonly string[] | undefined
  /** Ranges that hold all that an indicator's address, range or URL covers. */
  readonly within?: readonly string[] | undefined
  /** Ranges that it has an address in common with. */
  readonly overlaps?: readonly string[] | undefined
  /** Names that an indicator's host is, or is below of. */
  readonly domain?: readonly string[] | undefined
  /** Networks of the policy that an indicator's value, a pattern or a STIX object touches. */
  readonly network?: readonly Network[] | undefined
  /** As `network`, but free text counts too. */
  readonly mentions?: readonly Network[] | undefined
  readonly audience?: readonly AudiencePattern[] | undefined
  /** Nations of which one will be able to read it. */
  readonly reader?: readonly string[] | undefined
  /** Nations beside which none will be able to read it, but the own. */
  readonly readersWithin?: readonly string[] | undefined
}

export type ItemKind = Exclude<ParsedItem['kind'], 'unknown'>

export const ITEM_KINDS = [
  'indicator',
  'sighting',
  'withdrawal',
  'opinion',
  'stix-object',
  'group',
  'incident',
  'request',
  'acknowledgement',
] as const satisfies readonly ItemKind[]

/** Ranges and names under one name, such as what is the nation's own. */
export interface Network {
  readonly name: string
  readonly ranges: readonly string[]
  readonly domains: readonly string[]
}

export type AudiencePattern =
  | { readonly kind: 'alliance' | 'nations' | 'group' }
  /** By name, or by id in hex. */
  | { readonly kind: 'one-group'; readonly group: string }

export const REDACT_FIELDS = [
  'name',
  'description',
  'labels',
  'references',
  'source',
  'original',
  'confidence',
  'times',
] as const
export type RedactField = (typeof REDACT_FIELDS)[number]

/** How exact an item may be. What it says more exactly is widened, and free text, which might say it again, goes. */
export interface Precision {
  /** Longest prefix of an IPv4 address or range. */
  readonly ipv4?: number | undefined
  readonly ipv6?: number | undefined
  /** URLs and e-mail addresses become their host. */
  readonly host?: true | undefined
  /** Times become whole days in UTC: beginnings earlier, ends later. */
  readonly day?: true | undefined
}

/** Which rule, for people and for the audit log. */
export interface RuleName {
  readonly name: string
  readonly number: number
  readonly line: number
}

export function ruleText({ name, number, line }: RuleName): string {
  return `rule ${number} "${name}" (line ${line})`
}
