import { equalBytes } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import type { TypedValue } from '../indicator/canonical.ts'
import { canonicalValue, classify } from '../indicator/canonical.ts'
import { type ClaimContext, encodeClaimItem, identifyClaim } from '../indicator/claim.ts'
import { domainOfEmail } from '../indicator/email.ts'
import { widened } from '../indicator/ip.ts'
import type { ParsedIndicator, ParsedItem } from '../indicator/item.ts'
import {
  encodeMarking,
  type MarkingFields,
  PAP,
  type Pap,
  papName,
  stixMarkingId,
  TLP,
  type Tlp,
  tlpName,
  tlpOfStixMarking,
} from '../indicator/marking.ts'
import { buildWithdrawal, identifyOpinion, identifySighting } from '../indicator/remark.ts'
import { buildStixItem } from '../indicator/stix-object.ts'
import { hostOfUrl } from '../indicator/url.ts'
import type { IndicatorClaim, Item } from '../wire/gen/tocsin.ts'
import type { GuardRule, Precision, RedactField } from './guard-policy.ts'

/** What the rules that matched make of an item, added up. */
export interface Changes {
  readonly redact: ReadonlySet<RedactField>
  readonly precision: Precision
  readonly tlp: Tlp
  readonly pap: Pap
}

export const NO_CHANGES: Changes = { redact: new Set(), precision: {}, tlp: TLP.CLEAR, pap: PAP.UNSET }

/** `assertion` as the item was built with. */
export type ChangeContext = Pick<ClaimContext, 'allianceId' | 'nation' | 'assertion'>

/** The stricter of both, in everything. */
export function addChanges(before: Changes, { redact, precision, raise }: GuardRule): Changes {
  return {
    redact: redact.length === 0 ? before.redact : new Set([...before.redact, ...redact]),
    precision: {
      ipv4: least(before.precision.ipv4, precision.ipv4),
      ipv6: least(before.precision.ipv6, precision.ipv6),
      host: before.precision.host ?? precision.host,
      day: before.precision.day ?? precision.day,
    },
    tlp: Math.max(before.tlp, raise.tlp ?? TLP.CLEAR) as Tlp,
    pap: Math.max(before.pap, raise.pap ?? PAP.UNSET) as Pap,
  }
}

/** `removes description, source; raises to TLP:AMBER`: what a rule does to every item that it matches. */
export function changesText({ redact, precision, raise }: GuardRule): string {
  const { ipv4, ipv6, host, day } = precision
  const widths = [
    ipv4 && `IPv4 to /${ipv4}`,
    ipv6 && `IPv6 to /${ipv6}`,
    host && 'URLs to their host',
    day && 'times to the day',
  ]
  const lowered = widths.filter(Boolean).join(', ')
  const raised = [raise.tlp && tlpName(raise.tlp), raise.pap && papName(raise.pap)].filter(Boolean).join(', ')
  return [
    redact.length > 0 && `removes ${redact.join(', ')}`,
    lowered !== '' && `lowers ${lowered}`,
    raised !== '' && `raises to ${raised}`,
  ]
    .filter(Boolean)
    .join('; ')
}

/**
 * The item as it leaves; the very same where there is nothing to change. It has the id that follows from what it still
 * says, so that two submissions that leave as the same are one. Throws a TocsinError where it cannot be changed so.
 */
export function changeItem(item: Item, parsed: ParsedItem, changes: Changes, context: ChangeContext): Item {
  if (changes === NO_CHANGES) return item
  if (parsed.kind === 'indicator') return changeClaim(item, parsed, changes, context)
  if (parsed.kind === 'stix-object') return changeStixObject(item, parsed, changes, context)
  if (parsed.kind === 'sighting') return changeSighting(item, parsed, changes, context)
  if (parsed.kind === 'opinion') return changeOpinion(item, parsed, changes, context)
  if (parsed.kind === 'withdrawal') return changeWithdrawal(item, parsed, changes)
  throw unchangeable(`the guard cannot change an item of the kind ${parsed.kind}`)
}

