import { z } from 'zod'
import { INDICATOR_TYPES } from '../indicator/type.ts'
import { indicatorType } from '../node/config/config-fields.ts'
import { nation } from '../node/config/policy-fields.ts'
import { CHANGE_EVENTS } from '../node/reading/change-reading.ts'
import { NATIONS_MAX } from '../wire/limits.ts'

const list = <T>(each: z.ZodType<T, string>, most: number) =>
  z
    .string()
    .max(4096)
    .transform(text => text.split(','))
    .pipe(z.array(each).min(1).max(most))

/** The query of `GET /v1/stream`, in which everything is text, and lists have commas. */
export const streamRequest = z.strictObject({
  /** A cursor, or `now`, or `all`. */
  cursor: z.string().max(64).exactOptional(),
  events: list(z.enum(CHANGE_EVENTS), CHANGE_EVENTS.length).exactOptional(),
  types: list(indicatorType, INDICATOR_TYPES.size).exactOptional(),
  nations: list(nation, NATIONS_MAX).exactOptional(),
  scoreMin: z
    .string()
    .regex(/^\d{1,3}$/, { message: 'must be from 0 to 100' })
    .transform(Number)
    .refine(score => score <= 100, { message: 'must be from 0 to 100' })
    .exactOptional(),
  /** `false`: ends when all there is has been told. */
  follow: z.enum(['true', 'false']).default('true'),
})

export type StreamRequest = z.infer<typeof streamRequest>
