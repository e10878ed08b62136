import { fromHex, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import type { AuditDecision } from '../../policy/audit-record.ts'
import type { GuardDecision } from '../../policy/guard.ts'
import { ruleText } from '../../policy/guard-policy.ts'
import type { Store, StoreBatch } from '../../store/store.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { nameOf } from './release-audit.ts'
import { encodeHeld, encodeSubmission, type HeldSubmission, parseHeld, type Submission } from './submission.ts'

/** Submissions that wait for a second person, on disk and in memory. */
export interface HeldItems {
  has(id: string): boolean
  get(id: string): HeldSubmission | undefined
  list(): readonly (readonly [id: string, held: HeldSubmission])[]
  /** Resolves when it is on disk. Throws UserError `held-full`. */
  hold(id: string, held: HeldSubmission, decision: GuardDecision): Promise<void>
  /** Drops it for good; `reason` in the operator's words. */
  reject(id: string, by: string, reason: string): Promise<void>
  /** Out of here and into the queue of what is to be signed, in one write. */
  approve(id: string, submission: Submission, by: string): Promise<void>
  /** Drops what nobody has approved in time. */
  sweep(): Promise<void>
}

export interface HeldItemsOptions {
  readonly store: Store
  readonly clock: Clock
  /** How long they wait, by the policy in force. */
  readonly holdMs: () => number
  readonly audit: Pick<AuditLog, 'events'>
  readonly logger: Logger
}

/** As many as one page of the store. */
const HELD_ITEMS_MAX = 4096

export async function openHeldItems({ store, clock, holdMs, audit, logger }: HeldItemsOptions): Promise<HeldItems> {
  const byId = new Map<string, HeldSubmission>()
  for (const { id, bytes } of await store.held()) {
    const held = parseHeld(bytes)
    if (held === undefined) logger.error({ id: toHex(id) }, 'what waits for a second person cannot be read')
    else byId.set(toHex(id), held)
  }

  /** The decision is written with what it changes. */
  async function change(held: StoreBatch['held'] & {}, decision: AuditDecision, more: StoreBatch = {}): Promise<void> {
    await store.commit({ ...more, held, audit: { add: audit.events(decision) } }, { sync: true })
  }

  return {
    has: id => byId.has(id),
    get: id => byId.get(id),
    list: () => [...byId].sort(([, a], [, b]) => a.heldMs - b.heldMs),
    async hold(id, held, { rule }) {
      if (byId.size >= HELD_ITEMS_MAX) {
        throw new UserError('held-full', `${byId.size} items wait for a second person`, {
          fix: 'Approve or reject some of them: see "tocsin queue list".',
        })
      }
      byId.set(id, held)
      try {
        const add = [{ id: fromHex(id), bytes: encodeHeld(held) }]
        const by = held.submission.submitter.name
        await change({ add }, { kind: 'held', by, item: fromHex(id), ...(rule && { rule: ruleText(rule) }) })
      } catch (error) {
        byId.delete(id)
        throw error
      }
    },
    async reject(id, by, reason) {
      const item = fromHex(id)
      await change({ remove: [item] }, { kind: 'rejected', by, item, name: reason })
      byId.delete(id)
    },
    async approve(id, submission, by) {
      const item = fromHex(id)
      const name = `submitted by ${nameOf(submission.submitter)}`
      const key = submission.approval && { subject: submission.approval.key }
      const queue = { add: [encodeSubmission(submission)] }
      await change({ remove: [item] }, { kind: 'approved', by, item, name, ...key }, { queue })
      byId.delete(id)
    },
    async sweep() {
      const until = clock.now() - holdMs()
      const late = [...byId].filter(([, { heldMs }]) => heldMs <= until)
      if (late.length === 0) return
      const remove = late.map(([id]) => fromHex(id))
      const expired = late.map(([id, held]): AuditDecision => {
        return { kind: 'expired', by: held.submission.submitter.name, item: fromHex(id) }
      })
      await store.commit({ held: { remove }, audit: { add: audit.events(...expired) } }, { sync: true })
      for (const [id] of late) byId.delete(id)
    },
  }
}
