import type { ErrorCode } from '../../base/codes.ts'
import { ProtocolError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { STIX_PREAMBLE } from '../../formats/stix-companion.ts'
import { stixIdentityId, stixMarkingStatementId } from '../../formats/stix-id.ts'
import { canonicalValue } from '../../indicator/canonical.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import { parseItem } from '../../indicator/item.ts'
import { PAP, papName, tlpOfStixMarking } from '../../indicator/marking.ts'
import type { Store, StoredItem } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import type { ContextGiver } from './feed-context.ts'
import type { PublishRow } from './import-run.ts'

export interface FeedEchoOptions {
  readonly nation: NationId
  /** Of the registry in force, whatever became of them. */
  readonly nations: () => Iterable<NationId>
  readonly store: Pick<Store, 'lookup'>
  readonly contextGiver: ContextGiver
  /** Whatever anybody claims already is an echo. */
  readonly onlyUnknown: boolean
}

export interface Echo {
  readonly code: ErrorCode
  readonly reason: string
}

/**
 * Whether a row says nothing but what the alliance has said: it was made by a member, as our exports name them, or
 * another nation relays the same object of the same source. Two nations that poll each other would else say in turn what
 * the other has said.
 */
export function createFeedEcho({ nation, nations, store, contextGiver, onlyUnknown }: FeedEchoOptions) {
  const members = new Map([...nations()].flatMap(each => idsOf(each).map(id => [id, each] as const)))

  return async function echoOf(row: PublishRow): Promise<Echo | undefined> {
    const author = members.get(row.createdBy ?? '')
    if (author !== undefined) return { code: 'feed-echo', reason: `${author} has said this in the alliance` }
    return row.kind === 'claim' ? echoOfClaim(row.draft) : echoOfContext(row.stixId)
  }

  async function echoOfContext(stixId: string): Promise<Echo | undefined> {
    if (members.has(stixId) || OUR_OBJECTS.has(stixId) || tlpOfStixMarking(stixId) !== undefined) {
      return { code: 'feed-echo', reason: 'every export has this: it says who a member is, or what a marking means' }
    }
    const giver = await contextGiver(stixId)
    if (giver === undefined || giver === nation) return undefined
    return { code: 'feed-echo', reason: `${giver} has given this object to the alliance` }
  }

  async function claimsOn(draft: ClaimDraft): Promise<readonly StoredItem[]> {
    try {
      const { type, value } = canonicalValue(draft.type, draft.value)
      return (await store.lookup(type, value))?.claims ?? []
    } catch (error) {
      // Whoever publishes it is told why it is no value.
      if (error instanceof ProtocolError) return []
      throw error
    }
  }

  async function echoOfClaim(draft: ClaimDraft): Promise<Echo | undefined> {
    const claims = await claimsOn(draft)
    if (onlyUnknown && claims.length > 0) {
      return { code: 'feed-known', reason: `${claims[0]!.nation} claims it already` }
    }
    if (draft.sourceId === undefined) return undefined
    const twin = claims.find(claim => claim.nation !== nation && isOfSource(claim.item, draft))
    if (twin === undefined) return undefined
    return { code: 'feed-echo', reason: `${twin.nation} relays the same object of the same source` }
  }
}

/** Objects that stand in what we export, beside those of nations. */
const OUR_OBJECTS: ReadonlySet<string> = new Set([
  ...STIX_PREAMBLE.map(({ id }) => id),
  ...[PAP.CLEAR, PAP.GREEN, PAP.AMBER, PAP.RED].map(pap => stixMarkingStatementId(papName(pap))),
])

/** As STIX and MISP have it. */
function idsOf(nation: NationId): readonly string[] {
  const id = stixIdentityId(nation)
  return [id, id.slice(id.indexOf('--') + 2)]
}

function isOfSource(bytes: Uint8Array, { source, sourceId }: ClaimDraft): boolean {
  const parsed = parseItem(decodeLoose(Item, bytes, false))
  return parsed.kind === 'indicator' && parsed.claim.sourceId === sourceId && parsed.claim.source === (source ?? '')
}
