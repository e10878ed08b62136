import type { LogIdHex, NationId } from '../base/ids.ts'
import { type Bound, DAY_MS, type DocHashHex } from './doc-fields.ts'
import { type NationRecord, type ParsedRegistryDoc, RESET, STATUS } from './registry-doc.ts'
import type { RootSet } from './root-set.ts'

/** time for a nation to object to a reset that it did not ask for. */
export const LOST_RESET_DELAY_MS = 14 * DAY_MS

/** From NationDoc version `minVersion` on, documents of other roots are void. */
export interface RootReset {
  readonly minVersion: number
  readonly roots: RootSet
  /** Registry version with which it took effect. */
  readonly sinceVersion: number
}

/** A LOST reset that is not in effect yet. */
export interface PendingReset {
  readonly minVersion: number
  readonly roots: RootSet
  /** `issued_ms` of the registry version that brought it. */
  readonly broughtMs: number
}

export interface RegistryPin {
  readonly registryVersion: number
  readonly version: number
  readonly hash: DocHashHex
}

/** What one line of registry versions, from 1 to some version, says of one nation. */
export interface NationHistory {
  /** Its entry in the last version; undefined where that leaves it out, which is to expel it. */
  readonly entry: NationRecord | undefined
  /** Each of them binds NationDoc version 1. */
  readonly firstRoots: readonly RootSet[]
  /** In effect, in the order in which they took effect. */
  readonly resets: readonly RootReset[]
  readonly pendingReset: PendingReset | undefined
  readonly pins: readonly RegistryPin[]
  /** The governors' newest bound of each log (R-1.8). */
  readonly bounds: ReadonlyMap<LogIdHex, Bound>
  /** Those given while it is SUSPENDED, which last as long. */
  readonly suspensionBounds: ReadonlyMap<LogIdHex, Bound>
  /** The registry version with which it last came back from expulsion; logs opened before stay bounded. 0: never left. */
  readonly returnedAt: number
}

export type NationHistories = ReadonlyMap<NationId, NationHistory>

const NO_HISTORY: NationHistory = {
  entry: undefined,
  firstRoots: [],
  resets: [],
  pendingReset: undefined,
  pins: [],
  bounds: new Map(),
  suspensionBounds: new Map(),
  returnedAt: 0,
}

/** The histories of all nations after one more registry version. */
export function applyRegistry(histories: NationHistories, doc: ParsedRegistryDoc): NationHistories {
  const after = new Map<NationId, NationHistory>()
  for (const nation of new Set([...histories.keys(), ...doc.nations.keys()])) {
    after.set(nation, applyEntry(histories.get(nation), doc.nations.get(nation), doc))
  }
  return after
}

function applyEntry(
  before: NationHistory | undefined,
  entry: NationRecord | undefined,
  doc: ParsedRegistryDoc,
): NationHistory {
  const history = before ?? NO_HISTORY
  const returns = before !== undefined && hasLeft(before.entry) && !hasLeft(entry)
  return {
    entry,
    firstRoots: entry === undefined ? history.firstRoots : firstRootsAfter(history.firstRoots, entry),
    ...resetsAfter(history, entry, doc),
    pins: entry === undefined ? history.pins : pinsAfter(history.pins, entry, doc.version),
    ...boundsAfter(history, entry),
    returnedAt: returns ? doc.version : history.returnedAt,
  }
}

export function hasLeft(entry: NationRecord | undefined): boolean {
  return entry === undefined || entry.status === STATUS.EXPELLED
}

function firstRootsAfter(before: readonly RootSet[], entry: NationRecord): readonly RootSet[] {
  const binds = entry.reset === RESET.NONE && entry.docMinVersion <= 1 && !before.includes(entry.roots)
  return binds ? [...before, entry.roots] : before
}

function pinsAfter(
  before: readonly RegistryPin[],
  { pin }: NationRecord,
  registryVersion: number,
): readonly RegistryPin[] {
  const last = before.at(-1)
  if (pin === undefined || (last?.hash === pin.hash && last.version === pin.version)) return before
  return [...before, { registryVersion, ...pin }]
}

/** COMPROMISED at once; LOST with the first version that still carries it 14 days after the one that brought it. */
function resetsAfter(
  { resets, pendingReset }: NationHistory,
  entry: NationRecord | undefined,
  doc: ParsedRegistryDoc,
): Pick<NationHistory, 'resets' | 'pendingReset'> {
  if (entry === undefined || entry.reset === RESET.NONE) return { resets, pendingReset: undefined }
  const last = resets.at(-1)
  if (last !== undefined && isSameReset(last, entry)) return { resets, pendingReset: undefined }
  const claim = { minVersion: entry.docMinVersion, roots: entry.roots }
  const carried = pendingReset !== undefined && isSameReset(pendingReset, entry)
  const pending = carried ? pendingReset : { ...claim, broughtMs: doc.issuedMs }
  const inEffect = entry.reset === RESET.COMPROMISED || doc.issuedMs - pending.broughtMs >= LOST_RESET_DELAY_MS
  if (!inEffect) return { resets, pendingReset: pending }
  return { resets: [...resets, { ...claim, sinceVersion: doc.version }], pendingReset: undefined }
}

function isSameReset(reset: { minVersion: number; roots: RootSet }, entry: NationRecord): boolean {
  return reset.minVersion === entry.docMinVersion && reset.roots === entry.roots
}

/**
 * the newest bound of a log lasts; one given with a SUSPENSION ends with it, unless it ends in expulsion, and
 * then too raises no earlier one.
 */
function boundsAfter(
  { bounds, suspensionBounds }: NationHistory,
  entry: NationRecord | undefined,
): Pick<NationHistory, 'bounds' | 'suspensionBounds'> {
  const given = entry?.bounds ?? []
  if (entry?.status === STATUS.SUSPENDED) {
    return { bounds, suspensionBounds: new Map([...suspensionBounds, ...given]) }
  }
  const lasting = hasLeft(entry) ? [...suspensionBounds].filter(([log, bound]) => isLower(bound, bounds.get(log))) : []
  return { bounds: new Map([...bounds, ...lasting, ...given]), suspensionBounds: new Map() }
}

/** Whether a bound given while SUSPENDED takes the place of a lasting one: it may lower that, not raise it. */
export function isLower(passing: Bound, lasting: Bound | undefined): boolean {
  return lasting === undefined || passing.size < lasting.size
}
