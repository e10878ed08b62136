import { z } from 'zod'
import { fromUtf8, utf8 } from '../../base/bytes.ts'
import type { Admitted, ExportChange } from '../../policy/export-breaker.ts'
import type { Store } from '../../store/store.ts'
import type { LeftOut } from './export-tally.ts'

/** What a live export remembers, in a note of the store: it is in the backup, and survives every crash. */
export interface ExportState {
  /** Of the last version, or of one that was begun. */
  readonly serial: number
  /** When the last version was written; 0: never. */
  readonly madeMs: number
  /** Which settings it was written by. */
  readonly settings: string
  readonly entries: number
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly bytes: number }[]
  readonly left: readonly LeftOut[]
  readonly own: readonly { readonly nation: string; readonly count: number; readonly sample: string }[]
  /** What changed, by the hour. */
  readonly window: readonly HourOfChange[]
  readonly held: HeldExport | null
  /** Nations that are muted no more: what they say is not new. */
  readonly pardoned: readonly string[]
}

export interface HourOfChange {
  readonly hour: number
  /** New entries, and those of each nation. */
  readonly total: number
  readonly nations: Readonly<Record<string, number>>
  readonly removed: number
  readonly withdrawn: Readonly<Record<string, number>>
}

export interface HeldExport {
  readonly sinceMs: number
  /** Changes with what is held; hex. */
  readonly id: string
  readonly reasons: readonly string[]
  readonly heldNations: readonly string[]
  readonly holdsGrowth: boolean
  readonly holdsAll: boolean
  /** New entries that wait, by the nations that say them and by type. */
  readonly added: readonly { readonly nations: string; readonly count: number }[]
  readonly types: readonly { readonly type: string; readonly count: number }[]
  readonly addedSamples: readonly string[]
  /** Entries that would leave, by why. */
  readonly removed: readonly { readonly why: string; readonly count: number }[]
  readonly removedSamples: readonly string[]
}

const NEW: ExportState = {
  ...{ serial: 0, madeMs: 0, settings: '', entries: 0, files: [], left: [], own: [], window: [] },
  ...{ held: null, pardoned: [] },
}

const HOUR_MS = 3_600_000
const U32_MAX = 0xffff_ffff

const count = z.int().min(0)
const words = z.array(z.string())
const byNation = z.record(z.string(), count)

const stateSchema: z.ZodType<ExportState> = z.strictObject({
  serial: count,
  madeMs: count,
  settings: z.string(),
  entries: count,
  files: z.array(z.strictObject({ name: z.string(), sha256: z.string(), bytes: count })),
  left: z.array(z.strictObject({ reason: z.string(), count, sample: z.string() })),
  own: z.array(z.strictObject({ nation: z.string(), count, sample: z.string() })),
  window: z.array(
    z.strictObject({ hour: count, total: count, nations: byNation, removed: count, withdrawn: byNation }),
  ),
  held: z
    .strictObject({
      sinceMs: count,
      id: z.string(),
      reasons: words,
      heldNations: words,
      holdsGrowth: z.boolean(),
      holdsAll: z.boolean(),
      added: z.array(z.strictObject({ nations: z.string(), count })),
      types: z.array(z.strictObject({ type: z.string(), count })),
      addedSamples: words,
      removed: z.array(z.strictObject({ why: z.string(), count })),
      removedSamples: words,
    })
    .nullable(),
  pardoned: words,
})

/** As new where nothing is remembered, or in the form of another version. */
export async function readExportState(store: Pick<Store, 'note'>, name: string): Promise<ExportState> {
  const note = await store.note(noteName(name))
  if (note === undefined || note.length === 0) return NEW
  return stateSchema.safeParse(JSON.parse(fromUtf8(note))).data ?? NEW
}

export async function writeExportState(store: Pick<Store, 'commit'>, name: string, state: ExportState): Promise<void> {
  await store.commit({ notes: new Map([[noteName(name), utf8(JSON.stringify(state))]]) }, { sync: true })
}

function noteName(name: string): string {
  return `export/${name}`
}

/** Seconds since the epoch where that is more: it rises from a restored state as well, whatever clocks do. */
export function nextSerial({ serial }: ExportState, nowMs: number): number {
  return Math.min(U32_MAX, Math.max(serial + 1, Math.floor(nowMs / 1000)))
}

/** What changed in the last hours; of hours that lie ahead the clock has been set back. */
export function admittedWithin({ window }: ExportState, nowMs: number, hours: number): Admitted {
  const from = Math.floor(nowMs / HOUR_MS) - hours
  const recent = window.filter(({ hour }) => hour > from)
  return {
    added: recent.reduce((sum, { total }) => sum + total, 0),
    byNation: sumOf(recent.map(({ nations }) => nations)),
    removed: recent.reduce((sum, { removed }) => sum + removed, 0),
    withdrawnBy: sumOf(recent.map(({ withdrawn }) => withdrawn)),
  }
}

/** `added` and `withdrawn`: by the nations that claim the entries. */
export function admit(
  { window }: ExportState,
  nowMs: number,
  hours: number,
  change: Pick<ExportChange, 'added' | 'removed' | 'withdrawn'>,
): ExportState['window'] {
  const hour = Math.floor(nowMs / HOUR_MS)
  const kept = window
    .filter(each => each.hour > hour - hours)
    .map(each => ({ ...each, hour: Math.min(each.hour, hour) }))
  const { added, removed, withdrawn } = change
  if (added.size === 0 && removed === 0 && withdrawn.size === 0) return kept
  const current = kept.filter(each => each.hour === hour)
  const total = [...added.values()].reduce((sum, count) => sum + count, 0)
  const now = { hour, total, nations: perNation(added), removed, withdrawn: perNation(withdrawn) }
  return [...kept.filter(each => each.hour !== hour), [...current, now].reduce(bothHours)]
}

function bothHours(a: HourOfChange, b: HourOfChange): HourOfChange {
  return {
    hour: a.hour,
    total: a.total + b.total,
    nations: Object.fromEntries(sumOf([a.nations, b.nations])),
    removed: a.removed + b.removed,
    withdrawn: Object.fromEntries(sumOf([a.withdrawn, b.withdrawn])),
  }
}

function perNation(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  const each = [...counts].flatMap(([key, count]) => key.split(' ').map(nation => ({ [nation]: count })))
  return Object.fromEntries(sumOf(each))
}

function sumOf(records: readonly Readonly<Record<string, number>>[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const record of records) {
    for (const [nation, count] of Object.entries(record)) sums.set(nation, (sums.get(nation) ?? 0) + count)
  }
  return sums
}