function changeClaim(item: Item, parsed: ParsedIndicator, changes: Changes, context: ChangeContext): Item {
  const { claim } = parsed
  const subject = widerValue(parsed, changes.precision)
  const same = subject.value === parsed.value && subject.type === parsed.type
  const content: IndicatorClaim = {
    ...redactClaim(claim, same ? changes.redact : new Set([...changes.redact, ...FREE_TEXT])),
    type: subject.type,
    value: subject.value,
    ...(!same && { sourceId: '' }),
    ...(changes.precision.day === true && wholeDays(claim)),
    marking: encodeMarking(raised(parsed.marking, changes)),
  }
  const cleared = changes.redact.has('times') ? { ...content, firstSeenMs: 0, lastSeenMs: 0 } : content
  const changed = encodeClaimItem(identifyClaim(cleared, context))
  return unlessSame(item, changed)
}

/** Where the value itself may stand once more. */
const FREE_TEXT = ['name', 'description', 'references', 'original'] as const satisfies readonly RedactField[]

function redactClaim(claim: IndicatorClaim, fields: ReadonlySet<RedactField>): IndicatorClaim {
  return {
    ...claim,
    ...(fields.has('name') && { name: '' }),
    ...(fields.has('description') && { description: '' }),
    ...(fields.has('labels') && { labels: [] }),
    ...(fields.has('references') && { references: [] }),
    ...(fields.has('source') && { source: '', sourceId: '' }),
    ...(fields.has('original') && { original: '' }),
    ...(fields.has('confidence') && { confidencePlus1: 0 }),
  }
}

/** What is left may be nobody's in particular: warninglists are asked of what leaves. */
function widerValue(subject: TypedValue, precision: Precision): TypedValue {
  const { type, value } = subject
  if (type === 'stix-pattern' && (precision.ipv4 ?? precision.ipv6 ?? precision.host) !== undefined) {
    throw unchangeable('the precision of a STIX pattern cannot be lowered')
  }
  if (precision.host === true && type === 'url') return widerValue(hostValue(hostOfUrl(value)), precision)
  if (precision.host === true && type === 'email') return canonicalValue('domain', domainOfEmail(value))
  if (type === 'url' || type === 'email')
    assertNoAddress(type === 'url' ? hostOfUrl(value) : domainOfEmail(value), precision)
  const prefix = type === 'ipv6' || value.includes(':') ? precision.ipv6 : precision.ipv4
  const isAddress = type === 'ipv4' || type === 'ipv6' || type === 'cidr'
  return isAddress && prefix !== undefined ? { type: 'cidr', value: widened(value, prefix) } : subject
}

/** The host of a URL would stay as exact as it is. */
function assertNoAddress(host: string, { ipv4, ipv6 }: Precision): void {
  if ((ipv4 !== undefined && /^[\d.[\]]+$/.test(host)) || (ipv6 !== undefined && host.includes(':'))) {
    throw unchangeable('the address in a URL can only be made less exact with "host: true"')
  }
}

function hostValue(host: string): TypedValue {
  const found = classify(host)
  if (found.kind === 'value') return found
  throw unchangeable('the host of the URL cannot stand alone as an indicator')
}

const DAY_MS = 86_400_000

type Times = Pick<IndicatorClaim, 'validFromMs' | 'validUntilMs' | 'firstSeenMs' | 'lastSeenMs'>

function wholeDays({ validFromMs, validUntilMs, firstSeenMs, lastSeenMs }: Times): Times {
  const dayOf = (timeMs: number) => timeMs - (timeMs % DAY_MS)
  const dayAfter = (timeMs: number) => dayOf(timeMs + DAY_MS - 1)
  return {
    validFromMs: dayOf(validFromMs),
    validUntilMs: dayAfter(validUntilMs),
    firstSeenMs: dayOf(firstSeenMs),
    lastSeenMs: dayOf(lastSeenMs),
  }
}

