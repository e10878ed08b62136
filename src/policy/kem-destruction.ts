import { DAY_MS } from '../registry/doc-fields.ts'

/** how long after its window a KEM key is kept, for what comes late. */
const KEPT_AFTER_MS = 30 * DAY_MS

/** What is known of the time beside the own clock. */
export interface ClockEvidence {
  /** How far the own clock is ahead of the middle one of the peers' clocks; undefined while none is known. */
  readonly skewMs: number | undefined
  /** Other active nations, which could contradict it. */
  readonly others: number
}

/**
 * The keys whose time is over. A clock that jumped ahead must not destroy what is still needed, so the earlier of the
 * own time and that of the peers counts; while no peer has told its time, nothing is destroyed.
 */
export function keysToDestroy<Key extends { readonly untilMs: number }>(
  keys: readonly Key[],
  nowMs: number,
  { skewMs, others }: ClockEvidence,
): readonly Key[] {
  if (others > 0 && skewMs === undefined) return []
  const certainMs = nowMs - Math.max(0, skewMs ?? 0)
  return keys.filter(({ untilMs }) => untilMs + KEPT_AFTER_MS <= certainMs)
}
