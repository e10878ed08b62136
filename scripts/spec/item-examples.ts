import { concat, u8, utf8 } from '../../src/base/bytes.ts'
import { buildClaim, encodeClaimItem } from '../../src/indicator/claim.ts'
import { indicatorId } from '../../src/indicator/indicator-id.ts'
import { itemHash } from '../../src/indicator/item.ts'
import { TLP } from '../../src/indicator/marking.ts'
import { encode } from '../../src/wire/codec.ts'
import { Batch, IndicatorClaim, Item } from '../../src/wire/gen/tocsin.ts'
import type { Example } from './example.ts'
import { AAA, allianceId } from './world.ts'

/** Chapter 4: one claim, and the batch that holds it. */

const claim = buildClaim(
  {
    type: 'domain',
    value: 'EVIL.example',
    marking: { tlp: TLP.GREEN },
    confidence: 80,
    labels: ['c2', 'apt'],
    lineage: 'observed',
  },
  { allianceId, nation: AAA, defaultTlp: TLP.AMBER, assertion: 0 },
)
const item = encodeClaimItem(claim)

/** The content of the BATCH of the examples. */
export const content: Uint8Array = encode(Batch, { items: [item] })

export function itemExamples(): Example[] {
  const bare = encode(IndicatorClaim, { ...claim, id: new Uint8Array(0) })
  return [
    {
      name: 'claim',
      parts: {
        'without id': bare,
        'id input': concat(utf8('tocsin/claim/v1\0'), allianceId, u8(AAA.length), utf8(AAA), bare),
        id: claim.id,
        IndicatorClaim: encode(IndicatorClaim, claim),
        Item: encode(Item, item),
        'item hash': itemHash(item),
        Batch: content,
      },
    },
    { name: 'indicator-id', parts: { 'indicator id': indicatorId(claim) } },
  ]
}
