import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { isNationId } from '../../base/ids.ts'
import { parseRating, type ScorePolicy, type SourceRating } from '../../indicator/score-policy.ts'
import { indicatorType } from './config-fields.ts'
import { nation, parsed, word } from './policy-fields.ts'

/** A century and a half: what outlives it does not decay. */
const LIFETIME_DAYS_MAX = 50_000
const SPEED_MAX = 100

const rating = z
  .strictObject({
    nation: nation.exactOptional(),
    source: word.exactOptional(),
    rating: parsed(text => {
      const found = parseRating(text)
      if (found !== undefined) return found
      throw new UserError(
        'policy-invalid',
        'a rating is A to F for the source, and 1 to 6 for what it says, such as B2',
      )
    }),
  })
  .transform(({ nation, source, rating }): SourceRating => {
    return { nation: nation !== undefined && isNationId(nation) ? nation : undefined, source, ...rating }
  })

const decay = z.union([
  z.literal('none'),
  z.strictObject({
    lifetimeDays: z.number().gt(0).max(LIFETIME_DAYS_MAX),
    speed: z.number().gt(0).max(SPEED_MAX).default(1),
  }),
])

/** `score:` of `policy.yaml`: `ratings`, of which the first that fits counts, and `decay` by type. */
export function scoreFields(most: number) {
  return z
    .strictObject({
      ratings: z.array(rating).max(most).default([]),
      decay: z.partialRecord(indicatorType, decay).default({}),
    })
    .prefault({})
    .transform(({ ratings, decay }): ScorePolicy => {
      return { ratings, decay: new Map(Object.entries(decay).flatMap(([type, each]) => (each ? [[type, each]] : []))) }
    })
}
