import { ALL_RECORDS, type CheckPlace, checkStore } from './check.ts'
import type { StoreContext } from './context.ts'
import { SPACE } from './keys.ts'
import type { Row, StoreSize, Upkeep } from './upkeep.ts'

/** Tree nodes and grants follow from the entries; intents, and what whoever reads was told, are of this disk alone. */
const NOT_PRIMARY: ReadonlySet<number | undefined> = new Set([SPACE.nodes, SPACE.grants, SPACE.intents, SPACE.changes])

/** Entries and items may have 64 KiB each. */
const CHUNK = 64

/** Where a store is, as far as that matters to what looks after it. */
export interface UpkeepPlace extends CheckPlace {
  size(): Promise<StoreSize | undefined>
}

export function createUpkeep(context: StoreContext, place: UpkeepPlace): Upkeep {
  return {
    check: signal => checkStore(context, place, signal),
    size: place.size,
    primaryRows: () => primaryRows(context),
  }
}

async function* primaryRows({ db }: StoreContext): AsyncGenerator<readonly Row[]> {
  await using reads = db.freeze()
  for await (const chunk of reads.scan(ALL_RECORDS, { chunk: CHUNK })) {
    const rows = chunk.filter(([key]) => !NOT_PRIMARY.has(key[0]))
    if (rows.length > 0) yield rows
  }
}
