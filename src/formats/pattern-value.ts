import type { Comparison, ComparisonExpression, Pattern } from './stix-pattern.ts'
import type { TypeHint } from './type-hint.ts'

/** What a pattern comes down to: values that each match on their own, and patterns where there is no such value. */
export type PatternPart =
  | { readonly kind: 'value'; readonly text: string; readonly hint: TypeHint }
  | { readonly kind: 'pattern'; readonly text: string }

/**
 * Takes alternatives apart: `[a OR b] OR [c]` matches when one of the three does, so each is an indicator of its own.
 * What must hold together (AND, FOLLOWEDBY, qualifiers) stays together as a pattern.
 */
export function splitPattern(text: string, pattern: Pattern): readonly PatternPart[] {
  const parts = alternatives(text, pattern)
  return parts.some(part => part.kind === 'value') || parts.length > 1 ? parts : [{ kind: 'pattern', text }]
}

function alternatives(text: string, pattern: Pattern): readonly PatternPart[] {
  if (pattern.kind === 'observation') return comparisons(text, pattern.expression)
  if (pattern.kind === 'OR') return pattern.parts.flatMap(part => alternatives(text, part))
  return [{ kind: 'pattern', text: text.slice(pattern.start, pattern.end) }]
}

function comparisons(text: string, expression: ComparisonExpression): readonly PatternPart[] {
  if (expression.kind === 'OR') return expression.parts.flatMap(part => comparisons(text, part))
  const hint = expression.kind === 'comparison' ? hintOf(expression) : undefined
  if (hint === undefined || expression.kind !== 'comparison') {
    return [{ kind: 'pattern', text: `[${text.slice(expression.start, expression.end)}]` }]
  }
  return expression.values.map(value => ({ kind: 'value', text: value.text, hint }))
}

/** Which type of value the comparison names; undefined where it names none, or not by equality. */
function hintOf({ objectType, path, operator, negated, values }: Comparison): TypeHint | undefined {
  if (negated || values.some(value => value.kind !== 'string')) return undefined
  const property = `${objectType}:${path.join('.')}`
  if (operator === 'ISSUBSET') return ADDRESS.has(property) ? 'host' : undefined
  if (operator !== '=' && operator !== 'IN') return undefined
  if (path.length === 2 && path[0] === 'hashes' && (objectType === 'file' || objectType === 'artifact')) {
    return HASH_NAMES.has(path[1]!.toUpperCase().replace(/[^A-Z0-9]/g, '')) ? 'hash' : undefined
  }
  return PROPERTY_HINTS.get(property)
}

const ADDRESS: ReadonlySet<string> = new Set(['ipv4-addr:value', 'ipv6-addr:value'])

/** `SHA-256`, `sha256` and `SHA256` are one; SHA3 and fuzzy hashes are none of ours. */
const HASH_NAMES: ReadonlySet<string> = new Set(['MD5', 'SHA1', 'SHA256', 'SHA512'])

const PROPERTY_HINTS: ReadonlyMap<string, TypeHint> = new Map([
  ['domain-name:value', 'host'],
  ['ipv4-addr:value', 'host'],
  ['ipv6-addr:value', 'host'],
  ['url:value', 'url'],
  ['email-addr:value', 'email'],
  ['email-message:from_ref.value', 'email'],
  ['email-message:sender_ref.value', 'email'],
  ['network-traffic:src_ref.value', 'host'],
  ['network-traffic:dst_ref.value', 'host'],
])
