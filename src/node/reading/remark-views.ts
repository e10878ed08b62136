import { fromHex, toHex } from '../../base/bytes.ts'
import type { NationId } from '../../base/ids.ts'
import type { ExportedOpinion, ExportedSighting } from '../../formats/exported.ts'
import { claimKey } from '../../indicator/assertion.ts'
import { type ParsedItem, parseItem } from '../../indicator/item.ts'
import { tlpName } from '../../indicator/marking.ts'
import { continuationOf, opinionName } from '../../indicator/remark.ts'
import type { Evidence, Judged, Sighted } from '../../indicator/score.ts'
import type { StoredIndicator, StoredItem, WithdrawnClaim } from '../../store/store.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX } from '../../wire/limits.ts'
import { decodeStrict } from '../../wire/strict.ts'
import type { ClaimView, WithdrawnView } from './indicator-reading.ts'

/**
 * What is said of an indicator beside claims. An opinion on a claim that whoever reads does not see is left out; one on a
 * claim that another took the place of is on that one.
 */
export function remarksOn(stored: StoredIndicator): Pick<Evidence, 'sightings' | 'opinions'> {
  const sightings: Sighted[] = []
  const opinions: Judged[] = []
  const claims = new Set(stored.claims.map(({ nation, id }) => claimKey(nation, id)))
  const followed = continuations(stored.withdrawn)
  for (const item of stored.remarks) {
    const { nation, timeMs } = item
    const parsed = parsedOf(item)
    if (parsed.kind === 'sighting')
      sightings.push({ nation, timeMs, sighting: parsed.sighting, tlp: parsed.marking.tlp })
    if (parsed.kind !== 'opinion') continue
    const { opinion, marking } = parsed
    const about = claimKey(opinion.nation as NationId, opinion.claimId)
    const now = followed(about)
    if (opinion.claimId.length > 0 && !claims.has(now)) continue
    const claimId = now === about ? opinion.claimId : fromHex(now.slice(now.indexOf('/') + 1))
    opinions.push({ nation, timeMs, opinion: { ...opinion, claimId }, tlp: marking.tlp })
  }
  return { sightings, opinions }
}

/** Which claim has taken the place of which, to the last. */
function continuations(withdrawn: readonly WithdrawnClaim[]): (key: string) => string {
  const next = new Map<string, string>()
  for (const { claim, withdrawal } of withdrawn) {
    const id = continuationOf(reasonOf(withdrawal))
    if (id !== undefined) next.set(claimKey(claim.nation, claim.id), `${claim.nation}/${id}`)
  }
  return key => {
    let last = key
    for (let steps = next.size; steps > 0; steps--) last = next.get(last) ?? last
    return last
  }
}

export function sightingView({ nation, timeMs, tlp, sighting }: Sighted): ExportedSighting {
  const { id, count, firstSeenMs, lastSeenMs, source } = sighting
  return { id: toHex(id), nation, tlp: tlpName(tlp), count, firstSeenMs, lastSeenMs, source, publishedMs: timeMs }
}

export function opinionView({ nation, timeMs, tlp, opinion }: Judged): ExportedOpinion {
  const { id, claimId, comment } = opinion
  const about = claimId.length === 0 ? '' : claimKey(opinion.nation as NationId, claimId)
  const kind = opinionName(opinion.opinion) ?? 'agree'
  return { id: toHex(id), nation, tlp: tlpName(tlp), opinion: kind, about, comment, publishedMs: timeMs }
}

export function withdrawnView(
  { claim, withdrawal }: WithdrawnClaim,
  viewOfClaim: (item: StoredItem) => ClaimView,
): WithdrawnView {
  const reason = reasonOf(withdrawal)
  const continuedAs = continuationOf(reason) ?? ''
  return { claim: viewOfClaim(claim), withdrawnMs: withdrawal?.timeMs ?? 0, reason, continuedAs }
}

function reasonOf(withdrawal: StoredItem | undefined): string {
  const parsed = withdrawal && parsedOf(withdrawal)
  return parsed?.kind === 'withdrawal' ? parsed.withdrawal.reason : ''
}

function parsedOf({ item }: StoredItem): ParsedItem {
  return parseItem(decodeStrict(Item, item, BODY_BYTES_MAX))
}
