import { ALL_RECORDS, checkStore, type Scratch } from './check.ts'
import type { StoreContext } from './context.ts'
import { SPACE } from './keys.ts'
import type { Row, Upkeep } from './upkeep.ts'

/** Tree nodes and grants follow from the entries; intents are of this disk alone. */
const NOT_PRIMARY: ReadonlySet<number | undefined> = new Set([SPACE.nodes, SPACE.grants, SPACE.intents])

export function createUpkeep(context: StoreContext, openScratch: () => Promise<Scratch>): Upkeep {
  return {
    check: signal => checkStore(context, openScratch, signal),
    primaryRows: () => primaryRows(context),
  }
}

async function* primaryRows({ db }: StoreContext): AsyncGenerator<readonly Row[]> {
  await using reads = db.freeze()
  for await (const chunk of reads.scan(ALL_RECORDS)) {
    const rows = chunk.filter(([key]) => !NOT_PRIMARY.has(key[0]))
    if (rows.length > 0) yield rows
  }
}
