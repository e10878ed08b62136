import { equalBytes, toHex } from '../../base/bytes.ts'
import type { ErrorCode } from '../../base/codes.ts'
import { UserError } from '../../base/errors.ts'
import type { AllianceId, NationId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import { verifyEd25519 } from '../../crypto/ed25519.ts'
import { checkApproval } from '../../policy/approval.ts'
import { type AudienceStatement, audienceNameOf } from '../../policy/audience-info.ts'
import { type AudienceName, decodeAudienceName } from '../../policy/audience-name.ts'
import {
  type GuardDecision,
  type GuardedItem,
  type GuardJudgement,
  type LimitedRule,
  releaseApproved,
} from '../../policy/guard.ts'
import { ruleText } from '../../policy/guard-policy.ts'
import type { GuardAudience } from '../../policy/guard-subject.ts'
import { createLimitCounts } from '../../policy/limit-counts.ts'
import { operatorOfKey } from '../../policy/operator.ts'
import { checkRelease, type ReleasedItem } from '../../policy/release.ts'
import type { Audience, AudienceResolution } from '../../policy/resolve-audience.ts'
import type { AuditRun } from '../../wire/gen/store.ts'
import type { Item } from '../../wire/gen/tocsin.ts'
import type { AudienceDesk } from './audience-desk.ts'
import { type DraftItem, draftOf } from './draft-item.ts'
import type { RulesInForce } from './national-rules.ts'
import { runOf } from './release-audit.ts'
import type { Submission } from './submission.ts'

/** A submission on its way out, and the item as it leaves. */
export interface Departure {
  readonly submission: Submission
  readonly leaving: DraftItem
}

/** An item that may leave, and what the audit log says of it. */
export interface Release {
  readonly released: ReleasedItem
  readonly run: AuditRun
}

export interface Refusal {
  readonly kind: 'refused'
  readonly code: ErrorCode
  readonly reason: string
}

/** `limits`: rules that count it once it is taken in. */
export type Ruling =
  | (Ruled & { readonly kind: 'leaves'; readonly guarded: GuardedItem })
  | (Ruled & { readonly kind: 'held' })
  | (Refusal & { readonly decision: GuardDecision | undefined })

interface Ruled {
  readonly departure: Departure
  /** That the guard has judged it for. */
  readonly audience: Audience
  readonly limits: readonly LimitedRule[]
  readonly decision: GuardDecision
}

export interface ReleaseDeskOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly rules: () => RulesInForce
  readonly audiences: Pick<AudienceDesk, 'resolveFor' | 'resolve'>
  readonly clock: Clock
}

/**
 * Where it is decided what leaves: the guard of the nation first, then what marking and registry say of its readers.
 * Asked when something is submitted and again when it is sealed: the rules and the readers may have changed.
 */
