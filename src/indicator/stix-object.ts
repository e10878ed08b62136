import { EMPTY, u8, utf8 } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { labelledHash } from '../base/hash.ts'
import { CONTENT_BYTES_MAX } from '../crypto/padding.ts'
import { encode } from '../wire/codec.ts'
import { type Item, StixObject } from '../wire/gen/tocsin.ts'
import type { ClaimContext } from './claim.ts'
import { ITEM } from './item-type.ts'
import { encodeMarking, type MarkingFields } from './marking.ts'

const ID_BYTES = 16
/** Tag and length of an item in its batch. */
const ITEM_FRAME_BYTES_MAX = 8

export interface StixItem {
  readonly item: Item
  /** 16 bytes. */
  readonly id: Uint8Array
}

/**
 * A STIX object that travels whole, for context. The id is a hash of nation, assertion and content, as that of a claim.
 * Throws UserError `content-too-large`.
 */
export function buildStixItem(
  json: string,
  marking: MarkingFields,
  { allianceId, nation, assertion }: Pick<ClaimContext, 'allianceId' | 'nation' | 'assertion'>,
): StixItem {
  const object = { id: EMPTY, marking: encodeMarking(marking), json }
  const name = utf8(nation)
  const content = encode(StixObject, object)
  const hash = labelledHash('tocsin/object/v1', allianceId, u8(name.length), name, u8(assertion), content)
  const id = hash.slice(0, ID_BYTES)
  const body = encode(StixObject, { ...object, id })
  if (body.length + ITEM_FRAME_BYTES_MAX > CONTENT_BYTES_MAX) {
    throw new UserError('content-too-large', `the object takes ${body.length} bytes and fits into no message`)
  }
  return { item: { type: ITEM.STIX_OBJECT, body }, id }
}
