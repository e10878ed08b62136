import { utf8 } from '../../base/bytes.ts'
import type { TypedValue } from '../../indicator/canonical.ts'
import { MATCHED_TYPES } from '../../indicator/matcher.ts'
import type { Store } from '../../store/store.ts'
import type { IndicatorView } from './indicator-reading.ts'
import type { ViewOf } from './reading.ts'

/** What `tocsin scan` needs of a node: all that can be found, and what is said of what was. */
export interface ScanCommands {
  /** A line `type TAB value` for each indicator that a text can be searched for, patterns among them. */
  searchable(): Promise<AsyncGenerator<Uint8Array, void>>
  /** Of each what is claimed of it, or null; at most LOOKUPS_MAX. */
  indicatorsOf(subjects: readonly TypedValue[]): Promise<readonly (IndicatorView | null)[]>
}

export function createScanCommands(store: Pick<Store, 'subjects' | 'lookupMany'>, viewOf: ViewOf): ScanCommands {
  return {
    searchable: async () => linesOf(store),
    async indicatorsOf(subjects) {
      const found = await store.lookupMany(subjects)
      return found.map(stored => (stored === undefined || stored.claims.length === 0 ? null : viewOf(stored)))
    },
  }
}

async function* linesOf(store: Pick<Store, 'subjects'>): AsyncGenerator<Uint8Array, void> {
  for await (const subjects of store.subjects()) {
    const lines = subjects.filter(({ type }) => MATCHED_TYPES.has(type) || type === 'stix-pattern')
    // No canonical value has a control character in it.
    yield utf8(lines.map(({ type, value }) => `${type}\t${value}\n`).join(''))
  }
}
