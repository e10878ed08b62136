import { EMPTY, fromUtf8 } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { TypedValue } from '../indicator/canonical.ts'
import { type ParsedItem, parseItem } from '../indicator/item.ts'
import { decodeLoose } from '../wire/codec.ts'
import { Item } from '../wire/gen/tocsin.ts'

/** What the store files an item by: worked out once, when it comes, and kept with it. */
export interface ItemFace {
  /** Item.type of the protocol. */
  readonly kind: number
  /** 16 bytes. */
  readonly id: Uint8Array
  /** The indicator that it is about, as keys have it (`subjectOf`); empty where it is about none. */
  readonly subject: Uint8Array
  /** Its content is malformed: kept, and shown nowhere. */
  readonly void: boolean
}

export interface VoidContent {
  readonly code: ErrorCode
  readonly reason: string
}

const ID_BYTES = 16

/** `hash` is the item's, and makes the id of what has none of its own. */
export function readFace(
  bytes: Uint8Array,
  hash: Uint8Array,
): { readonly face: ItemFace; readonly fault?: VoidContent } {
  const item = decodeLoose(Item, bytes, false)
  const ownId = hash.slice(0, ID_BYTES)
  try {
    const parsed = parseItem(item)
    const subject = 'value' in parsed ? subjectOf(parsed) : EMPTY
    return { face: { kind: item.type, id: idOf(parsed) ?? ownId, subject, void: false } }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    const face = { kind: item.type, id: ownId, subject: EMPTY, void: true }
    return { face, fault: { code: error.code, reason: error.message } }
  }
}

/**
 * The id that a withdrawal can name. Versions of a group share an id and must all be kept, and of an unknown
 * type nothing is known: these go by their hash.
 */
function idOf(item: ParsedItem): Uint8Array | undefined {
  switch (item.kind) {
    case 'indicator':
      return item.claim.id
    case 'sighting':
      return item.sighting.id
    case 'withdrawal':
      return item.withdrawal.claimId
    case 'opinion':
      return item.opinion.id
    case 'stix-object':
      return item.object.id
    case 'incident':
      return item.report.id
    case 'request':
      return item.request.id
    case 'acknowledgement':
      return item.acknowledgement.id
    case 'group':
    case 'unknown':
      return undefined
  }
}

/** The key part that stands for an indicator: `type \0 value \0`. No text of either holds a zero byte. */
export function subjectOf({ type, value }: TypedValue): Uint8Array {
  return Buffer.from(`${type}\0${value}\0`, 'utf8')
}

/** '' for both where the subject is empty. */
export function typedValueOf(subject: Uint8Array): TypedValue {
  const [type = '', value = ''] = fromUtf8(subject).split('\0')
  return { type, value }
}
