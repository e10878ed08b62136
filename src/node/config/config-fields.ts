import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { INDICATOR_TYPES } from '../../indicator/type.ts'

/** What stands in several sections of `config.yaml`. */

export const PATH_LENGTH_MAX = 4096

export const whole = (min: number, max: number) => z.int().min(min).max(max)

/** Of one of a list, by which commands and files call it. */
export const partName = (example: string) =>
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
    message: `must be lower case letters, digits and hyphens, such as ${example}`,
  })

/** Whether no two have one value in `field`. */
export function areDistinct<Field extends string>(all: readonly Readonly<Record<Field, unknown>>[], field: Field) {
  return new Set(all.map(one => one[field])).size === all.length
}

export const absolutePath = z.string().max(PATH_LENGTH_MAX).refine(isAbsolute, { message: 'must be an absolute path' })

export const tlpName = z.enum(['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'])

export const indicatorType = z.enum([...INDICATOR_TYPES.keys()], {
  message: `must be one of ${[...INDICATOR_TYPES.keys()].join(', ')}`,
})
