import { parseTlp, TLP, tlpName } from '../../indicator/marking.ts'
import { indicatorText } from '../../indicator/type.ts'
import { claimFields, claimFieldsBeyondMisp } from '../claim-fields.ts'
import type { ExportedClaim, ExportedIndicator, ExportedOpinion, ExportedSighting } from '../exported.ts'
import { EXERCISE_LABEL } from '../marking-text.ts'
import { ownUuid } from '../stix-id.ts'
import { stixTime } from '../stix-time.ts'
import { mispTypeOf } from '../type-mapping.ts'

export type MispJson = Readonly<Record<string, unknown>>

/** Who said something, as MISP names organisations: by the uuid of its STIX identity, as whoever reads both expects. */
export function mispOrganisation(nation: string): MispJson {
  return { name: nation, uuid: ownUuid('identity', nation) }
}

/** `tlp:amber+strict`. */
export function tlpTag(tlp: string): string {
  return tlpName(parseTlp(tlp)).toLowerCase()
}

/** Levels of distribution: who may have it goes no further there than its colour allows. */
const DISTRIBUTION: Readonly<Record<number, string>> = {
  [TLP.CLEAR]: '3',
  [TLP.GREEN]: '2',
  [TLP.AMBER]: '1',
  [TLP.AMBER_STRICT]: '0',
  [TLP.RED]: '0',
}
/** An attribute's: as its event. */
const INHERITED = '5'

export function mispDistribution(tlp: string): string {
  return DISTRIBUTION[parseTlp(tlp)]!
}

/** Labels that say what a claim was in MISP, and become that again. */
const NOT_FOR_DETECTION = 'misp:to_ids="0"'
const TYPE_LABEL = /^misp:type="([^"]+)"$/
const PORT_LABEL = /^port:(\d{1,5})$/
/** Detection tools find nothing by these. */
const NEVER_DETECTED: ReadonlySet<string> = new Set(['cve'])

/** An attribute of MISP for one claim, with the tags, sightings and opinions on it. */
export interface ClaimAttribute {
  readonly claim: ExportedClaim
  readonly json: MispJson
  /** Seconds since 1970; of the event the latest counts. */
  readonly timestamp: number
  readonly type: string
  readonly value: string
}

/** Whether the event around them is marked as each of them, or each is marked by itself. */
type MarkedBy = 'event' | undefined

/** What stands, and what its nation has taken back. */
export function mispAttributes(indicator: ExportedIndicator, markedBy: MarkedBy): readonly ClaimAttribute[] {
  return [
    ...indicator.claims.map(claim => claimAttribute(indicator, claim, undefined, markedBy)),
    ...indicator.withdrawn.map(taken => claimAttribute(indicator, taken.claim, taken, markedBy)),
  ]
}

function claimAttribute(
  indicator: ExportedIndicator,
  claim: ExportedClaim,
  withdrawn: { readonly withdrawnMs: number; readonly reason: string } | undefined,
  markedBy: MarkedBy,
): ClaimAttribute {
  const shape = shapeOf(indicator, claim)
  const publishedSec = Math.floor(claim.publishedMs / 1000)
  const timestamp =
    withdrawn === undefined ? publishedSec : Math.max(Math.floor(withdrawn.withdrawnMs / 1000), publishedSec + 1)
  const isMarked = markedBy === 'event'
  const tags = [
    ...(isMarked ? [] : [tlpTag(claim.tlp)]),
    ...(claim.pap === '' ? [] : [claim.pap]),
    ...(claim.exercise ? [EXERCISE_LABEL] : []),
    ...claim.labels.filter(label => !shape.labels.has(label)),
  ]
  // Not both: the name was the title of an event perhaps, and would come before the comment again on each round.
  const comment = claim.description || claim.name
  const sightings = withdrawn === undefined ? sightingsOn(indicator, claim) : []
  const json = {
    uuid: ownUuid('attribute', claim.nation, claim.id),
    type: shape.type,
    category: shape.category,
    value: shape.value,
    to_ids: !NEVER_DETECTED.has(indicator.type) && !claim.labels.includes(NOT_FOR_DETECTION),
    distribution: isMarked ? INHERITED : mispDistribution(claim.tlp),
    timestamp: String(timestamp),
    ...(comment !== '' && { comment }),
    ...(claim.firstSeenMs !== 0 && { first_seen: mispTime(claim.firstSeenMs) }),
    ...(claim.lastSeenMs !== 0 && { last_seen: mispTime(Math.max(claim.firstSeenMs, claim.lastSeenMs)) }),
    deleted: withdrawn !== undefined,
    ...(tags.length > 0 && { Tag: tags.map(name => ({ name })) }),
    ...(sightings.length > 0 && { Sighting: sightings }),
    tocsin: { type: indicator.type, ...claimFields(claim, withdrawn), ...claimFieldsBeyondMisp(claim) },
  }
  return { claim, json, timestamp, type: shape.type, value: shape.value }
}

