import type { ErrorCode } from '../base/codes.ts'
import type { Recipient } from '../registry/audience.ts'
import type { Item } from '../wire/gen/tocsin.ts'
import type { GuardedItem } from './guard.ts'

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

/** May this item, as the guard lets it leave and marked `tlp`, be sealed to every recipient of the audience? */
export function checkRelease({ item }: GuardedItem, tlp: number, audience: Audience): ReleaseDecision {
  const refusal = readersRefusal(tlp, audience)
  if (refusal !== undefined) return { kind: 'refused', ...refusal }
  return { kind: 'released', released: { item, audience } as ReleasedItem }
}

/** Why an item of this marking cannot go to this audience, whatever it says. */
export function readersRefusal(
  tlp: number,
  audience: Audience,
): { readonly code: ErrorCode; readonly reason: string } | undefined {
  if (tlp === TLP_RED) {
    const reason = 'TLP:RED names its recipients; it cannot go to the whole alliance'
    return { code: 'release-red-needs-recipients', reason }
  }
  const low = audience.recipients.find(recipient => recipient.maxTlp !== 0 && recipient.maxTlp < tlp)
  if (low === undefined) return undefined
  const reason = `the registry's ceiling for ${low.nation} is below the marking, so it cannot go to the whole alliance`
  return { code: 'release-above-ceiling', reason }
}
