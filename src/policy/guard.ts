import type { ErrorCode } from '../base/codes.ts'
import { TocsinError } from '../base/errors.ts'
import type { Item } from '../wire/gen/tocsin.ts'
import type { ApprovalProof } from './approval.ts'
import { addChanges, type ChangeContext, changeItem, changesText, NO_CHANGES } from './guard-changes.ts'
import { createGuardIndex } from './guard-index.ts'
import { buildConditions, type Condition } from './guard-match.ts'
import { type GuardPolicy, type GuardRule, type RuleName, ruleText } from './guard-policy.ts'
import { type GuardAudience, guardSubject } from './guard-subject.ts'

declare const guarded: unique symbol

/** An item as the guard lets it leave. Only the guard makes one, and `checkRelease` takes nothing else. */
export interface GuardedItem {
  readonly [guarded]: true
  readonly item: Item
}

/** What was decided on one item and why, for whoever asked and for the audit log. */
export interface GuardDecision {
  readonly verdict: 'allow' | 'deny' | 'hold'
  /** The rule that ended the reading; undefined where none did. */
  readonly rule: RuleName | undefined
  /** Rules that changed the item. */
  readonly changedBy: readonly RuleName[]
  /** One sentence. */
  readonly reason: string
}

export type GuardJudgement =
  | {
      readonly kind: 'allow'
      readonly item: GuardedItem
      readonly limits: readonly LimitedRule[]
      readonly decision: GuardDecision
    }
  /** `item` leaves once a second person has approved exactly it. */
  | {
      readonly kind: 'hold'
      readonly item: Item
      readonly limits: readonly LimitedRule[]
      readonly decision: GuardDecision
    }
  | { readonly kind: 'deny'; readonly code: ErrorCode; readonly decision: GuardDecision }

/** A rule that counts what leaves by it. */
export interface LimitedRule extends RuleName {
  readonly limitPerHour: number
}

/** How many items have left within the hour that match this rule. */
export type LimitUse = (rule: LimitedRule) => number

export interface RuleOutcome extends RuleName {
  /** `unread`: a rule before it has ended the reading. */
  readonly outcome: 'matched' | 'unmatched' | 'unread'
  /** The first condition that does not hold; empty where all do. */
  readonly condition: string
  /** What it does to what it matches: `removes description; deny`. */
  readonly does: string
  readonly decided: boolean
}

export interface Guard {
  /** Whatever `item` is submitted as, the same every time. Throws ProtocolError where it is malformed. */
  judge(item: Item, audience: GuardAudience, context: ChangeContext, used: LimitUse): GuardJudgement
  /** Rule by rule, in their order. */
  explain(item: Item, audience: GuardAudience, used: LimitUse): readonly RuleOutcome[]
}

interface BuiltRule {
  readonly rule: GuardRule
  readonly conditions: readonly Condition[]
  readonly changes: boolean
}

/** The semantics are those of `GuardPolicy`. */
export function createGuard(policy: GuardPolicy): Guard {
  const rules = policy.rules.map(
    (rule): BuiltRule => ({ rule, conditions: buildConditions(rule.when), changes: changesText(rule) !== '' }),
  )

  const index = createGuardIndex(policy.rules)

  function judge(item: Item, audience: GuardAudience, context: ChangeContext, used: LimitUse): GuardJudgement {
    const subject = guardSubject(item, audience)
    const limits: LimitedRule[] = []
    const changedBy: RuleName[] = []
    let changes = NO_CHANGES
    for (const place of index.candidates(subject)) {
      const { rule, conditions, changes: changing } = rules[place]!
      if (!conditions.every(condition => condition.holds(subject))) continue
      if (isLimited(rule)) {
        if (used(rule) >= rule.limitPerHour)
          return denied(rule, 'guard-limit', `has let ${rule.limitPerHour} leave within the hour`)
        limits.push(rule)
      }
      if (changing) {
        changes = addChanges(changes, rule)
        changedBy.push(nameOf(rule))
      }
      if (rule.action === 'deny') return denied(rule, 'guard-denied', 'denies it')
      if (rule.action !== undefined) return ended(rule, rule.action)
    }
    return {
      kind: 'deny',
      code: 'guard-denied',
      decision: { verdict: 'deny', rule: undefined, changedBy, reason: 'no rule of the policy allows it' },
    }

    function ended(rule: GuardRule, verdict: 'allow' | 'hold'): GuardJudgement {
      const reason = `${ruleText(rule)} ${verdict === 'allow' ? 'allows it' : 'asks for a second person'}`
      const decision: GuardDecision = { verdict, rule: nameOf(rule), changedBy, reason }
      try {
        const leaving = changeItem(item, subject.item, changes, context)
        if (verdict === 'hold') return { kind: 'hold', item: leaving, limits, decision }
        return { kind: 'allow', item: asGuarded(leaving), limits, decision }
      } catch (error) {
        if (!(error instanceof TocsinError)) throw error
        const cannot = `${changedBy.map(ruleText).join(', ')}: ${error.message}`
        return { kind: 'deny', code: error.code, decision: { ...decision, verdict: 'deny', reason: cannot } }
      }
    }

    function denied(rule: GuardRule, code: ErrorCode, what: string): GuardJudgement {
      const reason = `${ruleText(rule)} ${what}`
      return { kind: 'deny', code, decision: { verdict: 'deny', rule: nameOf(rule), changedBy, reason } }
    }
  }

  function explain(item: Item, audience: GuardAudience, used: LimitUse): readonly RuleOutcome[] {
    const subject = guardSubject(item, audience)
    let over = false
    return rules.map(({ rule, conditions }) => {
      const base = { ...nameOf(rule), does: doesText(rule), condition: '', decided: false }
      if (over) return { ...base, outcome: 'unread' as const }
      const failed = conditions.find(condition => !condition.holds(subject))
      if (failed !== undefined) return { ...base, outcome: 'unmatched' as const, condition: failed.name }
      over = rule.action !== undefined || (isLimited(rule) && used(rule) >= rule.limitPerHour)
      return { ...base, outcome: 'matched' as const, decided: over }
    })
  }

  return { judge, explain }
}

/** What a rule holds leaves by the word of a second person. */
export function releaseApproved({ item }: ApprovalProof): GuardedItem {
  return asGuarded(item)
}

function asGuarded(item: Item): GuardedItem {
  return { item } as GuardedItem
}

export function doesText(rule: GuardRule): string {
  const limit = rule.limitPerHour === undefined ? '' : `at most ${rule.limitPerHour} an hour`
  const ending = rule.action === 'hold' ? 'second person' : (rule.action ?? '')
  return [changesText(rule), limit, ending].filter(text => text !== '').join('; ')
}

function isLimited(rule: GuardRule): rule is GuardRule & LimitedRule {
  return rule.limitPerHour !== undefined
}

function nameOf({ name, number, line }: RuleName): RuleName {
  return { name, number, line }
}
