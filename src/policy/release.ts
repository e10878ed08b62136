import type { ErrorCode } from '../base/codes.ts'
import { isTlp, tlpName } from '../indicator/marking.ts'
import type { Recipient } from '../registry/audience.ts'
import { listOf } from '../registry/phrase.ts'
import type { Item } from '../wire/gen/tocsin.ts'

/** Who is to read: for now the whole alliance, which is every member with the role RECEIVE. */
export interface Audience {
  readonly kind: 'alliance'
  readonly recipients: readonly Recipient[]
}

declare const released: unique symbol

/** An item that may leave, to this audience. Only `checkRelease` makes one, and sealing takes nothing else. */
export interface ReleasedItem {
  readonly [released]: true
  readonly item: Item
  readonly audience: Audience
}

export type ReleaseDecision =
  | { readonly kind: 'released'; readonly released: ReleasedItem }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string }

const TLP_RED = 5

/** May this item, marked `tlp`, be sealed to every recipient of the audience? */
export function checkRelease(item: Item, tlp: number, audience: Audience): ReleaseDecision {
  if (tlp === TLP_RED) {
    const reason = 'TLP:RED names its recipients; it cannot go to the whole alliance'
    return { kind: 'refused', code: 'release-red-needs-recipients', reason }
  }
  const tooLow = audience.recipients.filter(recipient => recipient.maxTlp !== 0 && recipient.maxTlp < tlp)
  if (tooLow.length > 0) return { kind: 'refused', code: 'release-above-ceiling', reason: aboveCeiling(tlp, tooLow) }
  return { kind: 'released', released: { item, audience } as ReleasedItem }
}

/** Names each nation with its ceiling, and what to do. */
function aboveCeiling(tlp: number, tooLow: readonly Recipient[]): string {
  const byCeiling = Map.groupBy(tooLow, ({ maxTlp }) => maxTlp)
  const ceilings = [...byCeiling].map(
    ([ceiling, of]) => `${nameOf(ceiling)} for ${listOf(of.map(({ nation }) => nation))}`,
  )
  return (
    `the item is ${nameOf(tlp)}, and the registry's ceiling is ${listOf(ceilings)}: it cannot go to the whole alliance; ` +
    'mark it lower, or ask the governors to raise the ceiling'
  )
}

function nameOf(tlp: number): string {
  return isTlp(tlp) ? tlpName(tlp) : `TLP ${tlp}`
}