interface Shape {
  readonly type: string
  readonly category: string
  readonly value: string
  /** That the shape says already. */
  readonly labels: ReadonlySet<string>
}

/** The type that the claim once had in MISP, where that says the same; composite where nothing is lost by it. */
function shapeOf(indicator: ExportedIndicator, { labels, name }: ExportedClaim): Shape {
  const value = indicatorText(indicator)
  const { type, category } = mispTypeOf(indicator)
  const plain = { type, category, value, labels: new Set([NOT_FOR_DETECTION]) }
  const [label, other] = labels.filter(one => TYPE_LABEL.test(one))
  if (label === undefined || other !== undefined) return plain
  const was = TYPE_LABEL.exec(label)![1]!
  const shape = (text: string, ...said: readonly string[]) => ({
    ...plain,
    type: was,
    value: text,
    labels: new Set([NOT_FOR_DETECTION, label, ...said]),
  })
  if (SPELLINGS.get(was) === type) return shape(value)
  if (was === `filename|${type}` && name !== '' && !name.includes('|')) return shape(`${name}|${value}`)
  const [port, another] = labels.filter(one => PORT_LABEL.test(one))
  const isHostPort = PORT_TYPES.get(was)?.includes(indicator.type) === true && port !== undefined
  return isHostPort && another === undefined ? shape(`${value}|${port.slice('port:'.length)}`, port) : plain
}

const PORT_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['ip-dst|port', ['ipv4', 'ipv6']],
  ['ip-src|port', ['ipv4', 'ipv6']],
  ['hostname|port', ['domain']],
])

/** Other types of MISP for the same values, all of them allowed in the category of the one that is written. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['ip-src', 'ip-dst'],
  ['hostname', 'domain'],
  ['uri', 'url'],
  ['email-src', 'email'],
  ['email-dst', 'email'],
  ['email-reply-to', 'email'],
  ['mac-eui-64', 'mac-address'],
])

/** MISP writes times in ISO 8601 with microseconds and an offset. */
function mispTime(timeMs: number): string {
  return stixTime(timeMs).replace(/(\.\d{3})Z$/, '$1000+00:00')
}

const SIGHTING_TYPES = { seen: '0', 'false-positive': '1', expired: '2' } as const

/**
 * Sightings and opinions are of a value: the first claim carries them. They have no marking of their own in MISP, so
 * those go with it which are no stricter than the claim.
 */
function sightingsOn(indicator: ExportedIndicator, claim: ExportedClaim): readonly MispJson[] {
  const first = indicator.claims.reduce((a, b) => (comesBefore(b, a) ? b : a))
  const mayGo = ({ tlp }: { readonly tlp: string }) => parseTlp(tlp) <= parseTlp(claim.tlp)
  const seen = first === claim ? indicator.sightings.filter(mayGo).map(seenSighting) : []
  const key = `${claim.nation}/${claim.id}`
  const judged = indicator.opinions
    .filter(({ about }) => (about === '' ? first === claim : about === key))
    .filter(mayGo)
    .flatMap(judgedSighting)
  return [...seen, ...judged]
}

function comesBefore(a: ExportedClaim, b: ExportedClaim): boolean {
  return a.publishedMs !== b.publishedMs ? a.publishedMs < b.publishedMs : `${a.nation}/${a.id}` < `${b.nation}/${b.id}`
}

function seenSighting({ id, nation, lastSeenMs, publishedMs, source, count }: ExportedSighting): MispJson {
  return {
    uuid: ownUuid('sighting', nation, id),
    type: SIGHTING_TYPES.seen,
    date_sighting: String(Math.floor((lastSeenMs || publishedMs) / 1000)),
    ...(source !== '' && { source }),
    Organisation: mispOrganisation(nation),
    tocsin: { count },
  }
}

function judgedSighting({ id, nation, opinion, publishedMs }: ExportedOpinion): readonly MispJson[] {
  if (opinion === 'agree') return []
  return [
    {
      uuid: ownUuid('opinion', nation, id),
      type: SIGHTING_TYPES[opinion],
      date_sighting: String(Math.floor(publishedMs / 1000)),
      Organisation: mispOrganisation(nation),
    },
  ]
}
