import type { ErrorCode } from '../base/codes.ts'
import type { Item } from '../wire/gen/tocsin.ts'
import type { GuardedItem } from './guard.ts'
import type { Audience } from './resolve-audience.ts'

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

/**
 * May this item, as the guard lets it leave and marked `tlp`, be sealed to this audience? What an audience excludes
 * cannot be sealed to: it was resolved for this marking, or for a higher one.
 */
export function checkRelease({ item }: GuardedItem, tlp: number, audience: Audience): ReleaseDecision {
  if (audience.tlp < tlp) {
    return { kind: 'refused', code: 'release-above-ceiling', reason: 'it is marked higher than its audience allows' }
  }
  return { kind: 'released', released: { item, audience } as ReleasedItem }
}
