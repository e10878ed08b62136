import type { NationId } from '../../base/ids.ts'
import { type AcceptancePolicy, acceptanceText } from '../../policy/acceptance.ts'
import type { Clearance } from '../../policy/clearance.ts'
import { createSight } from '../../policy/reader-view.ts'
import type { StoredItem } from '../../store/store.ts'
import { type ChangeSource, createChangeReading } from './change-feed.ts'
import type { ChangeReading } from './change-reading.ts'
import type { Cursors } from './cursor-seal.ts'
import type { IndicatorView, ListQuery, NationStatus, Reading } from './indicator-reading.ts'
import { createReading, type Reads, type ViewOf } from './reading.ts'
import { claimView, indicatorView, type Scoring } from './views.ts'

/** How the registry in force sees a nation. */
type StatusOf = (nation: NationId) => NationStatus

/**
 * What a clearance lets be read. Nothing says in which entry a claim came: the numbers of entries count those that the
 * reader may not see, too.
 */
export function createClearedReading(
  store: Reads,
  clearance: Clearance,
  statusOf: StatusOf,
  scoring: Scoring,
): Reading {
  return createReading(store, clearedView(statusOf, scoring), { sees: createSight(clearance) })
}

/** The same of what changes. */
export function createClearedChanges(
  store: ChangeSource,
  clearance: Clearance,
  statusOf: StatusOf,
  scoring: Scoring,
  cursors: Cursors,
): ChangeReading {
  return createChangeReading(store, clearedView(statusOf, scoring), { sees: createSight(clearance) }, cursors)
}

function clearedView(statusOf: StatusOf, scoring: Scoring): ViewOf {
  return (stored, explained) =>
    indicatorView(stored, item => ({ ...claimView(item, statusOf), entry: '' }), scoring, explained)
}

/** What the administrator reads: the view, and what the acceptance policy keeps out of it. */
export function createWholeReading(
  store: Reads & ChangeSource,
  acceptance: () => AcceptancePolicy,
  statusOf: StatusOf,
  scoring: Scoring,
): Reading & ChangeReading {
  const viewOf: ViewOf = (stored, explained) =>
    indicatorView(stored, item => claimView(item, statusOf), scoring, explained)
  const whole = createReading(store, viewOf)
  const asideClaim = (item: StoredItem) => ({
    ...claimView(item, statusOf),
    standing: acceptanceText(acceptance().judge(item)),
  })
  const asideView: ViewOf = stored => indicatorView(stored, asideClaim, scoring)
  const aside = createReading(store, asideView, { aside: true, sees: () => true })
  const quarantined = createReading(store, asideView, {
    aside: true,
    sees: mention => acceptance().judge(mention).action === 'quarantine',
  })

  /** An indicator with what is kept out, which has a part in nothing else that the answer says of it. */
  async function show(idOrValue: string): Promise<IndicatorView | null> {
    const view = await whole.show(idOrValue)
    if (acceptance().hash.length === 0) return view
    const kept = await aside.show(view?.value ?? idOrValue)
    if (kept === null) return view
    return { ...(view ?? nothingOf(kept)), aside: kept.claims }
  }

  return {
    ...createChangeReading(store, viewOf),
    lookup: whole.lookup,
    list: ({ quarantined: only, ...query }: ListQuery) => (only === true ? quarantined : whole).list(query),
    show,
  }
}

function nothingOf({ id, type, value }: IndicatorView): IndicatorView {
  const unsaid = { nations: [], tlp: '', confidence: null, labels: [], claims: [] }
  const unscored = { state: 'active', score: 0, origins: 0, corroboration: '', warnings: [] } as const
  const times = { firstSeenMs: 0, lastSeenMs: 0, validUntilMs: 0 }
  return { id, type, value, ...unsaid, ...unscored, ...times, sightings: [], opinions: [], withdrawn: [] }
}
