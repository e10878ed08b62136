import type { Hash, NationId } from '../base/ids.ts'
import type { TypedValue } from '../indicator/canonical.ts'
import { indicatorId, indicatorIdText } from '../indicator/indicator-id.ts'
import { ITEM } from '../indicator/item-type.ts'
import type { DigestedClaim } from '../indicator/view-digest.ts'
import { decodeLoose } from '../wire/codec.ts'
import { type IndicatorRecord, ShownRecord } from '../wire/gen/store.ts'
import { LOOKUPS_MAX } from './caps.ts'
import type { StoreContext } from './context.ts'
import { prefixRange } from './database.ts'
import { misuse } from './failures.ts'
import { loadGroups } from './held-item.ts'
import { subjectOf, typedValueOf } from './item-face.ts'
import { indicatorKey, itemIdKey, spilledPrefix, VIEW, VIEW_KEY_PREFIX_BYTES, viewPrefix } from './keys.ts'
import { readSeen } from './seen.ts'
import type { Sight } from './sight.ts'
import type { StoredIndicator, ViewReads } from './store.ts'
import { digestView } from './view-digest.ts'
import { listIndicators, listItems } from './view-lists.ts'
import { itemsOfGroup, type ViewMoment, viewMoment } from './view-moment.ts'
import { readRelated } from './view-related.ts'
import { decodeIndicator, isSpilled } from './view-writes.ts'
import { readIndicators } from './whole.ts'

export function createViewReads(context: StoreContext): ViewReads {
  return {
    lookup: async (type, value) => (await atOnce(context, moment => lookUp([{ type, value }], moment)))[0],
    lookupMany: (subjects, sight) => atOnce(context, moment => lookUp(subjects, moment), sight),
    recall: (subjects, sight) => atOnce(context, moment => recall(subjects, moment), sight),
    related: (subjects, sight) => atOnce(context, moment => readRelated(subjects, moment), sight),
    subjects: () => claimedSubjects(context),
    itemsOfId: ({ nation, id }) =>
      atOnce(context, async moment => {
        const [group] = await loadGroups(context.db, [itemIdKey(nation, id)], { snapshot: moment.snapshot })
        return itemsOfGroup(group!, moment)
      }),
    listIndicators: (filter, sight) => atOnce(context, moment => listIndicators(filter, moment), sight),
    listItems: (filter, sight) => atOnce(context, moment => listItems(filter, moment), sight),
    subjectsById: prefix => subjectsById(prefix, context),
    viewDigest: digestOnce(context),
    shownClaims: () => shownClaims(context),
    dumpView: () => dumpView(context),
  }
}

async function atOnce<T>(context: StoreContext, read: (moment: ViewMoment) => Promise<T>, sight?: Sight): Promise<T> {
  await using moment = viewMoment(context, sight)
  return await read(moment)
}

/** What shows of each value, in the order asked. */
async function lookUp(values: readonly TypedValue[], moment: ViewMoment): Promise<(StoredIndicator | undefined)[]> {
  const found = await recall(values, moment)
  return found.map(each => (each === undefined || each.claims.length + each.remarks.length === 0 ? undefined : each))
}

async function recall(values: readonly TypedValue[], moment: ViewMoment): Promise<(StoredIndicator | undefined)[]> {
  if (values.length > LOOKUPS_MAX) throw misuse(`at most ${LOOKUPS_MAX} look-ups at once`)
  const { context, generation, snapshot } = moment
  const subjects = values.map(subjectOf)
  const keys = subjects.map(subject => indicatorKey(generation, subject))
  const records = await context.db.getMany(keys, { snapshot })
  const listed = records.map((bytes, i) => ({ subject: subjects[i]!, record: decodeIndicator(bytes) }))
  return moment.sight === undefined ? readIndicators(listed, moment) : readSeen(listed, moment)
}

async function* claimedSubjects(context: StoreContext): AsyncGenerator<readonly TypedValue[]> {
  await using moment = viewMoment(context)
  const range = prefixRange(viewPrefix(moment.generation, VIEW.indicators))
  for await (const chunk of context.db.scan(range, { snapshot: moment.snapshot })) {
    yield chunk.flatMap(([key, value]) =>
      decodeIndicator(value).claims === 0 ? [] : typedValueOf(key.subarray(VIEW_KEY_PREFIX_BYTES)),
    )
  }
}

/** Reads the keys alone: an index would cost every claim a write, and be asked now and then. */
async function* subjectsById(prefix: string, context: StoreContext): AsyncGenerator<TypedValue> {
  await using moment = viewMoment(context)
  const range = prefixRange(viewPrefix(moment.generation, VIEW.indicators))
  for await (const chunk of context.db.scan(range, { snapshot: moment.snapshot })) {
    for (const [key] of chunk) {
      const subject = typedValueOf(key.subarray(VIEW_KEY_PREFIX_BYTES))
      if (indicatorIdText(indicatorId(subject)).startsWith(prefix)) yield subject
    }
  }
}

/** Every record of the view without its generation: what two nodes that hold the same have in common, byte by byte. */
async function* dumpView(context: StoreContext): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
  await using moment = viewMoment(context)
  const prefix = viewPrefix(moment.generation)
  for await (const chunk of context.db.scan(prefixRange(prefix), { snapshot: moment.snapshot })) {
    for (const [key, value] of chunk) yield [key.subarray(prefix.length), value]
  }
}

async function* shownClaims(context: StoreContext): AsyncGenerator<DigestedClaim> {
  await using moment = viewMoment(context)
  const { generation, snapshot } = moment
  for await (const chunk of context.db.scan(prefixRange(viewPrefix(generation, VIEW.indicators)), { snapshot })) {
    for (const [key, value] of chunk) {
      const subject = key.subarray(VIEW_KEY_PREFIX_BYTES)
      const { type, value: text } = typedValueOf(subject)
      for await (const { nation, id, hash } of claimRecords(subject, decodeIndicator(value), moment)) {
        yield { type, value: text, nation: nation as NationId, id, itemHash: hash as Hash }
      }
    }
  }
}

async function* claimRecords(
  subject: Uint8Array,
  record: IndicatorRecord,
  moment: ViewMoment,
): AsyncGenerator<ShownRecord> {
  if (!isSpilled(record)) {
    yield* record.inline.filter(({ kind }) => kind === ITEM.INDICATOR)
    return
  }
  const { context, generation, snapshot } = moment
  const range = prefixRange(spilledPrefix(generation, subject, ITEM.INDICATOR))
  for await (const chunk of context.db.scan(range, { snapshot })) {
    for (const [, value] of chunk) yield decodeLoose(ShownRecord, value, false)
  }
}

/** Read anew only where the view has changed. */
function digestOnce(context: StoreContext): () => Promise<string> {
  let last: { readonly memory: unknown; readonly version: number; readonly digest: Promise<string> } | undefined
  return () => {
    const { memory } = context
    if (last?.memory !== memory || last.version !== memory.viewVersion) {
      last = { memory, version: memory.viewVersion, digest: digestOf(context) }
      last.digest.catch(() => (last = undefined))
    }
    return last.digest
  }
}

async function digestOf({ db, memory }: StoreContext): Promise<string> {
  return digestView(db, memory.view.generation)
}
