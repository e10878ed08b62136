import type { NationId } from '../../base/ids.ts'
import { STIX_PREAMBLE, stixIdentity, stixMarkings } from '../../formats/stix-companion.ts'
import type { StixObject } from '../../formats/stix-object.ts'
import { type Clearance, clearanceText } from '../../policy/clearance.ts'
import type { TaxiiIndex } from './taxii-index.ts'
import { firstWhere, NO_FACE, NO_ROW } from './taxii-rows.ts'

/** An object at its place in a collection: of a row, or one that others refer to. */
export interface Listed {
  readonly addedUs: number
  readonly row: number
  readonly object: StixObject | undefined
}

/** What one clearance gets of one collection: which objects, and in which order. */
export interface TaxiiView {
  /** Of those that it has now from the first that was added later, in the order in which they were added. */
  after(addedUs: number, isAsked: (listed: Listed) => boolean): Generator<Listed>
  /** Whether it has more than so many that were added later. */
  hasMoreThan(count: number, addedUs: number): boolean
  /** Until when it has all. */
  readonly reachedUs: number
  /** In no order. */
  ofStixId(stixId: string): readonly Listed[]
  /** Rows of the STIX id of a row, the newest first. */
  siblings(row: number): readonly number[]
  /** Takes in what came since. */
  extend(): void
}

const TLP_NAMES = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'].map(name => `TLP:${name}`)
const PAP_NAMES = ['CLEAR', 'GREEN', 'AMBER', 'RED'].map(name => `PAP:${name}`)

/** What our objects refer to whatever they are about: there from the first, and the same for everybody. */
const CONSTANTS: readonly Listed[] = [
  ...STIX_PREAMBLE,
  ...TLP_NAMES.flatMap(tlp => stixMarkings(tlp, '')),
  ...PAP_NAMES.flatMap(pap => stixMarkings(TLP_NAMES[0]!, pap).slice(1)),
].map((object, i) => ({ addedUs: Date.UTC(2026, 0) * 1000 + i, row: NO_ROW, object }))

/** `only`: what went to this audience; undefined: whatever may be read. */
function createTaxiiView(
  { rows, faces, keyOf }: TaxiiIndex,
  clearance: Clearance,
  only: Uint8Array | undefined,
): TaxiiView {
  /** By face: undefined where nobody asked yet. */
  const admitted: (boolean | undefined)[] = []
  const nations = new Set<NationId>()
  const companions: Listed[] = [...CONSTANTS]
  const seen: number[] = []
  let read = 0

  function admits(face: number): boolean {
    if (face === NO_FACE) return false
    const known = admitted[face]
    if (known !== undefined) return known
    const found = faces.admits(face, clearance, only)
    admitted[face] = found
    return found
  }

  function extend(): void {
    for (; read < rows.length; read++) {
      const face = rows.faceAt(read)
      if (!admits(face)) continue
      introduce(faces.at(face).nation, rows.addedAt(read))
      seen.push(read)
    }
  }

  /** Just before the first object of a nation comes who that is. */
  function introduce(nation: NationId, addedUs: number): void {
    if (nations.has(nation)) return
    nations.add(nation)
    let us = addedUs - 1
    while (isTaken(us)) us--
    companions.push({ addedUs: us, row: NO_ROW, object: stixIdentity(nation) })
    companions.sort((a, b) => a.addedUs - b.addedUs)
  }

  function isTaken(us: number): boolean {
    const at = firstWhere(seen.length, i => rows.addedAt(seen[i]!) >= us)
    const row = seen[at]
    return (row !== undefined && rows.addedAt(row) === us) || companions.some(({ addedUs }) => addedUs === us)
  }

  function* after(addedUs: number, isAsked: (listed: Listed) => boolean): Generator<Listed> {
    const waiting = companions.filter(companion => companion.addedUs > addedUs).filter(isAsked)
    const end = seen.length
    let next = waiting.shift()
    for (let at = firstAfter(addedUs); at < end; at++) {
      const listed = listedRow(seen[at]!)
      if (listed === undefined || !isAsked(listed)) continue
      for (; next !== undefined && next.addedUs < listed.addedUs; next = waiting.shift()) yield next
      yield listed
    }
    for (; next !== undefined; next = waiting.shift()) yield next
  }

  const firstAfter = (addedUs: number) => firstWhere(seen.length, i => rows.addedAt(seen[i]!) > addedUs)

  function listedRow(row: number): Listed | undefined {
    return rows.faceAt(row) === NO_FACE ? undefined : { addedUs: rows.addedAt(row), row, object: undefined }
  }

  const admittedOf = (stixKey: bigint) => rows.ofStixId(stixKey).filter(row => admits(rows.faceAt(row)))

  return {
    after,
    hasMoreThan: (count, addedUs) => seen.length - firstAfter(addedUs) > count,
    get reachedUs() {
      return read === 0 ? 0 : rows.addedAt(read - 1)
    },
    ofStixId: stixId => [
      ...companions.filter(({ object }) => object?.id === stixId),
      ...admittedOf(keyOf(stixId)).flatMap(row => listedRow(row) ?? []),
    ],
    siblings: row => admittedOf(rows.stixKeyOf(row)),
    extend,
  }
}

/** Of the clearances and collections that were asked for last. */
const VIEWS_MAX = 32

export function createTaxiiViews(index: TaxiiIndex) {
  const views = new Map<string, TaxiiView>()
  return (clearance: Clearance, collection: string, only: Uint8Array | undefined): TaxiiView => {
    const key = `${collection} ${clearanceText(clearance)}`
    const view = views.get(key) ?? createTaxiiView(index, clearance, only)
    views.delete(key)
    views.set(key, view)
    if (views.size > VIEWS_MAX) views.delete(views.keys().next().value!)
    view.extend()
    return view
  }
}