function changeSighting(
  item: Item,
  parsed: Extract<ParsedItem, { kind: 'sighting' }>,
  { redact, precision, ...marks }: Changes,
  context: ChangeContext,
): Item {
  assertExactEnough(parsed, precision)
  const { sighting, marking } = parsed
  const times = precision.day === true ? wholeDays({ ...sighting, validFromMs: 0, validUntilMs: 0 }) : sighting
  const { firstSeenMs = 0, lastSeenMs = 0 } = redact.has('times') ? {} : times
  const source = redact.has('source') ? '' : sighting.source
  const content = { ...sighting, firstSeenMs, lastSeenMs, source, marking: encodeMarking(raised(marking, marks)) }
  return unlessSame(item, identifySighting(content, context).item)
}

function changeOpinion(
  item: Item,
  parsed: Extract<ParsedItem, { kind: 'opinion' }>,
  { redact, precision, ...marks }: Changes,
  context: ChangeContext,
): Item {
  assertExactEnough(parsed, precision)
  const { opinion, marking } = parsed
  const comment = redact.has('description') ? '' : opinion.comment
  const content = { ...opinion, comment, marking: encodeMarking(raised(marking, marks)) }
  return unlessSame(item, identifyOpinion(content, context).item)
}

/** It has a reason, and no marking to raise. */
function changeWithdrawal(
  item: Item,
  { withdrawal }: Extract<ParsedItem, { kind: 'withdrawal' }>,
  { redact }: Changes,
): Item {
  return redact.has('description') ? unlessSame(item, buildWithdrawal(withdrawal.claimId, '')) : item
}

/** Less exact, it would be about another indicator. */
function assertExactEnough(subject: TypedValue, precision: Precision): void {
  if (widerValue(subject, precision).value === subject.value) return
  throw unchangeable('the precision of what is said of an indicator cannot be lowered')
}

const STIX_FIELDS: Readonly<Record<RedactField, readonly string[]>> = {
  name: ['name', 'aliases'],
  description: ['description', 'abstract', 'content'],
  labels: ['labels'],
  references: ['external_references'],
  source: ['created_by_ref'],
  original: [],
  confidence: ['confidence'],
  times: ['first_seen', 'last_seen', 'first_observed', 'last_observed'],
}

function changeStixObject(
  item: Item,
  { object, marking }: Extract<ParsedItem, { kind: 'stix-object' }>,
  changes: Changes,
  context: ChangeContext,
): Item {
  const { ipv4, ipv6, host, day } = changes.precision
  if (ipv4 !== undefined || ipv6 !== undefined || host === true || day === true) {
    throw unchangeable('the precision of a STIX object cannot be lowered')
  }
  const strict = raised(marking, changes)
  const fields = JSON.parse(object.json) as Record<string, unknown>
  const absent = new Set([...changes.redact].flatMap(field => STIX_FIELDS[field]).filter(name => name in fields))
  if (absent.size === 0 && strict.tlp === marking.tlp && strict.pap === marking.pap) return item
  const kept = Object.fromEntries(Object.entries(fields).filter(([name]) => !absent.has(name)))
  const json = JSON.stringify(strict.tlp === marking.tlp ? kept : { ...kept, ...markingRefs(kept, strict.tlp) })
  return buildStixItem(json, strict, context).item
}

/** No object says two colours at once. */
function markingRefs({ object_marking_refs: refs }: Record<string, unknown>, tlp: Tlp): Record<string, unknown> {
  const others = Array.isArray(refs) ? refs.filter(ref => typeof ref !== 'string' || !tlpOfStixMarking(ref)) : []
  return { object_marking_refs: [...others, stixMarkingId(tlp)] }
}

function raised(marking: MarkingFields, { tlp, pap }: Pick<Changes, 'tlp' | 'pap'>): MarkingFields {
  return {
    ...marking,
    tlp: Math.max(marking.tlp, tlp) as Tlp,
    pap: Math.max(marking.pap, pap) as Pap,
  }
}

/** Rather than let it leave as it is. */
function unchangeable(message: string): UserError {
  return new UserError('guard-unchangeable', message, {
    fix: 'Let the rule that changes it match other items only, and deny or allow these by a rule of their own.',
  })
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

function unlessSame(item: Item, changed: Item): Item {
  return equalBytes(item.body, changed.body) ? item : changed
}
