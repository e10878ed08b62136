import { StoreError } from '../base/errors.ts'
import { type StoreContext, takesBy } from './context.ts'
import type { Database, Range, Reads, Writes } from './database.ts'
import { Faults } from './faults.ts'
import { SPACE } from './keys.ts'
import type { FileFault } from './level-files.ts'
import type { Memory } from './memory.ts'
import { loadMemory } from './meta.ts'
import { computeView } from './rebuild.ts'
import { salvage } from './salvage.ts'
import type { Takes } from './shown.ts'
import type { StoreCheck } from './upkeep.ts'
import { digestView } from './view-digest.ts'

/** A database that is thrown away after use. */
export type Scratch = Database & AsyncDisposable

/** All records but those of the view. */
export const ALL_RECORDS: Range = { from: Buffer.from([0]), to: Buffer.from([SPACE.view]) }

const COMPARED_SPACES = [SPACE.nodes, SPACE.grants] as const

export interface CheckPlace {
  openScratch(): Promise<Scratch>
  checkFiles(): Promise<readonly FileFault[]>
}

/** `Upkeep.check`. */
export async function checkStore(
  { db, acceptance }: StoreContext,
  { openScratch, checkFiles }: CheckPlace,
  signal?: AbortSignal,
): Promise<StoreCheck> {
  await using reads = db.freeze()
  await using scratch = await openScratch()
  const faults = new Faults()
  for (const { file, sentence } of await checkFiles()) faults.add('lost', 'file', `${file}: ${sentence}`)
  const target = {
    // What is compared with is all that is needed of it.
    write: (writes: Writes, sync: boolean) => scratch.write(writes.filter(isCompared), sync),
    getMany: (keys: readonly Uint8Array[]) => scratch.getMany(keys),
  }
  const salvaged = await salvage(guarded(reads, signal), target, faults, { anew: false, whole: true })
  const view = await checkView(reads, scratch, {
    takes: takesBy(acceptance),
    acceptance: acceptance.hash,
    faults,
    signal,
  })
  return { ...salvaged, lost: faults.lost, derived: faults.derived, faults: faults.told, view }
}

function isCompared([key]: Writes[number]): boolean {
  return COMPARED_SPACES.some(space => space === key[0])
}

async function* guarded(reads: Reads, signal: AbortSignal | undefined) {
  for await (const chunk of reads.scan(ALL_RECORDS)) {
    signal?.throwIfAborted()
    yield chunk
  }
}

interface ViewCheck {
  readonly takes: Takes
  readonly acceptance: Uint8Array
  readonly faults: Faults
  readonly signal: AbortSignal | undefined
}

async function checkView(
  reads: Reads,
  scratch: Scratch,
  { takes, acceptance, faults, signal }: ViewCheck,
): Promise<StoreCheck['view']> {
  const memory = await memoryOf(reads, faults)
  if (memory === undefined) return 'unknown'
  const { view } = memory
  if (view.stale || Buffer.compare(view.acceptance, acceptance) !== 0) return 'stale'
  try {
    const counts = await computeView(
      { items: reads, memory, takes },
      { db: scratch, generation: view.generation },
      signal,
    )
    const held = await digestView(reads, view.generation)
    const isSame = held === (await digestView(scratch, view.generation))
    if (!isSame) faults.add('derived', 'view', 'the view is not what computing it from the opened items gives')
    for (const name of ['indicators', 'claims', 'shown'] as const) {
      if (counts[name] === memory.counts[name]) continue
      faults.add('derived', 'count', `${counts[name]} ${name} show, and ${memory.counts[name]} are counted`)
    }
    return isSame ? 'same' : 'different'
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    faults.add('derived', 'view', `the view cannot be computed: ${error.message}`)
    return 'unknown'
  }
}

async function memoryOf(reads: Reads, faults: Faults): Promise<Memory | undefined> {
  try {
    return await loadMemory(reads)
  } catch (error) {
    faults.add('derived', 'log', `the store cannot be opened: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
}
