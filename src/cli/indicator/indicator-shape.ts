import type { ExportedOpinion, ExportedSighting } from '../../formats/exported.ts'
import { defang, isDefanged } from '../../formats/in/defang.ts'
import type { ClaimView, IndicatorView, LookupResult, WithdrawnView } from '../../node/reading/indicator-reading.ts'
import { type Shape, timeCell } from '../terminal/output.ts'

/** How indicators, claims and answers to look-ups are printed. */

const LABEL_SEPARATOR = '; '

export const INDICATORS: Shape<IndicatorView> = {
  columns: [
    { name: 'id', cell: view => view.id },
    { name: 'type', cell: view => view.type },
    { name: 'value', cell: view => view.value },
    { name: 'nations', cell: nationsCell },
    { name: 'tlp', cell: view => view.tlp },
    { name: 'confidence', cell: view => view.confidence },
    { name: 'state', cell: view => view.state },
    { name: 'score', cell: view => view.score },
    { name: 'origins', cell: view => view.origins },
    { name: 'first_seen', cell: view => timeCell(view.firstSeenMs) },
    { name: 'last_seen', cell: view => timeCell(view.lastSeenMs) },
    { name: 'valid_until', cell: view => timeCell(view.validUntilMs) },
    { name: 'labels', cell: view => view.labels.join(LABEL_SEPARATOR) },
    { name: 'warninglists', cell: warningsCell },
  ],
  defanged: defangedIndicator,
}

/** What the acceptance policy keeps, and by which rules. */
export const QUARANTINED: Shape<IndicatorView> = {
  ...INDICATORS,
  columns: [
    ...INDICATORS.columns,
    { name: 'why', cell: view => [...new Set(view.claims.map(claim => claim.standing ?? ''))].join(LABEL_SEPARATOR) },
  ],
}

export const CLAIMS: Shape<ClaimView> = {
  columns: [
    { name: 'claim', cell: claim => claim.id },
    { name: 'nation', cell: claim => claim.nation },
    { name: 'nation_status', cell: claim => claim.nationStatus },
    { name: 'tlp', cell: claim => claim.tlp },
    { name: 'pap', cell: claim => claim.pap },
    { name: 'confidence', cell: claim => claim.confidence },
    { name: 'published', cell: claim => timeCell(claim.publishedMs) },
    { name: 'valid_until', cell: claim => timeCell(claim.validUntilMs) },
    { name: 'original', cell: claim => claim.original },
    { name: 'name', cell: claim => claim.name },
    { name: 'description', cell: claim => claim.description },
    { name: 'labels', cell: claim => claim.labels.join(LABEL_SEPARATOR) },
    { name: 'source', cell: claim => claim.source },
    { name: 'remarks', cell: claim => remarks(claim) },
    { name: 'entry', cell: claim => claim.entry },
  ],
  defanged: defangedClaim,
}

export const WITHDRAWN: Shape<WithdrawnView> = {
  columns: [
    { name: 'claim', cell: ({ claim }) => claim.id },
    { name: 'withdrawn', cell: withdrawnCell },
    { name: 'continued_as', cell: ({ continuedAs }) => continuedAs },
  ],
}

function withdrawnCell({ claim, withdrawnMs, reason }: WithdrawnView): string {
  const when = withdrawnMs === 0 ? '' : ` at ${timeCell(withdrawnMs)}`
  return `withdrawn by ${claim.nation}${when}${reason === '' ? '' : `: ${reason}`}`
}

export const OPINIONS: Shape<ExportedOpinion> = {
  columns: [
    { name: 'nation', cell: opinion => opinion.nation },
    { name: 'says', cell: opinion => opinion.opinion },
    { name: 'of', cell: opinion => opinion.about || 'the indicator' },
    { name: 'comment', cell: opinion => opinion.comment },
    { name: 'tlp', cell: opinion => opinion.tlp },
    { name: 'published', cell: opinion => timeCell(opinion.publishedMs) },
    { name: 'opinion', cell: opinion => opinion.id },
  ],
}

