import type { TypedValue } from '../indicator/canonical.ts'
import { relatedValues } from '../indicator/relation.ts'
import { LOOKUPS_MAX, RELATED_PER_SUBJECT_MAX } from './caps.ts'
import { prefixRange } from './database.ts'
import { misuse } from './failures.ts'
import { subjectOf } from './item-face.ts'
import { indicatorKey, latin1, VIEW, viewPrefix } from './keys.ts'
import { readSeen } from './seen.ts'
import type { StoredIndicator } from './store.ts'
import type { ViewMoment } from './view-moment.ts'
import type { Related } from './view-queries.ts'
import { observablePrefix, patternKey, readLengths } from './view-relations.ts'
import { decodeIndicator } from './view-writes.ts'
import { readIndicators } from './whole.ts'

type RelatedIndicator = Related<StoredIndicator>['indicators'][number]
type RelatedSubject = { readonly relation: RelatedIndicator['relation']; readonly subject: Uint8Array }

/** Read of the index of observables at once; many may ask for the same, and few of them be seen. */
const PATTERNS_CHUNK = 64

/** What has to do with each of `values` by its own form, and the patterns that name it. */
export async function readRelated(
  values: readonly TypedValue[],
  moment: ViewMoment,
): Promise<readonly Related<StoredIndicator>[]> {
  if (values.length > LOOKUPS_MAX) throw misuse(`at most ${LOOKUPS_MAX} look-ups at once`)
  const { context, generation, snapshot } = moment
  const lengths = await readLengths(context.db, generation, { snapshot })
  const wanted = values.map(value =>
    relatedValues(value, lengths).map(each => ({ relation: each.relation, subject: subjectOf(each) })),
  )
  const found = await readSubjects(
    wanted.flatMap(each => each.map(({ subject }) => subject)),
    moment,
  )
  const observables = prefixRange(viewPrefix(generation, VIEW.observables))
  const hasPatterns = (await context.db.range(observables, 1, { snapshot })).length > 0
  return Promise.all(
    wanted.map(async (related, i) => {
      const near = shown(related, found)
      const patterns = hasPatterns ? await readPatterns(values[i]!, RELATED_PER_SUBJECT_MAX + 1, moment) : []
      const all = [...near, ...patterns]
      return { indicators: all.slice(0, RELATED_PER_SUBJECT_MAX), more: all.length > RELATED_PER_SUBJECT_MAX }
    }),
  )
}

type Found = ReadonlyMap<string, StoredIndicator>

function shown(related: readonly RelatedSubject[], found: Found): readonly RelatedIndicator[] {
  return related.flatMap(({ relation, subject }) => {
    const indicator = found.get(latin1(subject))
    return indicator === undefined ? [] : { relation, indicator }
  })
}

/** Those of which a claim is seen, each read once however often it is asked for. */
async function readSubjects(subjects: readonly Uint8Array[], moment: ViewMoment): Promise<Found> {
  const { context, generation, snapshot } = moment
  const distinct = [...new Map(subjects.map(subject => [latin1(subject), subject])).values()]
  const found = new Map<string, StoredIndicator>()
  for (let from = 0; from < distinct.length; from += LOOKUPS_MAX) {
    const some = distinct.slice(from, from + LOOKUPS_MAX)
    const records = await context.db.getMany(
      some.map(subject => indicatorKey(generation, subject)),
      { snapshot },
    )
    const listed = some.flatMap((subject, i) =>
      records[i] === undefined ? [] : { subject, record: decodeIndicator(records[i]) },
    )
    const read = await (moment.sight === undefined ? readIndicators(listed, moment) : readSeen(listed, moment))
    for (const [i, indicator] of read.entries()) {
      if (indicator !== undefined && indicator.claims.length > 0) found.set(latin1(listed[i]!.subject), indicator)
    }
  }
  return found
}

/** The first `most` that are seen, however many are not. */
async function readPatterns(value: TypedValue, most: number, moment: ViewMoment): Promise<readonly RelatedIndicator[]> {
  const { context, generation, snapshot } = moment
  const prefix = observablePrefix(generation, subjectOf(value))
  const seen: RelatedIndicator[] = []
  for await (const chunk of context.db.scan(prefixRange(prefix), { snapshot, chunk: PATTERNS_CHUNK })) {
    const keys = chunk.map(([key]) => patternKey(generation, key.subarray(prefix.length)))
    const subjects = (await context.db.getMany(keys, { snapshot })).filter(subject => subject !== undefined)
    const found = await readSubjects(subjects, moment)
    seen.push(...[...found.values()].map(indicator => ({ relation: 'pattern' as const, indicator })))
    if (seen.length >= most) break
  }
  return seen.slice(0, most)
}
