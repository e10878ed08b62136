import { ProtocolError } from '../../base/errors.ts'
import { canonicalValue, type TypedValue } from '../../indicator/canonical.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import { indicatorText } from '../../indicator/type.ts'
import { present } from '../claim-fields.ts'
import { type ImportRow, refusedRow } from '../import-row.ts'
import type { StixReferences } from '../stix-marking.ts'
import { contextRow, type StixObject, stringOf } from '../stix-object.ts'
import { isExactType } from '../type-hint.ts'
import { stixRuleOf, typeOfPatternLanguage } from '../type-mapping.ts'
import { type PatternPart, splitPattern } from './pattern-value.ts'
import { ruleLines } from './rule-text.ts'
import { factsOfIndicator } from './stix-facts.ts'
import { parseStixPattern } from './stix-pattern.ts'
import { PatternSyntaxError } from './stix-pattern-error.ts'
import { readValue } from './value-text.ts'

/** The claims that one STIX indicator makes, 2.1 or 2.0: one for each value that its pattern comes down to. */
export function indicatorRows(place: string, object: StixObject, references: StixReferences): readonly ImportRow[] {
  const pattern = stringOf(object.pattern)
  if (object.revoked === true) {
    const text = `${object.id} ${pattern ?? ''}`
    const refused = refusedRow(place, 'import-revoked', 'its author has revoked this indicator', text)
    return [{ ...refused, revokes: object.id }]
  }
  if (pattern === undefined)
    return [refusedRow(place, 'import-stix-invalid', 'the indicator has no pattern', object.id)]
  const { facts, warnings, ownType } = factsOfIndicator(object, references)
  // STIX 2.0 knows no other language than its own.
  const language = stringOf(object.pattern_type) ?? 'stix'
  const own = ownType === undefined ? undefined : ownValue(ownType, pattern)
  const rows = own === undefined ? patternRows(place, language, pattern) : [valueRow(place, own)]
  // A language without a type of its own may have values that are none here: the whole object travels instead.
  if (language !== 'stix' && rows[0]?.kind === 'refused') return [contextRow(place, object, facts.marking)]
  const creator = present('createdBy', stringOf(object.created_by_ref))
  return rows.map(row =>
    row.kind === 'claim'
      ? { ...row, draft: withFacts(row.draft, facts), warnings: [...row.warnings, ...warnings], ...creator }
      : row,
  )
}

function patternRows(place: string, language: string, pattern: string): readonly ImportRow[] {
  return language === 'stix' ? stixRows(place, pattern) : ruleRows(place, language, pattern)
}

function valueRow(place: string, typed: TypedValue): ImportRow {
  return { kind: 'claim', place, draft: { ...typed }, warnings: [] }
}

/** The very value of which an export of ours made the pattern: nothing of it is defanged or in quotes. */
function ownValue(type: string, pattern: string): TypedValue | undefined {
  return [pattern, literalOf(pattern)]
    .map(text => typedAs(type, text))
    .find(typed => typed !== undefined && stixRuleOf(typed)?.pattern === pattern)
}

/** What the pattern compares with, where it is one comparison with one value. */
function literalOf(pattern: string): string {
  try {
    const [part, another] = splitPattern(pattern, parseStixPattern(pattern))
    return part?.kind === 'value' && another === undefined ? part.text : ''
  } catch (cause) {
    if (!(cause instanceof PatternSyntaxError)) throw cause
    return ''
  }
}

function typedAs(type: string, text: string): TypedValue | undefined {
  try {
    return canonicalValue(type, text)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    return undefined
  }
}

function withFacts(draft: ClaimDraft, facts: Partial<ClaimDraft>): ClaimDraft {
  const labels = [...(facts.labels ?? []), ...(draft.labels ?? [])]
  return { ...facts, ...draft, ...(labels.length > 0 && { labels }) }
}

function stixRows(place: string, pattern: string): readonly ImportRow[] {
  try {
    return splitPattern(pattern, parseStixPattern(pattern)).map(part => partRow(place, part))
  } catch (cause) {
    if (!(cause instanceof PatternSyntaxError)) throw cause
    return [refusedRow(place, 'import-pattern-invalid', `the pattern cannot be read: ${cause.message}`, pattern)]
  }
}

function partRow(place: string, part: PatternPart): ImportRow {
  if (part.kind === 'pattern') return ruleRow(place, 'stix-pattern', part.text)
  const read = readValue(part.text, part.hint)
  // Half a registry key is no registry key, and yet a pattern that matches.
  if (read.kind === 'refused' && isExactType(part.hint) && part.hint !== 'email') {
    return ruleRow(place, 'stix-pattern', part.pattern)
  }
  if (read.kind === 'refused') return refusedRow(place, read.code, read.reason, part.text)
  const { type, value, original, labels, warnings } = read
  const draft = { type, value, ...present('original', original), ...(labels.length > 0 && { labels }) }
  return { kind: 'claim', place, draft, warnings }
}

function ruleRows(place: string, language: string, pattern: string): readonly ImportRow[] {
  const type = typeOfPatternLanguage(language.toLowerCase()) ?? language
  if (type !== 'suricata') return [ruleRow(place, type, pattern)]
  return ruleLines(pattern).map(rule => ruleRow(place, type, rule))
}

/** A pattern or a rule of another language (snort, pcre …), kept whole under a type of that name. */
function ruleRow(place: string, type: string, text: string): ImportRow {
  try {
    const typed = canonicalValue(type.toLowerCase(), text)
    return {
      kind: 'claim',
      place,
      draft: { ...typed, ...present('original', text === indicatorText(typed) ? undefined : text) },
      warnings: [],
    }
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    return refusedRow(place, cause.code, cause.message, text)
  }
}
