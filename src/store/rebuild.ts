import { standsIn, withErasedBare } from './bare-withdrawal.ts'
import { type StoreContext, takesBy } from './context.ts'
import { type Database, prefixRange, type Reads, type Writes, wholeSpace } from './database.ts'
import { scanGroups } from './held-item.ts'
import { type Generation, SPACE, viewPrefix } from './keys.ts'
import type { Counts, Memory } from './memory.ts'
import { countsLine, viewLine } from './meta.ts'
import { groupView, NOTHING, type Takes, type ViewChange, viewChange } from './shown.ts'
import { writeView } from './view-writes.ts'

const CHANGES_PER_BATCH = 2000

/**
 * Computes the view from the items alone, into the generation that nobody reads, and switches over in one write. A crash
 * before that leaves the old view as it was; `clearUnread` takes away what either leaves behind.
 */
export async function rebuildView({ db, memory, acceptance }: StoreContext, signal?: AbortSignal): Promise<void> {
  const generation: Generation = memory.view.generation === 0 ? 1 : 0
  await clearUnread(db, memory)
  const counts = await computeView({ items: db, memory, takes: takesBy(acceptance) }, { db, generation }, signal)
  const after = { ...memory.counts, ...counts }
  const view = { generation, stale: false, acceptance: acceptance.hash }
  await db.write([viewLine(view), countsLine(after)], true)
  memory.view = view
  memory.counts = after
  memory.viewVersion++
  await clearUnread(db, memory)
}

export interface ViewSource {
  readonly items: Reads
  readonly memory: Memory
  readonly takes: Takes
}

/** Writes the view of what `items` holds to where nothing of it is yet. Returns how much it was. */
export async function computeView(
  { items, memory, takes }: ViewSource,
  { db, generation }: { readonly db: Database; readonly generation: Generation },
  signal?: AbortSignal,
): Promise<Pick<Counts, 'items' | 'indicators' | 'claims' | 'shown'>> {
  const counts = { items: 0, indicators: 0, claims: 0, shown: 0 }
  for await (const { held, changes } of batches(items, memory, takes)) {
    signal?.throwIfAborted()
    counts.items += held
    const writes: Writes = []
    await writeView(changes, { db, generation, counts, writes })
    await db.write(writes, false)
  }
  return counts
}

/** Takes away the generation that is not read. */
export async function clearUnread(db: Database, { view }: Memory): Promise<void> {
  await db.clear(prefixRange(viewPrefix(view.generation === 0 ? 1 : 0)))
}

interface Batch {
  /** Items held, showing or not. */
  readonly held: number
  readonly changes: readonly ViewChange[]
}

async function* batches(db: Reads, memory: Memory, takes: Takes): AsyncGenerator<Batch> {
  const stands = standsIn(memory)
  let changes: ViewChange[] = []
  let held = 0
  for await (const group of scanGroups(db, wholeSpace(SPACE.items))) {
    held += group.items.length
    changes.push(viewChange(NOTHING, groupView(withErasedBare(group.items, memory), stands, takes)))
    if (changes.length < CHANGES_PER_BATCH) continue
    yield { held, changes }
    changes = []
    held = 0
  }
  yield { held, changes }
}
