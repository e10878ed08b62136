import type { StoreContext } from './context.ts'
import { type Database, prefixRange, type Writes, wholeSpace } from './database.ts'
import { type IdGroup, scanGroups } from './held-item.ts'
import { type Generation, SPACE, viewPrefix } from './keys.ts'
import type { Memory } from './memory.ts'
import { refStands } from './memory.ts'
import { countsLine, viewLine } from './meta.ts'
import { type ShownChange, type Stands, shownOf } from './shown.ts'
import { writeView } from './view-writes.ts'

const CHANGES_PER_BATCH = 2000

/**
 * Computes the view from the items alone, into the generation that nobody reads, and switches over in one write. A crash
 * before that leaves the old view as it was; `clearUnread` takes away what either leaves behind.
 */
export async function rebuildView({ db, memory }: StoreContext, signal?: AbortSignal): Promise<void> {
  const generation: Generation = memory.view.generation === 0 ? 1 : 0
  await clearUnread(db, memory)
  const counts = { items: 0, indicators: 0, claims: 0, shown: 0 }
  for await (const { held, changes } of batches(db, memory)) {
    signal?.throwIfAborted()
    counts.items += held
    const writes: Writes = []
    await writeView(changes, { db, generation, counts, writes })
    await db.write(writes, false)
  }
  const after = { ...memory.counts, ...counts }
  const view = { generation, stale: false }
  await db.write([viewLine(view), countsLine(after)], true)
  memory.view = view
  memory.counts = after
  memory.viewVersion++
  await clearUnread(db, memory)
}

/** Takes away the generation that is not read. */
export async function clearUnread(db: Database, { view }: Memory): Promise<void> {
  await db.clear(prefixRange(viewPrefix(view.generation === 0 ? 1 : 0)))
}

interface Batch {
  /** Items held, showing or not. */
  readonly held: number
  readonly changes: readonly ShownChange[]
}

async function* batches(db: Database, memory: Memory): AsyncGenerator<Batch> {
  const stands: Stands = ref => refStands(ref, memory)
  let changes: ShownChange[] = []
  let held = 0
  for await (const group of scanGroups(db, wholeSpace(SPACE.items))) {
    held += group.items.length
    changes.push(...changesOf(group, stands))
    if (changes.length < CHANGES_PER_BATCH) continue
    yield { held, changes }
    changes = []
    held = 0
  }
  yield { held, changes }
}

function changesOf({ items }: IdGroup, stands: Stands): ShownChange[] {
  return shownOf(items, stands).map(after => ({ before: undefined, after }))
}
