import { fromHex, toHex } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { RecordRelease } from '../policy/release-record.ts'
import type { Store } from '../store/store.ts'
import { encodeHeld, encodeSubmission, type HeldSubmission, parseHeld, type Submission } from './submission.ts'

/** Submissions that wait for a second person, on disk and in memory. */
export interface HeldItems {
  has(id: string): boolean
  get(id: string): HeldSubmission | undefined
  list(): readonly (readonly [id: string, held: HeldSubmission])[]
  /** Resolves when it is on disk. Throws UserError `held-full`. */
  hold(id: string, held: HeldSubmission): Promise<void>
  remove(id: string): Promise<void>
  /** Out of here and into the queue of what is to be signed, in one write. */
  approve(id: string, submission: Submission): Promise<void>
  /** Drops what nobody has approved in time. */
  sweep(): Promise<void>
}

export interface HeldItemsOptions {
  readonly store: Store
  readonly clock: Clock
  /** How long they wait, by the policy in force. */
  readonly holdMs: () => number
  readonly record: RecordRelease
  readonly logger: Logger
}

/** As many as one page of the store. */
const HELD_ITEMS_MAX = 4096

export async function openHeldItems({ store, clock, holdMs, record, logger }: HeldItemsOptions): Promise<HeldItems> {
  const byId = new Map<string, HeldSubmission>()
  for (const { id, bytes } of await store.held()) {
    const held = parseHeld(bytes)
    if (held === undefined) logger.error({ id: toHex(id) }, 'what waits for a second person cannot be read')
    else byId.set(toHex(id), held)
  }

  return {
    has: id => byId.has(id),
    get: id => byId.get(id),
    list: () => [...byId].sort(([, a], [, b]) => a.heldMs - b.heldMs),
    async hold(id, held) {
      if (byId.size >= HELD_ITEMS_MAX) {
        throw new UserError('held-full', `${byId.size} items wait for a second person`, {
          fix: 'Approve or reject some of them: see "tocsin queue list".',
        })
      }
      byId.set(id, held)
      try {
        await store.commit({ held: { add: [{ id: fromHex(id), bytes: encodeHeld(held) }] } }, { sync: true })
      } catch (error) {
        byId.delete(id)
        throw error
      }
    },
    async remove(id) {
      await store.commit({ held: { remove: [fromHex(id)] } }, { sync: true })
      byId.delete(id)
    },
    async approve(id, submission) {
      const changes = { held: { remove: [fromHex(id)] }, queue: { add: [encodeSubmission(submission)] } }
      await store.commit(changes, { sync: true })
      byId.delete(id)
    },
    async sweep() {
      const until = clock.now() - holdMs()
      const late = [...byId].filter(([, { heldMs }]) => heldMs <= until)
      if (late.length === 0) return
      await store.commit({ held: { remove: late.map(([id]) => fromHex(id)) } })
      for (const [id, { submission }] of late) {
        byId.delete(id)
        const reason = 'nobody has approved it in time'
        record({ event: 'expired', id, by: submission.submitter.name, rule: undefined, changedBy: [], reason })
      }
    },
  }
}
