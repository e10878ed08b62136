import { fromUtf8, utf8 } from '../base/bytes.ts'
import type { Admitted } from '../policy/export-breaker.ts'
import type { Store } from '../store/store.ts'
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
  /** What was new, by the hour. */
  readonly window: readonly {
    readonly hour: number
    readonly total: number
    readonly nations: Readonly<Record<string, number>>
  }[]
  readonly held: HeldExport | null
  /** Nations that are muted no more: what they say is not new. */
  readonly pardoned: readonly string[]
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

export async function readExportState(store: Pick<Store, 'note'>, name: string): Promise<ExportState> {
  const note = await store.note(noteName(name))
  return note === undefined || note.length === 0 ? NEW : { ...NEW, ...JSON.parse(fromUtf8(note)) }
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

/** What was new in the last hours; of hours that lie ahead the clock has been set back. */
export function admittedWithin({ window }: ExportState, nowMs: number, hours: number): Admitted {
  const from = Math.floor(nowMs / HOUR_MS) - hours
  const byNation = new Map<string, number>()
  let total = 0
  for (const each of window) {
    if (each.hour <= from) continue
    total += each.total
    for (const [nation, count] of Object.entries(each.nations)) {
      byNation.set(nation, (byNation.get(nation) ?? 0) + count)
    }
  }
  return { total, byNation }
}

export function admit(
  { window }: ExportState,
  nowMs: number,
  hours: number,
  added: ReadonlyMap<string, number>,
): ExportState['window'] {
  const hour = Math.floor(nowMs / HOUR_MS)
  const kept = window
    .filter(each => each.hour > hour - hours)
    .map(each => ({ ...each, hour: Math.min(each.hour, hour) }))
  if (added.size === 0) return kept
  const nations: Record<string, number> = {}
  let total = 0
  for (const [key, count] of added) {
    total += count
    for (const nation of key.split(' ')) nations[nation] = (nations[nation] ?? 0) + count
  }
  const now = kept.find(each => each.hour === hour)
  if (now === undefined) return [...kept, { hour, total, nations }]
  for (const [nation, count] of Object.entries(now.nations)) nations[nation] = (nations[nation] ?? 0) + count
  return [...kept.filter(each => each !== now), { hour, total: now.total + total, nations }]
}
