import { createHash } from 'node:crypto'
import { EMPTY } from '../base/bytes.ts'
import { ITEM } from '../indicator/item-type.ts'
import { decodeLoose } from '../wire/codec.ts'
import {
  Acknowledgement,
  IncidentReport,
  IndicatorClaim,
  Item,
  Opinion,
  RequestForInformation,
  Sighting,
  StixObject,
  Withdrawal,
} from '../wire/gen/tocsin.ts'

/** What the store must know of an item to file it. The same bytes give the same face, now and when rebuilding. */
export interface ItemFace {
  /** Item.type of the protocol. */
  readonly kind: number
  /** 16 bytes. */
  readonly id: Uint8Array
  /** '' where it is about no indicator. */
  readonly type: string
  readonly value: string
}

const ID_BYTES = 16
/** Longer values are shortened in keys. */
const VALUE_KEY_BYTES_MAX = 200
const VALUE_KEY_PREFIX_BYTES = 160

/** `hash` is the item's: it makes the id of what has none of its own. Throws nothing. */
export function faceOf(item: Uint8Array, hash: Uint8Array): ItemFace {
  const { type: kind, body } = decodeLoose(Item, item, true)
  const { id, type, value } = contentOf(kind, body)
  const own = id.length === ID_BYTES ? id : hash.subarray(0, ID_BYTES)
  return nameable(type) && nameable(value) ? { kind, id: own, type, value } : { kind, id: own, type: '', value: '' }
}

type Content = Pick<ItemFace, 'id' | 'type' | 'value'>

const NOTHING: Content = { id: EMPTY, type: '', value: '' }

function contentOf(kind: number, body: Uint8Array): Content {
  try {
    switch (kind) {
      case ITEM.INDICATOR:
        return decodeLoose(IndicatorClaim, body, true)
      case ITEM.SIGHTING:
        return decodeLoose(Sighting, body, true)
      case ITEM.OPINION:
        return decodeLoose(Opinion, body, true)
      case ITEM.WITHDRAWAL:
        return { ...NOTHING, id: decodeLoose(Withdrawal, body, true).claimId }
      case ITEM.STIX_OBJECT:
        return { ...NOTHING, id: decodeLoose(StixObject, body, true).id }
      case ITEM.INCIDENT:
        return { ...NOTHING, id: decodeLoose(IncidentReport, body, true).id }
      case ITEM.REQUEST:
        return { ...NOTHING, id: decodeLoose(RequestForInformation, body, true).id }
      case ITEM.ACKNOWLEDGEMENT:
        return { ...NOTHING, id: decodeLoose(Acknowledgement, body, true).id }
      default:
        // Versions of one group share its id and must all be kept; of an unknown type nothing is known.
        return NOTHING
    }
  } catch {
    return NOTHING
  }
}

function nameable(text: string): boolean {
  return text !== '' && !text.includes('\0')
}

/** The key part that stands for an indicator: `type \0 value \0`; 0xff, which no text holds, marks a shortened value. */
export function subjectOf(type: string, value: string): Uint8Array {
  if (type === '') return EMPTY
  const bytes = Buffer.from(`${type}\0${value}\0`, 'utf8')
  const valueStart = bytes.indexOf(0) + 1
  if (bytes.length - valueStart - 1 <= VALUE_KEY_BYTES_MAX) return bytes
  const hash = createHash('sha256').update(bytes.subarray(valueStart, -1)).digest()
  return Buffer.concat([
    bytes.subarray(0, valueStart + VALUE_KEY_PREFIX_BYTES),
    Buffer.from([0xff]),
    hash,
    Buffer.from([0]),
  ])
}
