import type { Tlp } from '../indicator/marking.ts'

/** How long the bodies of entries are kept. What was opened from them stays, and so do headers and grants. */

export interface RetentionRules {
  /** Beyond this nobody need have them. */
  readonly allianceDays: number
  /** What the nation says instead; 0: nothing. */
  readonly ownDays: number
  /** What it says of entries by the markings of what they hold. */
  readonly daysByTlp: ReadonlyMap<Tlp, number>
}

/** For how many days the body of an entry that holds items of these markings is kept; of the longest, where they differ. */
export function bodyDays({ allianceDays, ownDays, daysByTlp }: RetentionRules, tlps: readonly Tlp[]): number {
  const base = ownDays === 0 ? allianceDays : ownDays
  return tlps.length === 0 ? base : Math.max(...tlps.map(tlp => daysByTlp.get(tlp) ?? base))
}
