import type { NationId } from '../base/ids.ts'
import { type AcceptancePolicy, acceptanceText } from '../policy/acceptance.ts'
import type { Clearance } from '../policy/clearance.ts'
import { createSight } from '../policy/reader-view.ts'
import type { Store, StoredIndicator } from '../store/store.ts'
import type { IndicatorView, ListQuery, NationStatus, Reading } from './indicator-reading.ts'
import { createReading } from './reading.ts'
import { claimView, indicatorView } from './views.ts'

/** How the registry in force sees a nation. */
type StatusOf = (nation: NationId) => NationStatus

type Reads = Pick<Store, 'lookupMany' | 'listIndicators' | 'listItems'>

/**
 * What a clearance lets be read. Nothing says in which entry a claim came: the numbers of entries count those that the
 * reader may not see, too.
 */
export function createClearedReading(store: Reads, clearance: Clearance, statusOf: StatusOf): Reading {
  const viewOf = (stored: StoredIndicator) =>
    indicatorView(stored, item => ({ ...claimView(item, statusOf), entry: '' }))
  return createReading(store, viewOf, { sees: createSight(clearance) })
}

/** What the administrator reads: the view, and what the acceptance policy keeps out of it. */
export function createWholeReading(store: Reads, acceptance: () => AcceptancePolicy, statusOf: StatusOf): Reading {
  const whole = createReading(store, stored => indicatorView(stored, item => claimView(item, statusOf)))
  const asideView = (stored: StoredIndicator) =>
    indicatorView(stored, item => ({
      ...claimView(item, statusOf),
      standing: acceptanceText(acceptance().judge(item)),
    }))
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
    lookup: whole.lookup,
    list: ({ quarantined: only, ...query }: ListQuery) => (only === true ? quarantined : whole).list(query),
    show,
  }
}

function nothingOf({ id, type, value }: IndicatorView): IndicatorView {
  const unsaid = { nations: [], tlp: '', confidence: null, labels: [], claims: [] }
  return { id, type, value, ...unsaid, firstSeenMs: 0, lastSeenMs: 0, validUntilMs: 0 }
}
