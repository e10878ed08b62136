import type { AllianceId, NationId } from '../../src/base/ids.ts'
import { buildClaim, type ClaimDraft, encodeClaimItem } from '../../src/indicator/claim.ts'
import { parseItem } from '../../src/indicator/item.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import { createGuard, type Guard, type GuardJudgement } from '../../src/policy/guard.ts'
import type { GuardAudience } from '../../src/policy/guard-subject.ts'
import type { IndicatorClaim, Item } from '../../src/wire/gen/tocsin.ts'

/** A guard from the rules of a policy file, and drafts for it. */

export const IDENTITY = { allianceId: new Uint8Array(32) as AllianceId, nation: 'AAA' as NationId, assertion: 0 }

export const EVERYBODY: GuardAudience = { kind: 'alliance', readers: ['BBB', 'CCC'] as NationId[] }

/** `rules` is the YAML of the rules, each indented by two. */
export function guardOf(rules: string, networks = '{}'): Guard {
  return createGuard(parsePolicyFile(`version: 1\nnetworks: ${networks}\nrules:\n${rules}`).guard)
}

/** One rule with these conditions that allows; everything else is denied. */
export function guardWhen(when: string, networks?: string): Guard {
  return guardOf(`  - { name: it, when: ${when}, action: allow }\n`, networks)
}

export function claimOf(draft: Partial<ClaimDraft> & { readonly value: string }, type = 'domain'): Item {
  return encodeClaimItem(buildClaim({ type, ...draft }, { ...IDENTITY, defaultTlp: 3 }))
}

export function judge(guard: Guard, item: Item, audience = EVERYBODY, used: (name: string) => number = () => 0) {
  return guard.judge(item, audience, IDENTITY, ({ name }) => used(name))
}

export function verdictOf(guard: Guard, item: Item, audience = EVERYBODY): string {
  return judge(guard, item, audience).kind
}

/** The item as it leaves. */
export function leavingItem(judgement: GuardJudgement): Item {
  if (judgement.kind === 'deny') throw new Error(judgement.decision.reason)
  return judgement.kind === 'hold' ? judgement.item : judgement.item.item
}

export function leavingClaim(judgement: GuardJudgement): IndicatorClaim {
  const parsed = parseItem(leavingItem(judgement))
  if (parsed.kind !== 'indicator') throw new Error(parsed.kind)
  return parsed.claim
}
