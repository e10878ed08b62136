import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { TocsinError } from '../base/errors.ts'
import { isNationId } from '../base/ids.ts'
import { INDICATOR_TYPES } from '../indicator/type.ts'
import { parseClearance } from '../policy/clearance.ts'
import { CHANGE_EVENTS, CHANGES_LIMIT_MAX } from './change-reading.ts'

const WEBHOOKS_MAX = 32
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/

/** One of `webhooks:` in config.yaml: where what changes is sent as it does. */
const webhook = z.strictObject({
  name: z.string().regex(NAME, { message: 'must be lower case letters, digits and hyphens, such as siem' }),
  url: z
    .string()
    .max(2048)
    .refine(isTarget, { message: 'must be https://…, or http:// to a loopback address, without a user or password' }),
  /** A file of mode 0600 with at least 16 characters, by which the receiver knows what is ours. */
  secretFile: z.string().max(4096).refine(isAbsolute, { message: 'must be an absolute path' }),
  /** What the receiver may see, as for a token. */
  clearance: z.string().max(4096).refine(isClearance, { message: 'must look like tlp=GREEN,groups=none' }),
  filter: z
    .strictObject({
      events: z.array(z.enum(CHANGE_EVENTS)).min(1).exactOptional(),
      types: z
        .array(z.enum([...INDICATOR_TYPES.keys()]))
        .min(1)
        .exactOptional(),
      nations: z
        .array(z.string().refine(isNationId, { message: 'must be nation ids' }))
        .min(1)
        .exactOptional(),
      scoreMin: z.int().min(0).max(100).exactOptional(),
    })
    .prefault({}),
  /** `now`: what changes from the first start on; `all`: everything that shows first. */
  from: z.enum(['now', 'all']).default('now'),
  format: z.enum(['ndjson', 'json']).default('ndjson'),
  /** Changes sent at once, at most. */
  batch: z.int().min(1).max(CHANGES_LIMIT_MAX).default(100),
  /** For the answer. */
  timeoutSeconds: z.int().min(1).max(300).default(30),
})

export type WebhookConfig = Readonly<z.infer<typeof webhook>>

export const webhooksSection = z
  .array(webhook)
  .max(WEBHOOKS_MAX)
  .refine(all => new Set(all.map(({ name }) => name)).size === all.length, { message: 'two have the same name' })
  .default([])

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost)$/

function isTarget(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname))
}

/** Which groups there are is known later. */
function isClearance(text: string): boolean {
  try {
    return !parseClearance(text, called => called).publish
  } catch (error) {
    if (error instanceof TocsinError) return false
    throw error
  }
}
