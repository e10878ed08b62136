import { z } from 'zod'
import { TocsinError } from '../../base/errors.ts'
import { isLoopbackHost } from '../../base/loopback.ts'
import { parseClearance } from '../../policy/clearance.ts'
import { CHANGE_EVENTS, CHANGES_LIMIT_MAX } from '../reading/change-reading.ts'
import { absolutePath, areDistinct, indicatorType, partName, whole } from './config-fields.ts'
import { nation } from './policy-fields.ts'

const WEBHOOKS_MAX = 32

/** One of `webhooks:` in config.yaml: where what changes is sent as it does. */
const webhook = z.strictObject({
  name: partName('siem'),
  url: z
    .string()
    .max(2048)
    .refine(isTarget, { message: 'must be https://…, or http:// to a loopback address, without a user or password' }),
  /** A file of mode 0600 with at least 16 characters, by which the receiver knows what is ours. */
  secretFile: absolutePath,
  /** What the receiver may see, as for a token. */
  clearance: z.string().max(4096).refine(isClearance, { message: 'must look like tlp=GREEN,groups=none' }),
  filter: z
    .strictObject({
      events: z.array(z.enum(CHANGE_EVENTS)).min(1).exactOptional(),
      types: z.array(indicatorType).min(1).exactOptional(),
      nations: z.array(nation).min(1).exactOptional(),
      scoreMin: whole(0, 100).exactOptional(),
    })
    .prefault({}),
  /** `now`: what changes from the first start on; `all`: everything that shows first. */
  from: z.enum(['now', 'all']).default('now'),
  format: z.enum(['ndjson', 'json']).default('ndjson'),
  /** Changes sent at once, at most. */
  batch: whole(1, CHANGES_LIMIT_MAX).default(100),
  /** For the answer. */
  timeoutSeconds: whole(1, 300).default(30),
})

export type WebhookConfig = Readonly<z.infer<typeof webhook>>

export const webhooksSection = z
  .array(webhook)
  .max(WEBHOOKS_MAX)
  .refine(all => areDistinct(all, 'name'), { message: 'two have the same name' })
  .default([])

function isTarget(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
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
