import { ITEM } from '../indicator/item-type.ts'
import { decodeLoose } from '../wire/codec.ts'
import { ShownRecord } from '../wire/gen/store.ts'
import { CLAIMS_PER_INDICATOR_MAX } from './caps.ts'
import { prefixRange } from './database.ts'
import { typedValueOf } from './item-face.ts'
import { spilledPrefix } from './keys.ts'
import type { StoredIndicator, StoredItem, WithdrawnClaim } from './store.ts'
import { type ListedIndicator, nameOf, readItems, type ShownName, type ViewMoment } from './view-moment.ts'
import { isSpilled } from './view-writes.ts'
import { readWithdrawn } from './withdrawn.ts'

/** Reads the items of all of them at once; undefined where nothing of one shows. */
export async function readIndicators(
  listed: readonly ListedIndicator[],
  moment: ViewMoment,
): Promise<(StoredIndicator | undefined)[]> {
  const names = await Promise.all(listed.map(indicator => namesOf(indicator, moment)))
  const items = await readItems(names.flat(), moment)
  const withdrawn = await Promise.all(listed.map(indicator => readWithdrawn(indicator, moment)))
  let read = 0
  return listed.map((indicator, i) => {
    const own = items.slice(read, read + names[i]!.length)
    read += own.length
    return storedIndicator(indicator, own, withdrawn[i]!)
  })
}

function storedIndicator(
  { subject, record }: ListedIndicator,
  found: readonly (StoredItem | undefined)[],
  withdrawn: readonly WithdrawnClaim[],
): StoredIndicator | undefined {
  const items = found.filter(item => item !== undefined)
  if (items.length + withdrawn.length === 0) return undefined
  const claims = items.filter(({ kind }) => kind === ITEM.INDICATOR)
  const remarks = items.filter(({ kind }) => kind !== ITEM.INDICATOR)
  const counts = { claimCount: record.claims, remarkCount: record.remarks }
  return { ...typedValueOf(subject), claims, remarks, withdrawn, ...counts }
}

async function namesOf({ subject, record }: ListedIndicator, moment: ViewMoment): Promise<ShownName[]> {
  return isSpilled(record) ? spilledNames(subject, moment) : record.inline.map(nameOf)
}

async function spilledNames(subject: Uint8Array, { context, generation, snapshot }: ViewMoment): Promise<ShownName[]> {
  const all = prefixRange(spilledPrefix(generation, subject))
  const claims = prefixRange(spilledPrefix(generation, subject, ITEM.INDICATOR))
  const ranges = [claims, { from: claims.to, to: all.to }]
  const rows = await Promise.all(ranges.map(range => context.db.range(range, CLAIMS_PER_INDICATOR_MAX, { snapshot })))
  return rows.flat().map(([, value]) => nameOf(decodeLoose(ShownRecord, value, false)))
}
