import { ITEM } from '../../src/indicator/item-type.ts'
import { encodeMarking, PAP, TLP } from '../../src/indicator/marking.ts'
import { encode } from '../../src/wire/codec.ts'
import { IndicatorClaim, type Item, Withdrawal } from '../../src/wire/gen/tocsin.ts'

/** Items as an author that keeps no rule puts them into its batches. */

/** `id` has 16 bytes. */
export function claimItem(id: Uint8Array, value: string): Item {
  const marking = encodeMarking({ tlp: TLP.GREEN, pap: PAP.UNSET, exercise: false })
  return {
    type: ITEM.INDICATOR,
    body: encode(IndicatorClaim, { ...IndicatorClaim.empty(), id, marking, type: 'domain', value }),
  }
}

export function withdrawalItem(claimId: Uint8Array): Item {
  return {
    type: ITEM.WITHDRAWAL,
    body: encode(Withdrawal, { ...Withdrawal.empty(), claimId, reason: 'no longer true' }),
  }
}
