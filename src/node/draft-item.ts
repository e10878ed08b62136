import { EMPTY, u8, utf8 } from '../base/bytes.ts'
import { ProtocolError, UserError } from '../base/errors.ts'
import { labelledHash } from '../base/hash.ts'
import { CONTENT_BYTES_MAX } from '../crypto/padding.ts'
import { advise } from '../indicator/advice.ts'
import { buildClaim, type ClaimContext, encodeClaimItem } from '../indicator/claim.ts'
import { parseItem } from '../indicator/item.ts'
import { ITEM } from '../indicator/item-type.ts'
import { encodeMarking, isTlp, PAP } from '../indicator/marking.ts'
import { encode } from '../wire/codec.ts'
import { Item, StixObject } from '../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX } from '../wire/limits.ts'
import { decodeStrict } from '../wire/strict.ts'
import type { PublishItem } from './node-service.ts'

/** What is to be published, as an item with a content-derived id: the same draft gives the same item. */
export interface DraftItem {
  readonly item: Item
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly tlp: number
  readonly warnings: readonly string[]
}

/** Throws a TocsinError with the reason for which the draft is refused. */
export function buildDraftItem(draft: PublishItem, context: ClaimContext): DraftItem {
  return draft.kind === 'claim' ? claimItem(draft.draft, context) : contextItem(draft, context)
}

function claimItem(draft: Extract<PublishItem, { kind: 'claim' }>['draft'], context: ClaimContext): DraftItem {
  const claim = buildClaim(draft, context)
  const warnings: string[] = []
  for (const advice of advise(claim)) {
    if (advice.severity === 'refuse') throw new UserError(advice.code, advice.message)
    warnings.push(advice.message)
  }
  return { item: encodeClaimItem(claim), id: claim.id, tlp: claim.marking?.tlp ?? context.defaultTlp, warnings }
}

/** A STIX object that travels whole, for context. */
function contextItem(draft: Extract<PublishItem, { kind: 'context' }>, context: ClaimContext): DraftItem {
  const tlp = draft.tlp ?? context.defaultTlp
  if (!isTlp(tlp)) throw new UserError('marking-invalid', `TLP level ${tlp}; it goes from 1 to 5`)
  const marking = encodeMarking({ tlp, pap: PAP.UNSET, exercise: false })
  const content = encode(StixObject, { id: EMPTY, marking, json: draft.json })
  const nation = utf8(context.nation)
  const assertion = u8(context.assertion)
  const id = labelledHash('tocsin/object/v1', context.allianceId, u8(nation.length), nation, assertion, content).slice(
    0,
    16,
  )
  const body = encode(StixObject, { id, marking, json: draft.json })
  if (body.length + ITEM_FRAME_BYTES_MAX > CONTENT_BYTES_MAX) {
    throw new UserError('content-too-large', `the object takes ${body.length} bytes and fits into no message`)
  }
  return { item: { type: ITEM.STIX_OBJECT, body }, id, tlp, warnings: [] }
}

/** Tag and length of an item in its batch. */
const ITEM_FRAME_BYTES_MAX = 8

/** Undefined where it is none of this program's, though another version may have written it. */
export function parseDraftItem(bytes: Uint8Array): DraftItem | undefined {
  try {
    const item = decodeStrict(Item, bytes, BODY_BYTES_MAX)
    const parsed = parseItem(item)
    if (parsed.kind === 'indicator') return { item, id: parsed.claim.id, tlp: parsed.marking.tlp, warnings: [] }
    if (parsed.kind === 'stix-object') return { item, id: parsed.object.id, tlp: parsed.marking.tlp, warnings: [] }
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
