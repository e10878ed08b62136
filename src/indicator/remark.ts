import { EMPTY, u8, utf8 } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { labelledHash } from '../base/hash.ts'
import { encode } from '../wire/codec.ts'
import { type Item, Opinion, Sighting, Withdrawal } from '../wire/gen/tocsin.ts'
import { SHORT_TEXT_LENGTH_MAX, TEXT_LENGTH_MAX } from '../wire/limits.ts'
import { canonicalValue } from './canonical.ts'
import type { ClaimContext } from './claim.ts'
import { ITEM } from './item-type.ts'
import { encodeMarking, PAP, type Pap, type Tlp } from './marking.ts'
import { cleanLine, cleanText } from './text.ts'

/** What a nation says of indicators beside claims: that it saw one, what it thinks of one, and that it takes a claim back. */
interface RemarkDraft {
  readonly type: string
  /** In any spelling. */
  readonly value: string
  readonly marking?: { readonly tlp?: Tlp; readonly pap?: Pap; readonly exercise?: boolean }
}

export interface SightingDraft extends RemarkDraft {
  /** 1 where it is left out. */
  readonly count?: number
  readonly firstSeenMs?: number
  readonly lastSeenMs?: number
  /** By what it was seen. */
  readonly source?: string
}

/** The number of each is what stands on the wire. */
export const OPINION = { agree: 1, 'false-positive': 2, expired: 3 } as const
export type OpinionKind = keyof typeof OPINION
export const OPINION_KINDS = Object.keys(OPINION) as readonly OpinionKind[]

export function opinionName(opinion: number): OpinionKind | undefined {
  return OPINION_KINDS.find(name => OPINION[name] === opinion)
}

export interface OpinionDraft extends RemarkDraft {
  readonly opinion: OpinionKind
  /** The claim that it is about; where both are left out, the indicator as such. */
  readonly nation?: string
  readonly claimId?: Uint8Array
  readonly comment?: string
}

export interface RemarkItem {
  readonly item: Item
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly tlp: Tlp
}

const ID_BYTES = 16

/** The same draft gives the same sighting. Throws ProtocolError `indicator-invalid`, `indicator-type` or `claim-invalid`. */
export function buildSighting(draft: SightingDraft, context: ClaimContext): RemarkItem {
  const { type, value } = canonicalValue(draft.type, draft.value)
  const lastSeenMs = draft.lastSeenMs ?? draft.firstSeenMs ?? 0
  const firstSeenMs = draft.firstSeenMs ?? lastSeenMs
  if (lastSeenMs < firstSeenMs) throw new ProtocolError('claim-invalid', 'last seen is before first seen')
  const content: Sighting = {
    id: EMPTY,
    type,
    value,
    marking: markingOf(draft, context),
    count: draft.count ?? 1,
    firstSeenMs,
    lastSeenMs,
    source: cleanLine(draft.source ?? '', SHORT_TEXT_LENGTH_MAX),
  }
  return { ...identifySighting(content, context), tlp: tlpOf(draft, context) }
}

/** The same draft gives the same opinion. Throws as `buildSighting` does. */
export function buildOpinion(draft: OpinionDraft, context: ClaimContext): RemarkItem {
  const { type, value } = canonicalValue(draft.type, draft.value)
  const content: Opinion = {
    id: EMPTY,
    type,
    value,
    nation: draft.nation ?? '',
    claimId: draft.claimId ?? EMPTY,
    marking: markingOf(draft, context),
    opinion: OPINION[draft.opinion],
    comment: cleanText(draft.comment ?? '', TEXT_LENGTH_MAX),
  }
  return { ...identifyOpinion(content, context), tlp: tlpOf(draft, context) }
}

/** takes back what the own nation says under this id, for ever. It has no marking, and goes to whom that went. */
export function buildWithdrawal(id: Uint8Array, reason: string): Item {
  return {
    type: ITEM.WITHDRAWAL,
    body: encode(Withdrawal, { claimId: id, reason: cleanText(reason, TEXT_LENGTH_MAX) }),
  }
}

/** With the id that follows from what it says. */
export function identifySighting(sighting: Sighting, context: IdContext): Omit<RemarkItem, 'tlp'> {
  const id = idOf('tocsin/sighting/v1', encode(Sighting, { ...sighting, id: EMPTY }), context)
  return { item: { type: ITEM.SIGHTING, body: encode(Sighting, { ...sighting, id }) }, id }
}

export function identifyOpinion(opinion: Opinion, context: IdContext): Omit<RemarkItem, 'tlp'> {
  const id = idOf('tocsin/opinion/v1', encode(Opinion, { ...opinion, id: EMPTY }), context)
  return { item: { type: ITEM.OPINION, body: encode(Opinion, { ...opinion, id }) }, id }
}

/** `assertion`: how often the same was said before and withdrawn. */
type IdContext = Pick<ClaimContext, 'allianceId' | 'nation' | 'assertion'>

/** `SHA256(label "\0" || alliance_id || u8 length || nation || u8 assertion || content with empty id)`, 16 bytes. */
function idOf(label: string, content: Uint8Array, { allianceId, nation, assertion }: IdContext): Uint8Array {
  const name = utf8(nation)
  return labelledHash(label, allianceId, u8(name.length), name, u8(assertion), content).slice(0, ID_BYTES)
}

function tlpOf({ marking }: RemarkDraft, { defaultTlp }: ClaimContext): Tlp {
  return marking?.tlp ?? defaultTlp
}

function markingOf(draft: RemarkDraft, context: ClaimContext) {
  const { pap = PAP.UNSET, exercise = false } = draft.marking ?? {}
  return encodeMarking({ tlp: tlpOf(draft, context), pap, exercise })
}

const CONTINUED = /^continued as ([0-9a-f]{32})(?:$|[.,:; ])/

/** The reason of a withdrawal whose claim another one takes the place of; `id` in hex. */
export function continuedAs(id: string, why: string): string {
  return why === '' ? `continued as ${id}` : `continued as ${id}: ${why}`
}

/** Which claim of the same nation takes the place of the one withdrawn, hex; undefined where none does. */
export function continuationOf(reason: string): string | undefined {
  return CONTINUED.exec(reason)?.[1]
}
