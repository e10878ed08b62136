import { toHex } from '../../base/bytes.ts'
import type { NationId } from '../../base/ids.ts'
import { stixObjectsOf } from '../../formats/out/stix-claims.ts'
import { contextObjectOf } from '../../formats/out/stix-context.ts'
import { stixIndicatorId, stixOpinionId, stixSightingId } from '../../formats/stix-id.ts'
import type { StixObject } from '../../formats/stix-object.ts'
import type { TypedValue } from '../../indicator/canonical.ts'
import { ITEM } from '../../indicator/item-type.ts'
import { papName, tlpName } from '../../indicator/marking.ts'
import { LOOKUPS_MAX } from '../../store/caps.ts'
import type { Sight } from '../../store/sight.ts'
import type { Store, StoredChange, StoredIndicator, StoredItem } from '../../store/store.ts'
import type { NationStatus } from '../reading/indicator-reading.ts'
import { claimView, indicatorView, type Scoring } from '../reading/views.ts'
import { parsedOf } from './taxii-item.ts'
import type { TaxiiRows } from './taxii-rows.ts'

export interface TaxiiObjectPorts {
  readonly store: Pick<Store, 'changes' | 'recall'>
  readonly scoring: Scoring
  statusOf(nation: NationId): NationStatus
  /** All whose identity is given out. */
  nations(): readonly NationId[]
}

type RowObjects = ReadonlyMap<number, StixObject>

const SUBJECTS_MAX = LOOKUPS_MAX

/** Reads the objects of rows, ascending, as whoever has the sight sees them now; rows of which nothing is left are not in the answer. */
export async function readTaxiiObjects(
  asked: readonly number[],
  rows: TaxiiRows,
  sight: Sight,
  ports: TaxiiObjectPorts,
): Promise<RowObjects> {
  const changes = await readChanges(asked, rows, sight, ports.store)
  const remarked = [...changes.values()].flatMap(({ items: [item] }) =>
    item !== undefined && isRemark(item) ? [item] : [],
  )
  const spoken = await readSpoken(remarked, sight, ports)
  const nations = ports.nations()
  const objects = new Map<number, StixObject>()
  for (const [row, change] of changes) {
    const object = objectOf(change, spoken, nations, ports)
    if (object !== undefined) objects.set(row, object)
  }
  return objects
}

/** Between rows that are read at once; more of others would cost more than a question of their own. */
const GAP_MAX = 4

async function readChanges(
  asked: readonly number[],
  rows: TaxiiRows,
  sight: Sight,
  store: TaxiiObjectPorts['store'],
): Promise<ReadonlyMap<number, StoredChange>> {
  const found = new Map<number, StoredChange>()
  for (const run of runsOf(asked, rows)) {
    const last = run.at(-1)!.change
    const most = run.at(-1)!.place - run[0]!.place + 1
    for (let after = run[0]!.change - 1, end = false; after < last && !end; ) {
      const page = await store.changes(after, most, sight)
      for (const change of page.changes) found.set(change.number, change)
      after = page.next
      end = page.end
    }
  }
  return new Map(
    asked.flatMap(row => {
      const change = found.get(rows.changeAt(row))
      return change === undefined ? [] : [[row, change]]
    }),
  )
}

interface Run {
  readonly change: number
  /** Among the rows: of what is told of again its change is far before its row. */
  readonly place: number
}

/** The changes of rows, ascending, those together that are near each other. */
function runsOf(asked: readonly number[], rows: TaxiiRows): readonly (readonly Run[])[] {
  const changes = asked.map(row => rows.changeAt(row)).sort((a, b) => a - b)
  const runs: Run[][] = []
  for (const change of changes) {
    const place = rows.firstAfter(change - 1)
    const run = runs.at(-1)
    if (run !== undefined && place - run.at(-1)!.place <= GAP_MAX) run.push({ change, place })
    else runs.push([{ change, place }])
  }
  return runs
}

function isRemark({ kind }: StoredItem): boolean {
  return kind === ITEM.SIGHTING || kind === ITEM.OPINION
}

/** The objects of what remarks are about, by id: what a remark refers to is known there alone. */
async function readSpoken(
  remarks: readonly StoredItem[],
  sight: Sight,
  ports: TaxiiObjectPorts,
): Promise<ReadonlyMap<string, StixObject>> {
  const subjects = [
    ...new Map(remarks.map(({ type, value }): [string, TypedValue] => [`${type} ${value}`, { type, value }])).values(),
  ]
  const objects = new Map<string, StixObject>()
  for (let at = 0; at < subjects.length; at += SUBJECTS_MAX) {
    for (const stored of await ports.store.recall(subjects.slice(at, at + SUBJECTS_MAX), sight)) {
      for (const object of stored === undefined ? [] : objectsOf(stored, ports)) objects.set(object.id, object)
    }
  }
  return objects
}

function objectsOf(stored: StoredIndicator, { scoring, statusOf }: TaxiiObjectPorts): readonly StixObject[] {
  const view = indicatorView(stored, (item, claim) => ({ ...claimView(item, statusOf, claim), entry: '' }), scoring)
  const objects = view === null ? [] : stixObjectsOf(view)
  return 'left' in objects ? [] : objects
}

function objectOf(
  { nation, id, state, items: [item], withdrawal }: StoredChange,
  spoken: ReadonlyMap<string, StixObject>,
  nations: readonly NationId[],
  ports: TaxiiObjectPorts,
): StixObject | undefined {
  if (item === undefined) return undefined
  const hex = toHex(id)
  if (item.kind === ITEM.INDICATOR) {
    const isWithdrawn = state === 'withdrawn'
    const said = isWithdrawn
      ? { claims: [], withdrawn: [{ claim: item, withdrawal }] }
      : { claims: [item], withdrawn: [] }
    const alone = {
      type: item.type,
      value: item.value,
      ...said,
      remarks: [],
      claimCount: said.claims.length,
      remarkCount: 0,
    }
    return objectsOf(alone, ports).find(object => object.id === stixIndicatorId(nation, hex))
  }
  if (state === 'withdrawn') return undefined
  if (item.kind === ITEM.SIGHTING) return spoken.get(stixSightingId(nation, hex))
  if (item.kind === ITEM.OPINION) return spoken.get(stixOpinionId(nation, hex))
  return contextObject(item, nations)
}

function contextObject({ nation, item }: StoredItem, nations: readonly NationId[]): StixObject | undefined {
  const parsed = parsedOf(item)
  if (parsed?.kind !== 'stix-object') return undefined
  const { tlp, pap } = parsed.marking
  const object = contextObjectOf({ nation, tlp: tlpName(tlp), pap: papName(pap), json: parsed.object.json }, nations)
  return 'left' in object ? undefined : (object as StixObject)
}
