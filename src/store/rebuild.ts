import { standsIn, withErasedBare } from './bare-withdrawal.ts'
import { type StoreContext, takesBy, tellChanged } from './context.ts'
import { type Database, prefixRange, type Reads, type Writes, wholeSpace } from './database.ts'
import { scanGroups } from './held-item.ts'
import { type Generation, SPACE, viewPrefix } from './keys.ts'
import type { Counts, Memory } from './memory.ts'
import { countsLine, viewLine } from './meta.ts'
import { type Refiled, writeRefiled } from './refiled.ts'
import { groupView, NOTHING, type Takes, type ViewChange, viewChange } from './shown.ts'
import { isNews, toldOf } from './told.ts'
import { writeView } from './view-writes.ts'

const CHANGES_PER_BATCH = 2000

/**
 * Computes the view from the items alone, into the generation that nobody reads, and switches over in one write. A crash
 * before that leaves the old view as it was; `clearUnread` takes away what either leaves behind. Of which ids something
 * else shows than was told last is told on the way: what shows of an id does not hang on which view is read.
 */
export async function rebuildView(context: StoreContext, signal?: AbortSignal): Promise<void> {
  const { db, memory, acceptance } = context
  const generation: Generation = memory.view.generation === 0 ? 1 : 0
  await clearUnread(db, memory)
  const source = { items: db, memory, takes: takesBy(acceptance) }
  const counts = await computeView(source, { db, generation, written: tellNews(context) }, signal)
  const after = { ...memory.counts, ...counts }
  const view = { generation, stale: false, acceptance: acceptance.hash }
  await db.write([viewLine(view), countsLine(after)], true)
  memory.view = view
  memory.counts = after
  memory.viewVersion++
  await clearUnread(db, memory)
}

/** Adds what is to be told of some groups to what is written of them. */
function tellNews(context: StoreContext): Written {
  const { memory, numbering } = context
  return (groups, writes) => {
    const counter = { nextChange: memory.nextChange, counts: { superseded: memory.counts.superseded } }
    writeRefiled(groups, counter, numbering, writes)
    return () => {
      if (counter.nextChange === memory.nextChange) return
      memory.nextChange = counter.nextChange
      memory.counts = { ...memory.counts, ...counter.counts }
      tellChanged(context)
    }
  }
}

/** Returns what is to be done when it is written. */
type Written = (groups: readonly Refiled[], writes: Writes) => () => void

export interface ViewTarget {
  readonly db: Database
  readonly generation: Generation
  readonly written?: Written
}

export interface ViewSource {
  readonly items: Reads
  readonly memory: Memory
  readonly takes: Takes
}

/** Writes the view of what `items` holds to where nothing of it is yet. Returns how much it was. */
export async function computeView(
  { items, memory, takes }: ViewSource,
  { db, generation, written }: ViewTarget,
  signal?: AbortSignal,
): Promise<Pick<Counts, 'items' | 'indicators' | 'claims' | 'shown'>> {
  const counts = { items: 0, indicators: 0, claims: 0, shown: 0 }
  for await (const { held, changes, groups } of batches(items, memory, takes)) {
    signal?.throwIfAborted()
    counts.items += held
    const writes: Writes = []
    await writeView(changes, { db, generation, counts, writes })
    const done = written?.(groups, writes)
    await db.write(writes, false)
    done?.()
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
  readonly groups: readonly Refiled[]
}

async function* batches(db: Reads, memory: Memory, takes: Takes): AsyncGenerator<Batch> {
  const stands = standsIn(memory)
  let changes: ViewChange[] = []
  let groups: Refiled[] = []
  let held = 0
  for await (const group of scanGroups(db, wholeSpace(SPACE.items))) {
    held += group.items.length
    const items = withErasedBare(group.items, memory)
    changes.push(viewChange(NOTHING, groupView(items, stands, takes)))
    const told = toldOf(items, stands, takes)
    if (isNews(group.last, told)) groups.push({ group, items: group.items, told })
    if (changes.length < CHANGES_PER_BATCH) continue
    yield { held, changes, groups }
    changes = []
    groups = []
    held = 0
  }
  yield { held, changes, groups }
}
