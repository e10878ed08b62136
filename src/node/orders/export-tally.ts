import type { TypedValue } from '../../indicator/canonical.ts'

/** Why something left an export that was in it. */
export const LEAVING = {
  withdrawn: 'withdrawn by its authors',
  expired: 'expired',
  muted: 'of a nation that is muted here',
  filter: 'left out by filter, lists or format',
  gone: 'not in the view any more',
} as const
export type Leaving = keyof typeof LEAVING

/** Why something is not in an export. */
export interface LeftOut {
  readonly reason: string
  readonly count: number
  /** `TYPE VALUE` of the first. */
  readonly sample: string
}

/** How an export changes, counted while it is written. */
export interface ExportTally {
  taken(): void
  /** A sentence, the same for the same kind of trouble. */
  left(reason: string, indicator: TypedValue & { readonly nations: readonly string[] }, kind: LeftKind): void
  added(entry: TypedValue & { readonly nations: string }, held: boolean): void
  removed(cause: Leaving, entry: TypedValue & { readonly nations: string }): void
  /** When time alone changes it; 0: never. */
  changesAt(ms: number): void
  counts(): TallyCounts
}

type LeftKind = 'filter' | 'own' | 'blocked' | 'format'

export interface TallyCounts {
  readonly entries: number
  readonly left: readonly LeftOut[]
  /** Indicators of ours that somebody says are bad, by nation. */
  readonly own: ReadonlyMap<string, { readonly count: number; readonly sample: string }>
  /** New entries by those who claim them, the held ones among them. */
  readonly added: ReadonlyMap<string, number>
  readonly held: ReadonlyMap<string, number>
  readonly heldTypes: ReadonlyMap<string, number>
  readonly heldSamples: readonly string[]
  readonly removed: ReadonlyMap<Leaving, number>
  /** Of them what was withdrawn, by those who claimed it. */
  readonly withdrawn: ReadonlyMap<string, number>
  readonly removedSamples: readonly string[]
  /** 0: never. */
  readonly changesMs: number
}

const SAMPLES_MAX = 10
/** Reasons come from a few sentences of formats and filters; one with a value in it would be a fault. */
const REASONS_MAX = 256
/** Sets of nations that say the same. */
const SETS_MAX = 65_536
const OTHERS = 'others'

export function createExportTally(): ExportTally {
  let entries = 0
  let changesMs = 0
  const left = new Map<string, { count: number; sample: string }>()
  const own = new Map<string, { count: number; sample: string }>()
  const added = new Map<string, number>()
  const held = new Map<string, number>()
  const heldTypes = new Map<string, number>()
  const heldSamples: string[] = []
  const removed = new Map<Leaving, number>()
  const withdrawn = new Map<string, number>()
  const removedSamples: string[] = []

  return {
    taken: () => void entries++,
    left(reason, indicator, kind) {
      note(left, left.size < REASONS_MAX || left.has(reason) ? reason : OTHERS, indicator)
      if (kind === 'own') for (const nation of indicator.nations) note(own, nation, indicator)
    },
    added({ nations, ...entry }, isHeld) {
      add(added, nations)
      if (!isHeld) return
      add(held, nations)
      add(heldTypes, entry.type)
      if (heldSamples.length < SAMPLES_MAX) heldSamples.push(textOf(entry))
    },
    removed(cause, entry) {
      add(removed, cause)
      if (cause === 'withdrawn') add(withdrawn, entry.nations)
      if (removedSamples.length < SAMPLES_MAX) removedSamples.push(textOf(entry))
    },
    changesAt(ms) {
      if (ms > 0 && (changesMs === 0 || ms < changesMs)) changesMs = ms
    },
    counts: () => ({
      entries,
      left: [...left].map(([reason, each]) => ({ reason, ...each })).sort((a, b) => b.count - a.count),
      own,
      added,
      held,
      heldTypes,
      heldSamples,
      removed,
      withdrawn,
      removedSamples,
      changesMs,
    }),
  }
}

function note(counts: Map<string, { count: number; sample: string }>, key: string, indicator: TypedValue): void {
  const found = counts.get(key)
  if (found === undefined) counts.set(key, { count: 1, sample: textOf(indicator) })
  else found.count++
}

function add<Key extends string>(counts: Map<Key, number>, key: Key): void {
  const known = counts.size < SETS_MAX || counts.has(key) ? key : (OTHERS as Key)
  counts.set(known, (counts.get(known) ?? 0) + 1)
}

const SAMPLE_LENGTH_MAX = 120

function textOf({ type, value }: TypedValue): string {
  return `${type} ${value.slice(0, SAMPLE_LENGTH_MAX)}`
}
