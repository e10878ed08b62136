import { equalBytes } from '../../base/bytes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import type { AllianceId, NationId } from '../../base/ids.ts'
import { ITEM } from '../../indicator/item-type.ts'
import type { Tlp } from '../../indicator/marking.ts'
import { type AudienceName, encodeAudienceName } from '../../policy/audience-name.ts'
import { ruleText } from '../../policy/guard-policy.ts'
import { hitText, isBlocked, type WarningHit } from '../../policy/warninglists.ts'
import type { Store } from '../../store/store.ts'
import type { PublishedReaders } from '../opening/published-readers.ts'
import type { PublishItem } from '../orders/node-service.ts'
import type { AudienceDesk } from '../rules/audience-desk.ts'
import { buildDraftItem, type DraftItem, groupDocOf } from '../rules/draft-item.ts'
import type { Departure, ReleaseDesk, Ruling } from '../rules/release-desk.ts'
import type { Submitter } from '../rules/submission.ts'
import type { WarningBook } from '../rules/warning-book.ts'
import { createRemarkDesk, entriesSaying, isRemark } from './remark-desk.ts'

/** What becomes of a draft; `known`: it was published, or is on its way. */
export type Judged =
  | (Ruling & { readonly warnings: readonly string[]; readonly hits: readonly WarningHit[] })
  | { readonly kind: 'known'; readonly departure: Departure }

export interface AdmissionOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  /** Of what comes without a marking. */
  readonly defaultTlp: Tlp
  readonly store: Pick<Store, 'itemsOfId' | 'lookup'>
  readonly desk: Pick<ReleaseDesk, 'decide'>
  readonly audiences: Pick<AudienceDesk, 'nameOf' | 'assertNextGroup' | 'resolve'>
  readonly published: PublishedReaders
  readonly warnings: Pick<WarningBook, 'check'>
  /** To this audience. */
  isOnItsWay(departure: Departure): boolean
}

/** Contents that were withdrawn and asserted again more often than this are refused. */
const ASSERTIONS_MAX = 64

/** Judges drafts by their own content and by the rules of the nation. */
export function createAdmission({
  allianceId,
  nation,
  defaultTlp,
  store,
  desk,
  audiences,
  published,
  warnings,
  isOnItsWay,
}: AdmissionOptions) {
  const remarks = createRemarkDesk({ nation, defaultTlp, store, audiences, published })

  /** The draft under the first id that was not withdrawn; the id is that of the item as it leaves. */
  async function firstFreeAssertion(said: PublishItem, submitter: Submitter | undefined): Promise<Judged> {
    const { item, audience: name } = isRemark(said)
      ? await remarks.prepare(said)
      : { item: said, audience: await nameOf(said) }
    const audience = encodeAudienceName(name)
    for (let assertion = 0; assertion < ASSERTIONS_MAX; assertion++) {
      const draft = buildDraftItem(item, { allianceId, nation, defaultTlp, assertion })
      const submission = { item: draft.item, assertion, audience, submitter, approval: undefined }
      const ruling = desk.decide(submission, true)
      if (ruling.kind === 'refused') return { ...ruling, warnings: [], hits: [] }
      const { id } = ruling.departure.leaving
      const known = { kind: 'known', departure: ruling.departure } as const
      if (isOnItsWay(ruling.departure)) return known
      const shown = await store.itemsOfId({ nation, id })
      if (item.kind !== 'withdrawal' && shown.some(other => other.kind === ITEM.WITHDRAWAL)) continue
      const entries = entriesSaying(ruling.departure.leaving.item, shown)
      // Others may have got it, and not these: it is the same item, in one more entry.
      if (await published.reach(entries, ruling.audience)) return known
      return warnedOf(draft, ruling, item.kind === 'claim' && item.force === true)
    }
    throw new UserError('publish-too-often', `this content was withdrawn ${ASSERTIONS_MAX} times`)
  }

  /** What is on a warninglist as it would leave: a list that blocks refuses it, unless somebody insists. */
  function warnedOf(draft: DraftItem, ruling: Exclude<Ruling, { kind: 'refused' }>, isForced: boolean): Judged {
    const { subject } = ruling.departure.leaving
    const hits = subject === undefined ? [] : warnings.check(subject)
    const told = hits.map(hit => hitText(subject?.value ?? '', hit))
    if (isBlocked(hits) && !isForced) {
      const reason = told.filter((_, index) => hits[index]?.action === 'block').join('; ')
      return { kind: 'refused', code: 'warninglist-blocked', reason, decision: ruling.decision, warnings: [], hits }
    }
    return { ...ruling, warnings: [...draft.warnings, ...told, ...changesOf(draft, ruling)], hits }
  }

  /** A version of a group goes to the members that it names. */
  async function nameOf(item: PublishItem): Promise<AudienceName> {
    if (item.kind !== 'group') return remarks.audienceFor(item.audience)
    const doc = groupDocOf(item)
    audiences.assertNextGroup(doc)
    return { kind: 'group', owner: nation, id: doc.id }
  }

  return {
    async judge(item: PublishItem, submitter: Submitter | undefined): Promise<Judged> {
      try {
        return await firstFreeAssertion(item, submitter)
      } catch (error) {
        if (!(error instanceof TocsinError && isDraftFault(error))) throw error
        return { kind: 'refused', code: error.code, reason: error.message, decision: undefined, warnings: [], hits: [] }
      }
    },
  }
}

/** Who publishes is told that what leaves is not what they said. */
function changesOf(
  { item }: DraftItem,
  { departure, decision }: Exclude<Ruling, { kind: 'refused' }>,
): readonly string[] {
  const { body } = departure.leaving.item
  if (equalBytes(body, item.body)) return []
  return [`it leaves changed by ${decision.changedBy.map(ruleText).join(', ')}`]
}

/** The draft's own fault, as against that of the machine or of the state of things. */
function isDraftFault(error: TocsinError): boolean {
  return error.name === 'ProtocolError' || error.name === 'UserError'
}
