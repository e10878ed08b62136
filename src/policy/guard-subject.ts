import { ProtocolError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import { classify } from '../indicator/canonical.ts'
import { domainOfEmail } from '../indicator/email.ts'
import { type AddressPrefix, mappedPrefix } from '../indicator/ip.ts'
import { type ParsedItem, parseItem } from '../indicator/item.ts'
import type { MarkingFields } from '../indicator/marking.ts'
import { hostOfUrl } from '../indicator/url.ts'
import type { Item, Reference } from '../wire/gen/tocsin.ts'
import { plainText } from './plain-text.ts'

/** For whom an item is meant, as far as rules ask. */
export interface GuardAudience {
  readonly kind: 'alliance' | 'group' | 'nations'
  /** Id in hex, and what its owner calls it. */
  readonly group?: { readonly id: string; readonly name: string } | undefined
  /** Who will be able to read it beside the own nation. */
  readonly readers: readonly NationId[]
}

/** An item and its audience, in the terms of the rules. */
export interface GuardSubject {
  readonly item: ParsedItem
  readonly type: string
  readonly value: string
  readonly marking: MarkingFields | undefined
  /** Lower case. */
  readonly labels: readonly string[]
  readonly source: string
  readonly confidence: number
  readonly audience: GuardAudience
  /** Where an indicator is. */
  readonly place: Places
  /** Where it and all that a pattern or STIX object names is. */
  named(): readonly Places[]
  /** And what free text names, or a value has in other places than its host. */
  mentioned(): readonly Places[]
}

/** The addresses and the name that one value has, one of both at most; a name with all names that it is below of. */
export interface Places {
  readonly prefix: AddressPrefix | undefined
  readonly names: readonly string[]
}

const NOWHERE: Places = { prefix: undefined, names: [] }

export function guardSubject(item: Item, audience: GuardAudience): GuardSubject {
  const parsed = parseItem(item)
  const { type, value } = 'value' in parsed ? parsed : { type: '', value: '' }
  const claim = parsed.kind === 'indicator' ? parsed.claim : undefined
  const place = placesOf(type, value)
  let named: readonly Places[] | undefined
  let mentioned: readonly Places[] | undefined
  const namedPlaces = () => (named ??= [place, ...placesIn(bodyTexts(parsed))])
  return {
    item: parsed,
    type,
    value,
    marking: 'marking' in parsed ? parsed.marking : undefined,
    labels: labelsOf(parsed),
    source: sourceOf(parsed).toLowerCase(),
    confidence: Math.max(0, (claim?.confidencePlus1 ?? 0) - 1),
    audience,
    place,
    named: namedPlaces,
    mentioned: () => (mentioned ??= [...namedPlaces(), ...placesIn([value, ...freeTexts(parsed)])]),
  }
}

/** Of a canonical value. */
function placesOf(type: string, value: string): Places {
  switch (type) {
    case 'ipv4':
    case 'ipv6':
    case 'cidr':
      return { prefix: mappedPrefix(value), names: [] }
    case 'domain':
      return { prefix: undefined, names: namesAbove(value) }
    case 'email':
      return { prefix: undefined, names: namesAbove(domainOfEmail(value)) }
    case 'url':
      return placeOfHost(hostOfUrl(value))
    default:
      return NOWHERE
  }
}

function placeOfHost(host: string): Places {
  if (!/^[\d.]+$|:/.test(host)) return { prefix: undefined, names: namesAbove(host) }
  try {
    return { prefix: mappedPrefix(host), names: [] }
  } catch (error) {
    if (error instanceof ProtocolError) return NOWHERE
    throw error
  }
}

/** `c2.evil.example`: itself, `evil.example`, `example`. */
function namesAbove(host: string): readonly string[] {
  const names = [host]
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) names.push(host.slice(dot + 1))
  return names
}

/** What stands in texts and looks like an address, a name, or something that has one. A body bounds how many there are. */
const CANDIDATE = /[\p{L}\p{N}_.:/@%-]{3,2048}/gu
const IPV4 = /\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?/g
const IPV6 = /(?<![0-9a-z])(?:[0-9a-f]{1,4}|:)(?::[0-9a-f]{0,4}){2,7}(?:\/\d{1,3})?/gi
const EDGES = /^[.:/@%-]+|[.:/@%-]+$/g
/** What has neither is no place, defanged or not. */
const MARK = /[.:]|dot/i
/** What has no dot or colon within is a word. */
const INNER_MARK = /[^.:][.:]+[^.:]|::/
/** What a name has none of: it may stand in the path of a URL, or after one that nobody calls. */
const BETWEEN_NAMES = /[:/@%]+/

function placesIn(texts: readonly string[]): Places[] {
  const places: Places[] = []
  for (const each of texts) {
    const plain = plainText(each)
    if (!MARK.test(plain)) continue
    for (const [found] of plain.matchAll(IPV4)) places.push(placeOfText(found))
    for (const [found] of plain.matchAll(IPV6)) places.push(placeOfText(found))
    for (const [found] of plain.matchAll(CANDIDATE)) {
      const text = found.replace(EDGES, '')
      for (const part of new Set([text, ...text.split(BETWEEN_NAMES)])) {
        if (INNER_MARK.test(part)) places.push(placeOfText(part))
      }
    }
  }
  return places.filter(place => place !== NOWHERE)
}

function placeOfText(text: string): Places {
  const found = classify(text)
  if (found.kind === 'value') return placesOf(found.type, found.value)
  if (found.kind === 'host-port') return placesOf(found.host.type, found.host.value)
  return NOWHERE
}

function bodyTexts(item: ParsedItem): readonly string[] {
  if (item.kind === 'indicator' && item.type === 'stix-pattern') return [item.value]
  return item.kind === 'stix-object' ? textsOfJson(item.object.json) : []
}

/** Every text in it, with its escapes undone; without recursion, for it may nest as deep as it is long. */
function textsOfJson(json: string): readonly string[] {
  const texts: string[] = []
  const open: unknown[] = [JSON.parse(json)]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'string') texts.push(value)
    else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) open.push(name, inner)
    }
  }
  return texts
}

function freeTexts(item: ParsedItem): readonly string[] {
  switch (item.kind) {
    case 'indicator': {
      const { original, name, description, labels, references, source, sourceId } = item.claim
      return [original, name, description, ...labels, ...referenceTexts(references), source, sourceId]
    }
    case 'sighting':
      return [item.sighting.source]
    case 'withdrawal':
      return [item.withdrawal.reason]
    case 'opinion':
      return [item.opinion.comment]
    case 'incident':
      return [item.report.title, item.report.text, ...referenceTexts(item.report.references)]
    case 'request':
      return [item.request.title, item.request.text]
    case 'acknowledgement':
      return [item.acknowledgement.text]
    case 'group':
      return [item.group.name]
    default:
      return []
  }
}

function referenceTexts(references: readonly Reference[]): readonly string[] {
  return references.flatMap(({ sourceName, url, externalId, description }) => [
    sourceName,
    url,
    externalId,
    description,
  ])
}

function labelsOf(item: ParsedItem): readonly string[] {
  if (item.kind === 'indicator') return item.claim.labels.map(label => label.toLowerCase())
  if (item.kind !== 'stix-object') return []
  const { labels } = JSON.parse(item.object.json) as { readonly labels?: unknown }
  if (!Array.isArray(labels)) return []
  return labels.filter(label => typeof label === 'string').map(label => label.toLowerCase())
}

function sourceOf(item: ParsedItem): string {
  if (item.kind === 'indicator') return item.claim.source
  return item.kind === 'sighting' ? item.sighting.source : ''
}
