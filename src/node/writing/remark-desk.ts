import { equalBytes, fromHex } from '../../base/bytes.ts'
import { ProtocolError, UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { canonicalValue } from '../../indicator/canonical.ts'
import { parseItem } from '../../indicator/item.ts'
import { ITEM } from '../../indicator/item-type.ts'
import type { MarkingFields, Tlp } from '../../indicator/marking.ts'
import { ALLIANCE, type AudienceName, decodeAudienceName, encodeAudienceName } from '../../policy/audience-name.ts'
import type { CarryingEntry, Store, StoredItem } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import type { PublishedReaders } from '../opening/published-readers.ts'
import type { AudienceText, PublishItem } from '../orders/node-service.ts'
import type { AudienceDesk } from '../rules/audience-desk.ts'

/** What is said of indicators and claims that are held here. */
export type Remark = Extract<PublishItem, { kind: 'sighting' | 'opinion' | 'withdrawal' }>

export interface PreparedRemark {
  readonly item: Remark
  readonly audience: AudienceName
}

export interface RemarkDeskOptions {
  readonly nation: NationId
  /** Of what comes without a marking. */
  readonly defaultTlp: Tlp
  readonly store: Pick<Store, 'itemsOfId' | 'lookup'>
  readonly audiences: Pick<AudienceDesk, 'nameOf' | 'resolve'>
  readonly published: Pick<PublishedReaders, 'of'>
}

/**
 * Says of remarks what their authors left out. A remark on what others claim names a value that is theirs: it goes to
 * nobody who did not get one of their claims, and is marked no lower. A withdrawal goes to all that got what it takes back.
 */
export function createRemarkDesk({ nation, defaultTlp, store, audiences, published }: RemarkDeskOptions) {
  async function onValue(item: Exclude<Remark, { kind: 'withdrawal' }>): Promise<PreparedRemark> {
    const { type, value } = canonicalValue(item.draft.type, item.draft.value)
    const claims = ((await store.lookup(type, value))?.claims ?? []).map(claim => ({
      ...claim,
      marking: markingOf(claim),
    }))
    if (claims.length === 0) {
      throw new UserError('remark-no-claim', 'nobody claims anything of this value here')
    }
    if (item.kind === 'opinion') assertClaim(item, claims)
    const audience = await audienceFor(item.audience)
    const reached = claims.filter(claim => claim.nation === nation || reaches(claim, audience))
    if (reached.length === 0) {
      throw new UserError('remark-too-wide', 'nobody claims this value to everybody that this would go to')
    }
    const own = reached.some(claim => claim.nation === nation)
    const least = own ? 0 : Math.min(...reached.map(({ marking }) => marking.tlp))
    const tlp = item.draft.marking?.tlp ?? (Math.max(defaultTlp, least) as Tlp)
    if (tlp < least) throw new UserError('remark-below-marking', 'it is marked lower than the claims on its value')
    const exercise = item.draft.marking?.exercise ?? claims.every(({ marking }) => marking.exercise)
    return { item: withMarking(item, { ...item.draft.marking, tlp, exercise }), audience }
  }

  function assertClaim({ draft }: Extract<Remark, { kind: 'opinion' }>, claims: readonly StoredItem[]): void {
    if (draft.nation === nation) {
      throw new UserError('remark-own-claim', 'this is a claim of our own')
    }
    if (draft.nation === undefined && draft.claim === undefined) return
    const isOf = (claim: StoredItem) =>
      claim.nation === draft.nation && draft.claim !== undefined && equalBytes(claim.id, fromHex(draft.claim))
    if (!claims.some(isOf)) throw new UserError('remark-no-claim', 'no such claim on this value is held here')
  }

  /** Whether everybody that can read what goes to `audience` could read the claim. */
  function reaches(claim: StoredItem, audience: AudienceName): boolean {
    const names = claim.entries.map(nameOf)
    if (names.some(name => name?.kind === 'alliance')) return true
    const got = new Set<NationId>([
      nation,
      claim.nation,
      ...names.flatMap(name => (name === undefined ? [] : readersOf(name))),
    ])
    return audience.kind !== 'alliance' && readersOf(audience).every(reader => got.has(reader))
  }

  function readersOf(name: AudienceName): readonly NationId[] {
    if (name.kind === 'nations') return name.nations
    const resolution = audiences.resolve(name, 0)
    return resolution.kind === 'refused' ? [] : resolution.audience.recipients.map(recipient => recipient.nation)
  }

  async function withdrawing(item: Extract<Remark, { kind: 'withdrawal' }>): Promise<PreparedRemark> {
    const all = await audienceFor({ of: item.id })
    return { item, audience: item.audience === undefined ? all : await audienceFor(item.audience) }
  }

  /** Throws UserError `remark-no-claim` where it is to be that of what was never said. */
  async function audienceFor(text: AudienceText | undefined): Promise<AudienceName> {
    if (text === undefined || !('of' in text)) return audiences.nameOf(text)
    const said = await store.itemsOfId({ nation, id: fromHex(text.of) })
    if (said.length === 0) throw new UserError('remark-no-claim', 'this nation has said nothing under this id')
    return audienceOf(said.flatMap(({ entries }) => entries))
  }

  /** All that got what these entries carry, as far as they are still readers of anything. */
  async function audienceOf(entries: readonly CarryingEntry[]): Promise<AudienceName> {
    const names = entries.map(nameOf)
    if (names.some(name => name === undefined || name.kind === 'alliance')) return ALLIANCE
    const got = await published.of(entries)
    const [first] = names
    const isOne = names.every(name => equalBytes(encodeAudienceName(name!), encodeAudienceName(first!)))
    if (isOne && [...got].every(reader => reader === nation || readersOf(first!).includes(reader))) return first!
    const reading = new Set(readersOf(ALLIANCE))
    const nations = [...got, ...names.flatMap(name => readersOf(name!))].filter(reader => reading.has(reader))
    return audiences.nameOf({ to: [...new Set([nation, ...nations])] })
  }

  return {
    audienceFor,
    /** Throws UserError or ProtocolError where it may not be said. */
    prepare: (item: Remark): Promise<PreparedRemark> =>
      item.kind === 'withdrawal' ? withdrawing(item) : onValue(item),
  }
}

export function isRemark(item: PublishItem): item is Remark {
  return item.kind === 'sighting' || item.kind === 'opinion' || item.kind === 'withdrawal'
}

/**
 * The entries that carry what is to be said already: a claim and its withdrawal share an id, and withdrawals with other
 * reasons are others.
 */
export function entriesSaying(item: Item, shown: readonly StoredItem[]): readonly CarryingEntry[] {
  const same = shown.filter(
    other => other.kind === item.type && (item.type !== ITEM.WITHDRAWAL || equalBytes(bodyOf(other), item.body)),
  )
  return same.flatMap(({ entries }) => entries)
}

function bodyOf({ item }: StoredItem): Uint8Array {
  return decodeLoose(Item, item, false).body
}

function withMarking<R extends Exclude<Remark, { kind: 'withdrawal' }>>(
  item: R,
  marking: R['draft']['marking'] & {},
): R {
  return { ...item, draft: { ...item.draft, marking } }
}

/** Undefined for what is narrower than the alliance, and does not tell how. */
function nameOf({ audience }: CarryingEntry): AudienceName | undefined {
  if (audience.length === 0) return ALLIANCE
  try {
    return decodeAudienceName(audience)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function markingOf({ item }: StoredItem): MarkingFields {
  const parsed = parseItem(decodeLoose(Item, item, false))
  if (parsed.kind !== 'indicator') throw new TypeError('the view holds a claim that is none')
  return parsed.marking
}
