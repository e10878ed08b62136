import { fromHex } from '../../base/bytes.ts'
import { ProtocolError, UserError } from '../../base/errors.ts'
import { advise } from '../../indicator/advice.ts'
import type { TypedValue } from '../../indicator/canonical.ts'
import { buildClaim, type ClaimContext, encodeClaimItem } from '../../indicator/claim.ts'
import { itemHash, parseItem } from '../../indicator/item.ts'
import { ITEM } from '../../indicator/item-type.ts'
import { isTlp, PAP } from '../../indicator/marking.ts'
import { buildOpinion, buildSighting, buildWithdrawal, type OpinionDraft } from '../../indicator/remark.ts'
import { buildStixItem } from '../../indicator/stix-object.ts'
import { encode } from '../../wire/codec.ts'
import { GroupDoc, Item } from '../../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX } from '../../wire/limits.ts'
import { decodeStrict } from '../../wire/strict.ts'
import type { GroupText, PublishItem } from '../orders/node-service.ts'

const ITEM_ID_BYTES = 16

/** What is to be published, as an item with a content-derived id: the same draft gives the same item. */
export interface DraftItem {
  readonly item: Item
  /** 16 bytes. */
  readonly id: Uint8Array
  /** 0: unmarked. */
  readonly tlp: number
  readonly warnings: readonly string[]
  /** What a claim is about; undefined for everything else. */
  readonly subject?: TypedValue
}

/** Throws a TocsinError with the reason for which the draft is refused. */
export function buildDraftItem(draft: PublishItem, context: ClaimContext): DraftItem {
  switch (draft.kind) {
    case 'claim':
      return claimItem(draft.draft, context)
    case 'context':
      return contextItem(draft, context)
    case 'group':
      return draftOf({ type: ITEM.GROUP, body: encode(GroupDoc, groupDocOf(draft)) })
    case 'sighting':
      return { ...buildSighting(draft.draft, context), warnings: [] }
    case 'opinion':
      return { ...buildOpinion(opinionDraft(draft), context), warnings: [] }
    case 'withdrawal':
      return draftOf(buildWithdrawal(fromHex(draft.id), draft.reason))
  }
}

/** Throws where a field is not hex. */
export function groupDocOf({ id, version, prevHash, name, members, maxTlp }: GroupText): GroupDoc {
  return { id: fromHex(id), version, prevHash: fromHex(prevHash), name, members: [...members], maxTlp }
}

function opinionDraft({ draft }: Extract<PublishItem, { kind: 'opinion' }>): OpinionDraft {
  const { claim, ...said } = draft
  return claim === undefined ? said : { ...said, claimId: fromHex(claim) }
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
  const { item, id } = buildStixItem(draft.json, { tlp, pap: PAP.UNSET, exercise: false }, context)
  return { item, id, tlp, warnings: [] }
}

/** An item that was made here, with its id and marking. Throws ProtocolError `item-malformed` where it is of another kind. */
export function draftOf(item: Item): DraftItem {
  const parsed = parseItem(item)
  if (parsed.kind === 'indicator') {
    const { type, value } = parsed
    return { item, id: parsed.claim.id, tlp: parsed.marking.tlp, warnings: [], subject: { type, value } }
  }
  if (parsed.kind === 'stix-object') return { item, id: parsed.object.id, tlp: parsed.marking.tlp, warnings: [] }
  if (parsed.kind === 'sighting') return { item, id: parsed.sighting.id, tlp: parsed.marking.tlp, warnings: [] }
  if (parsed.kind === 'opinion') return { item, id: parsed.opinion.id, tlp: parsed.marking.tlp, warnings: [] }
  if (parsed.kind === 'withdrawal') return { item, id: parsed.withdrawal.claimId, tlp: 0, warnings: [] }
  // a version of a group has no id of its own
  if (parsed.kind === 'group') return { item, id: itemHash(item).slice(0, ITEM_ID_BYTES), tlp: 0, warnings: [] }
  throw new ProtocolError('item-malformed', `items of the kind ${parsed.kind} are not published`)
}

/** Undefined where it is none of this program's, though another version may have written it. */
export function parseDraftItem(bytes: Uint8Array): DraftItem | undefined {
  try {
    return draftOf(decodeStrict(Item, bytes, BODY_BYTES_MAX))
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