export function createReleaseDesk({ allianceId, nation, rules, audiences, clock }: ReleaseDeskOptions) {
  const counts = createLimitCounts()

  /**
   * Pure but for what was counted. The same submission gives the same item as long as the rules stay. What the guard
   * marks higher, and it marks nothing lower, has fewer readers, and is judged again for them.
   */
  function decide(submission: Submission, counted: boolean): Ruling {
    const submitted = draftOf(submission.item).tlp
    const ruling = decideFor(submission, submitted, counted)
    if (ruling.kind === 'refused' || ruling.departure.leaving.tlp <= submitted) return ruling
    return decideFor(submission, ruling.departure.leaving.tlp, counted)
  }

  function decideFor(submission: Submission, tlp: number, counted: boolean): Ruling {
    const { guard } = rules()
    if (guard === undefined) return { ...missing(), decision: undefined }
    const name = decodeAudienceName(submission.audience)
    const readers = audiences.resolveFor(submission.item, name, tlp)
    const context = { allianceId, nation, assertion: submission.assertion }
    const used = (rule: LimitedRule) => (counted ? counts.used(rule, clock.now()) : 0)
    const judgement = guard.judge(submission.item, guardAudience(name, readers, nation), context, used)
    const { decision } = judgement
    if (judgement.kind === 'deny') return { kind: 'refused', code: judgement.code, reason: decision.reason, decision }
    const item = judgement.kind === 'hold' ? judgement.item : judgement.item.item
    const leaving = draftOf(item)
    if (readers.kind === 'refused') {
      const { code, reason } = readers
      return { kind: 'refused', code, reason, decision }
    }
    const departure = { submission, leaving }
    const ruled = { departure, audience: readers.audience, limits: judgement.limits, decision }
    return judgement.kind === 'allow' ? { ...ruled, kind: 'leaves', guarded: judgement.item } : held(ruled, judgement)
  }

  /** What a rule holds leaves where a second person has approved exactly it. */
  function held(ruled: Ruled, { item }: Extract<GuardJudgement, { kind: 'hold' }>): Ruling {
    const { submission } = ruled.departure
    const { approval, submitter, audience } = submission
    // A token is no person, and whoever was an operator is none any more.
    const by = submitter && operatorOfKey(rules().operators, submitter.key)
    if (submitter === undefined || by?.roles.has('publish') !== true) {
      const reason = `${ruled.decision.reason}, and it is not known who submits this`
      return { kind: 'refused', code: 'guard-submitter-unknown', reason, decision: ruled.decision }
    }
    if (approval === undefined) return { ...ruled, kind: 'held' }
    const name = decodeAudienceName(audience)
    const { readers } = guardAudience(name, audiences.resolveFor(item, name, draftOf(item).tlp), nation)
    const subject = { allianceId, item, audience, readers }
    const check = checkApproval(subject, approval, submitter.key, rules().operators, verifyEd25519)
    if (check.kind === 'refused') {
      return { kind: 'refused', code: check.code, reason: check.reason, decision: ruled.decision }
    }
    return { ...ruled, kind: 'leaves', guarded: releaseApproved(check.proof) }
  }

  return {
    decide,
    /** Counts what is taken in; refuses it where so many others were meanwhile. */
    take({ limits }: Ruled): Refusal | undefined {
      const full = counts.take(limits, clock.now())
      if (full === undefined) return undefined
      const reason = `${ruleText(full)} has let ${full.limitPerHour} leave within the hour`
      return { kind: 'refused', code: 'guard-limit', reason }
    },
    /** Throws UserError where it would not leave any more, or would leave as another item than was promised. */
    release({ submission, leaving }: Departure): Release {
      const ruling = decide(submission, false)
      if (ruling.kind === 'refused') throw new UserError(ruling.code, ruling.reason)
      const now = ruling.departure.leaving.item
      if (ruling.kind === 'held' || now.type !== leaving.item.type || !equalBytes(now.body, leaving.item.body)) {
        throw new UserError('guard-changed', 'the policy has changed while this was on its way', {
          fix: 'Publish it again: it is judged by the policy that is in force now.',
        })
      }
      const decision = checkRelease(ruling.guarded, leaving.tlp, ruling.audience)
      if (decision.kind === 'refused') throw new UserError(decision.code, decision.reason)
      // A rule may match and find nothing to change.
      const changedBy = equalBytes(now.body, submission.item.body) ? [] : ruling.decision.changedBy
      return { released: decision.released, run: runOf(submission, { ...ruling.decision, changedBy }) }
    },
    /** May what has left, as it left, reach this audience? Not where it would leave as less, or by a second person's word. */
    mayReach(item: Item, statement: AudienceStatement): boolean {
      const named = guardAudience(statement, audiences.resolve(audienceNameOf(statement), 0), nation)
      const audience = { ...named, readers: statement.nations.filter(reader => reader !== nation) }
      const judgement = rules().guard?.judge(item, audience, { allianceId, nation, assertion: 0 }, () => 0)
      return judgement?.kind === 'allow' && equalBytes(judgement.item.item.body, item.body)
    },
    /** Why nothing can leave now. */
    hindrance(): UserError | undefined {
      return rules().guard === undefined ? policyMissing() : undefined
    },
  }
}

export type ReleaseDesk = ReturnType<typeof createReleaseDesk>

/** Where nobody can read it as it is marked, rules that ask for readers find none. */
export function guardAudience(
  { kind }: Pick<AudienceName, 'kind'>,
  readers: AudienceResolution,
  nation: NationId,
): GuardAudience {
  if (readers.kind === 'refused') return { kind, readers: [] }
  const { group, recipients } = readers.audience
  return {
    kind,
    ...(group !== undefined && { group: { id: toHex(group.id), name: group.name } }),
    readers: recipients.map(recipient => recipient.nation).filter(reader => reader !== nation),
  }
}

export function policyMissing(): UserError {
  return new UserError('policy-missing', 'there is no policy.yaml, and without it nothing leaves', {
    fix: 'Write one, or take the starter that "tocsin policy starter" prints, then "tocsin policy reload".',
  })
}

function missing(): Refusal {
  const { code, message } = policyMissing()
  return { kind: 'refused', code, reason: message }
}
