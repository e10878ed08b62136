import type { ErrorCode } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import { stixIdentityId } from '../formats/stix-id.ts'
import { canonicalValue } from '../indicator/canonical.ts'
import type { ClaimDraft } from '../indicator/claim.ts'
import { parseItem } from '../indicator/item.ts'
import type { Store, StoredItem } from '../store/store.ts'
import { decodeLoose } from '../wire/codec.ts'
import { Item } from '../wire/gen/tocsin.ts'
import type { PublishRow } from './import-run.ts'

export interface FeedEchoOptions {
  readonly nation: NationId
  /** Of the registry in force, whatever became of them. */
  readonly nations: () => Iterable<NationId>
  readonly store: Pick<Store, 'lookup'>
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
export function createFeedEcho({ nation, nations, store, onlyUnknown }: FeedEchoOptions) {
  const members = new Map([...nations()].flatMap(each => idsOf(each).map(id => [id, each] as const)))

  return async function echoOf(row: PublishRow): Promise<Echo | undefined> {
    const author = members.get(row.createdBy ?? '') ?? (row.kind === 'context' ? members.get(row.stixId) : undefined)
    if (author !== undefined) return { code: 'feed-echo', reason: `${author} has said this in the alliance` }
    return row.kind === 'claim' ? echoOfClaim(row.draft) : undefined
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

/** As STIX and MISP have it. */
function idsOf(nation: NationId): readonly string[] {
  const id = stixIdentityId(nation)
  return [id, id.slice(id.indexOf('--') + 2)]
}

function isOfSource(bytes: Uint8Array, { source, sourceId }: ClaimDraft): boolean {
  const parsed = parseItem(decodeLoose(Item, bytes, false))
  return parsed.kind === 'indicator' && parsed.claim.sourceId === sourceId && parsed.claim.source === (source ?? '')
}
