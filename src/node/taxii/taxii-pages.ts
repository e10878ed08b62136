import { microsecondTime, parseMicrosecondTime } from '../../formats/microsecond-time.ts'
import { type StixObject, stringOf } from '../../formats/stix-object.ts'
import type { Sight } from '../../store/sight.ts'
import type { TaxiiMatch, TaxiiObject, TaxiiPage, TaxiiQuery } from '../orders/taxii-reading.ts'
import type { TaxiiIndex } from './taxii-index.ts'
import { readTaxiiObjects, type TaxiiObjectPorts } from './taxii-objects.ts'
import { NO_ROW } from './taxii-rows.ts'
import type { Listed, TaxiiView } from './taxii-view.ts'

/** Objects looked at for one page; where a filter lets few of them through it ends early, and another follows. */
const LOOKED_AT_MAX = 5_000

export interface TaxiiPageSource {
  readonly index: TaxiiIndex
  readonly view: TaxiiView
  readonly sight: Sight
  readonly ports: TaxiiObjectPorts
}

/**
 * What is asked for, each object where its last change put it: who walks on meets a change that came meanwhile later.
 * Throws UserError `api-busy`.
 */
export async function readTaxiiPage(
  { afterUs, limit, match }: TaxiiQuery,
  source: TaxiiPageSource,
): Promise<TaxiiPage> {
  const { index, view } = source
  const isWhole = await index.catchUp(() => isEnough(source, afterUs, limit, match))
  view.extend()
  const { reachedUs } = view
  const listed =
    match.ids === undefined ? listAll(afterUs, match, source) : listOfIds(match.ids, afterUs, match, source)
  const objects: TaxiiObject[] = []
  for (let lookedAt = 0; ; ) {
    const some = take(listed, limit + 1 - objects.length)
    const found = await versionsAt(some, match.versions ?? ['last'], source)
    for (const object of found.filter(each => match.specVersions?.includes(each.specVersion) !== false)) {
      if (objects.length === limit) return { objects, nextUs: objects.at(-1)!.addedUs }
      objects.push(object)
    }
    const last = some.at(-1)
    if (last === undefined) return { objects, nextUs: isWhole ? undefined : reachedUs }
    lookedAt += some.length
    if (lookedAt >= LOOKED_AT_MAX) return { objects, nextUs: last.addedUs }
  }
}

/** For a page, or so many that another is to follow however few of them are in it. */
function isEnough({ view }: TaxiiPageSource, afterUs: number, limit: number, match: TaxiiMatch): boolean {
  if (match.ids !== undefined) return false
  view.extend()
  const isFiltered = (match.types ?? match.versions ?? match.specVersions) !== undefined
  return view.hasMoreThan(isFiltered ? Math.max(limit, LOOKED_AT_MAX) : limit, afterUs)
}

function take(listed: Iterator<Listed>, most: number): readonly Listed[] {
  const taken: Listed[] = []
  while (taken.length < most) {
    const { value, done } = listed.next()
    if (done === true) break
    taken.push(value)
  }
  return taken
}

function listAll(afterUs: number, { types }: TaxiiMatch, { index, view }: TaxiiPageSource): Iterator<Listed> {
  const wanted = types && new Set(types)
  return view.after(afterUs, ({ row, object }) => {
    const type = object?.type ?? index.faces.at(index.rows.faceAt(row)).stixType
    return wanted?.has(type) !== false
  })
}

function listOfIds(
  ids: readonly string[],
  afterUs: number,
  { types }: TaxiiMatch,
  { view }: TaxiiPageSource,
): Iterator<Listed> {
  return [...new Set(ids)]
    .filter(id => types?.includes(id.slice(0, id.indexOf('--'))) !== false)
    .flatMap(id => view.ofStixId(id))
    .filter(({ addedUs }) => addedUs > afterUs)
    .sort((a, b) => a.addedUs - b.addedUs)
    .values()
}

/** Those objects of a list whose version is asked for, in its order. */
async function versionsAt(
  listed: readonly Listed[],
  versions: readonly string[],
  { index, view, sight, ports }: TaxiiPageSource,
): Promise<readonly TaxiiObject[]> {
  const rowsOf = new Map(listed.filter(isOfRow).map(({ row }) => [row, versionRows(row, index, view)]))
  const read = [...new Set([...rowsOf.values()].flat())].sort((a, b) => a - b)
  const objects = await readTaxiiObjects(read, index.rows, sight, ports)
  const versioned = (row: number) => {
    const object = objects.get(row)
    return object === undefined ? [] : [{ row, ...taxiiObject(object, index.rows.addedAt(row)) }]
  }
  return listed.flatMap(({ row, addedUs, object }) => {
    if (object !== undefined) return askedOf([{ row, ...taxiiObject(object, addedUs) }], versions)
    return askedOf((rowsOf.get(row) ?? []).flatMap(versioned), versions).filter(each => each.row === row)
  })
}

function isOfRow({ row }: Listed): boolean {
  return row !== NO_ROW
}

/**
 * The rows that have a say on what the id of this one is, the newest first; none where this one has none. What a nation
 * says in Tocsin is under an id of its own, and nobody else's object shows under that. An object that travels whole has
 * an id that anybody can write: it belongs to the nation from whom it came first, and versions by others do not show.
 */
function versionRows(row: number, { rows, faces }: TaxiiIndex, view: TaxiiView): readonly number[] {
  const siblings = view.siblings(row)
  const faceOf = (each: number) => faces.at(rows.faceAt(each))
  const own = siblings.find(each => !faceOf(each).isContext)
  if (own !== undefined) return own === row ? [row] : []
  const first = siblings.at(-1)
  if (first === undefined) return []
  const { nation } = faceOf(first)
  return faceOf(row).nation === nation ? siblings.filter(each => faceOf(each).nation === nation) : []
}

interface RowVersion extends TaxiiObject {
  readonly row: number
}

/** `newestFirst`: a version that was added twice counts where it was added last. */
function askedOf(newestFirst: readonly RowVersion[], asked: readonly string[]): readonly RowVersion[] {
  const byVersion = new Map<number, RowVersion>()
  for (const each of newestFirst) {
    const us = versionUs(each.version)
    if (!byVersion.has(us)) byVersion.set(us, each)
  }
  const ordered = [...byVersion.keys()].sort((a, b) => a - b)
  const wanted = new Set(
    asked.flatMap(version => {
      if (version === 'all') return ordered
      if (version === 'first') return ordered.slice(0, 1)
      return version === 'last' ? ordered.slice(-1) : [versionUs(version)]
    }),
  )
  return [...byVersion].filter(([us]) => wanted.has(us)).map(([, each]) => each)
}

function versionUs(version: string): number {
  return parseMicrosecondTime(version) ?? 0
}

function taxiiObject(object: StixObject, addedUs: number): TaxiiObject {
  const said = [object.modified, object.created].map(stringOf).find(time => time !== undefined && versionUs(time) > 0)
  // STIX 2.0 says no version, and in 2.1 only observables need not.
  const specVersion = stringOf(object.spec_version) ?? (object.created === undefined ? '2.1' : '2.0')
  return { object, addedUs, version: said ?? microsecondTime(addedUs), specVersion }
}
