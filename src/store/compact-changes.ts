import { isLast } from './change-reads.ts'
import { decodeChanges, encodeChanges } from './changes.ts'
import type { StoreContext } from './context.ts'
import { type Writes, wholeSpace } from './database.ts'
import { loadGroups } from './held-item.ts'
import { changesKey, itemIdKey, readU64, SPACE } from './keys.ts'
import { countsLine } from './meta.ts'

const RECORDS_AT_ONCE = 16

/**
 * Takes from some records, from number `from` on, the changes of ids that changed once more. Returns where to go on.
 * Undefined after the last: then all that were counted as superseded are gone.
 */
export async function compactSome({ db, memory }: StoreContext, from: number): Promise<number | undefined> {
  const rows = await db.range({ from: changesKey(from), to: wholeSpace(SPACE.changes).to }, RECORDS_AT_ONCE)
  const writes: Writes = []
  for (const row of rows) {
    const start = readU64(row[0], 1)
    const numbered = decodeChanges(row)
    const groups = await loadGroups(
      db,
      numbered.map(({ nation, id }) => itemIdKey(nation, id)),
    )
    const kept = numbered.filter((each, i) => isLast(each, groups[i]!))
    if (kept.length === numbered.length) continue
    const offsets = kept.map(({ number }) => number - start)
    writes.push([row[0], kept.length === 0 ? undefined : encodeChanges(kept[0]!.nation, kept, offsets)])
  }
  const isEnd = rows.length < RECORDS_AT_ONCE
  const counts = { ...memory.counts, superseded: 0 }
  if (isEnd) writes.push(countsLine(counts))
  await db.write(writes, false)
  if (isEnd) memory.counts = counts
  return isEnd ? undefined : readU64(rows.at(-1)![0], 1) + 1
}
