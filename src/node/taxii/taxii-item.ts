import { toHex } from '../../base/bytes.ts'
import { ProtocolError } from '../../base/errors.ts'
import { stixIndicatorId, stixOpinionId, stixSightingId } from '../../formats/stix-id.ts'
import { readStixObject } from '../../formats/stix-object.ts'
import { parseItem } from '../../indicator/item.ts'
import { ITEM } from '../../indicator/item-type.ts'
import type { MentionedChange } from '../../store/change-queries.ts'
import type { StoredItem } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import type { TaxiiFace, TaxiiSaid } from './taxii-face.ts'
import { NO_FACE } from './taxii-rows.ts'

/** What of a stored item a list of STIX objects goes by. */
export interface ItemFace {
  readonly stixId: string
  readonly face: TaxiiFace
  /** Type and value that a claim, a sighting or an opinion is about; empty for context. */
  readonly subject: string
}

/** Undefined for what is no object of STIX, or is gone. Of several items under one id the first is told of. */
export function itemFaceOf({ state, items, rivals, told }: MentionedChange<StoredItem>): ItemFace | undefined {
  const [item] = items
  if (item === undefined || state === 'gone') return undefined
  // A claim that is withdrawn shows as revoked; who withdraws an object of context takes it back, and not from its maker.
  if (state === 'withdrawn' && item.kind !== ITEM.INDICATOR) return undefined
  const named = namedOf(item)
  if (named === undefined) return undefined
  const { stixId, isContext } = named
  const face: TaxiiFace = {
    nation: item.nation,
    said: [item, ...rivals].flatMap(each => saidOf(each) ?? []),
    told,
    stixType: stixId.slice(0, stixId.indexOf('--')),
    isContext,
    also: NO_FACE,
  }
  return { stixId, face, subject: isContext ? '' : `${item.type} ${item.value}` }
}

function saidOf(item: StoredItem): TaxiiSaid | undefined {
  const named = namedOf(item)
  return named && { type: named.type, marking: named.marking, audiences: item.entries.map(({ audience }) => audience) }
}

function namedOf({ nation, id, item }: StoredItem) {
  const parsed = parsedOf(item)
  const hex = toHex(id)
  switch (parsed?.kind) {
    case 'indicator':
      return { ...parsed, stixId: stixIndicatorId(nation, hex), isContext: false }
    case 'sighting':
      return { ...parsed, stixId: stixSightingId(nation, hex), isContext: false }
    case 'opinion':
      return { ...parsed, stixId: stixOpinionId(nation, hex), isContext: false }
    case 'stix-object': {
      const object = contextOf(parsed.object.json)
      if (object === undefined) return undefined
      return { marking: parsed.marking, type: parsed.kind, stixId: object.id, isContext: true }
    }
    default:
      return undefined
  }
}

function contextOf(json: string) {
  try {
    const object = readStixObject(JSON.parse(json))
    return typeof object === 'string' ? undefined : object
  } catch {
    return undefined
  }
}

/** Undefined for what is malformed, or of a later version. */
export function parsedOf(bytes: Uint8Array) {
  try {
    return parseItem(decodeLoose(Item, bytes, false))
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
