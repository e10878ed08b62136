import type { TypedValue } from '../../indicator/canonical.ts'
import type { TypeHint } from '../type-hint.ts'
import { hintOfStixProperty, stringLiteral } from '../type-mapping.ts'
import type { Comparison, ComparisonExpression, Pattern } from './stix-pattern.ts'
import { readValue } from './value-text.ts'

/** What a pattern comes down to: values that each match on their own, and patterns where there is no such value. */
export type PatternPart =
  /** `pattern` says the same as a pattern of its own. */
  | { readonly kind: 'value'; readonly text: string; readonly hint: TypeHint; readonly pattern: string }
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
  const whole = text.slice(expression.start, expression.end)
  return expression.values.map(value => {
    const one = expression.operator === 'IN' ? `${propertyText(expression)} = ${stringLiteral(value.text)}` : whole
    return { kind: 'value', text: value.text, hint, pattern: `[${one}]` }
  })
}

function propertyText({ objectType, path }: Comparison): string {
  const steps = path.map(step =>
    /^[A-Za-z_]\w*$/.test(step) ? `.${step}` : step.startsWith('[') ? step : `.'${step}'`,
  )
  return `${objectType}:${steps.join('').slice(1)}`
}

/** More than any pattern that people write, so that one cannot fill an index. */
const OBSERVABLES_MAX = 256

/**
 * What a pattern is about, wherever in it: the values that it compares for equality, each once. None of them is an
 * indicator by itself where the pattern asks for several; who looks one up wants to know the pattern.
 */
export function observablesOf(pattern: Pattern): readonly TypedValue[] {
  const found = new Map<string, TypedValue>()
  for (const comparison of comparisonsIn(pattern)) {
    const hint = hintOf(comparison)
    if (hint === undefined) continue
    for (const { text } of comparison.values) {
      const read = readValue(text, hint)
      if (read.kind === 'refused') continue
      found.set(`${read.type} ${read.value}`, { type: read.type, value: read.value })
      if (found.size === OBSERVABLES_MAX) return [...found.values()]
    }
  }
  return [...found.values()]
}

function* comparisonsIn(pattern: Pattern | ComparisonExpression): Generator<Comparison> {
  if (pattern.kind === 'comparison') yield pattern
  else if (pattern.kind === 'observation') yield* comparisonsIn(pattern.expression)
  else if (pattern.kind === 'qualified') yield* comparisonsIn(pattern.inner)
  else for (const part of pattern.parts) yield* comparisonsIn(part)
}

/** Which type of value the comparison names; undefined where it names none, or not by equality. */
function hintOf({ objectType, path, operator, negated, values }: Comparison): TypeHint | undefined {
  const isNumbered = objectType === 'autonomous-system'
  if (negated || values.some(({ kind }) => kind !== 'string' && !(isNumbered && kind === 'number'))) return undefined
  const hint = hintOfStixProperty(objectType, path)
  if (operator === 'ISSUBSET') return objectType === 'ipv4-addr' || objectType === 'ipv6-addr' ? hint : undefined
  return operator === '=' || operator === 'IN' ? hint : undefined
}