export const SIGHTINGS: Shape<ExportedSighting> = {
  columns: [
    { name: 'nation', cell: sighting => sighting.nation },
    { name: 'count', cell: sighting => sighting.count },
    { name: 'first_seen', cell: sighting => timeCell(sighting.firstSeenMs) },
    { name: 'last_seen', cell: sighting => timeCell(sighting.lastSeenMs) },
    { name: 'source', cell: sighting => sighting.source },
    { name: 'tlp', cell: sighting => sighting.tlp },
    { name: 'published', cell: sighting => timeCell(sighting.publishedMs) },
    { name: 'sighting', cell: sighting => sighting.id },
  ],
}

/** A row tells of one indicator: the first that it is, or else the first that has to do with it. */
export const LOOKUPS: Shape<LookupResult> = {
  columns: [
    { name: 'query', cell: lookup => lookup.query },
    { name: 'result', cell: lookup => lookup.result },
    { name: 'relation', cell: relationCell },
    { name: 'type', cell: lookup => indicatorOf(lookup)?.type ?? '' },
    { name: 'value', cell: lookup => indicatorOf(lookup)?.value ?? '' },
    { name: 'nations', cell: lookup => ofIndicator(lookup, nationsCell) },
    { name: 'tlp', cell: lookup => indicatorOf(lookup)?.tlp ?? '' },
    { name: 'confidence', cell: lookup => indicatorOf(lookup)?.confidence ?? null },
    { name: 'last_seen', cell: lookup => timeCell(indicatorOf(lookup)?.lastSeenMs ?? 0) },
    { name: 'labels', cell: lookup => indicatorOf(lookup)?.labels.join(LABEL_SEPARATOR) ?? '' },
    { name: 'warninglists', cell: lookup => ofIndicator(lookup, warningsCell) },
    { name: 'reason', cell: lookup => lookup.reason },
  ],
  defanged: lookup => ({
    ...lookup,
    query: broken(lookup.query),
    indicators: lookup.indicators.map(defangedIndicator),
    related: lookup.related.map(({ relation, indicator }) => ({ relation, indicator: defangedIndicator(indicator) })),
  }),
}

function indicatorOf({ indicators, related }: LookupResult): IndicatorView | undefined {
  return indicators[0] ?? related[0]?.indicator
}

function relationCell({ indicators, related }: LookupResult): string {
  return indicators.length > 0 ? 'exact' : (related[0]?.relation ?? '')
}

function ofIndicator(lookup: LookupResult, cell: (view: IndicatorView) => string): string {
  const indicator = indicatorOf(lookup)
  return indicator === undefined ? '' : cell(indicator)
}

export function defangedIndicator(view: IndicatorView): IndicatorView {
  const { value, claims, aside, withdrawn } = view
  const kept = aside === undefined ? {} : { aside: aside.map(defangedClaim) }
  const gone = withdrawn.map(each => ({ ...each, claim: defangedClaim(each.claim) }))
  return { ...view, value: broken(value), claims: claims.map(defangedClaim), withdrawn: gone, ...kept }
}

function defangedClaim(claim: ClaimView): ClaimView {
  return { ...claim, original: broken(claim.original) }
}

/** Who left, or is suspended, is marked: what it said before is still here. */
export function nationsCell({ nations, claims }: IndicatorView): string {
  const statuses = new Map(claims.map(({ nation, nationStatus }) => [nation, nationStatus]))
  const marked = nations.map(nation => {
    const status = statuses.get(nation) ?? 'ACTIVE'
    return status === 'ACTIVE' ? nation : `${nation} (${status})`
  })
  return marked.join(' ')
}

/** `block public-resolvers; warn Top 10K` */
function warningsCell({ warnings }: IndicatorView): string {
  return warnings.map(({ action, list }) => `${action} ${list}`).join(LABEL_SEPARATOR)
}

export function broken(value: string): string {
  return isDefanged(value) ? value : defang(value)
}

function remarks({ exercise, conflict, standing = '' }: ClaimView): string {
  return [standing, exercise ? 'EXERCISE' : '', conflict ? 'asserted twice with different content' : '']
    .filter(remark => remark !== '')
    .join(LABEL_SEPARATOR)
}
