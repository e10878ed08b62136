import { z } from 'zod'
import { isNationId } from '../base/ids.ts'
import {
  LIST_LIMIT_MAX,
  type ListQuery,
  PUBLISH_ITEMS_MAX,
  type PublishItem,
  QUARANTINED_MAX,
} from '../node/node-service.ts'
import { SIGNED_DOC_BYTES_MAX } from '../wire/limits.ts'

/** What comes in by the control API. Forms are checked here; what a value says is judged by the node, item by item. */

export const PUBLISH_BODY_BYTES_MAX = 32 * 1024 * 1024
export const LOOKUP_BODY_BYTES_MAX = 32 * 1024 * 1024
const LOOKUP_VALUES_MAX = 1000
export const DOCUMENTS_BODY_BYTES_MAX = 16 * 1024 * 1024
const DOCUMENTS_MAX = 4096
const BASE64_DIGITS_MAX = Math.ceil(SIGNED_DOC_BYTES_MAX / 3) * 4
const TRUST_LENGTH_MAX = 1024
export const REPUBLISH_BODY_BYTES_MAX = 64 * 1024
/** One short text. */
export const SMALL_BODY_BYTES_MAX = 16 * 1024

const text = z.string()
const timeMs = z.number()
const tlp = z.literal([1, 2, 3, 4, 5])

const marking = z.strictObject({
  tlp: tlp.exactOptional(),
  pap: z.literal([0, 1, 2, 3, 4]).exactOptional(),
  exercise: z.boolean().exactOptional(),
})

const reference = z.strictObject({
  sourceName: text,
  url: text.exactOptional(),
  externalId: text.exactOptional(),
  description: text.exactOptional(),
})

const draft = z.strictObject({
  type: text,
  value: text,
  original: text.exactOptional(),
  marking: marking.exactOptional(),
  confidence: z.number().exactOptional(),
  validFromMs: timeMs.exactOptional(),
  validUntilMs: timeMs.exactOptional(),
  firstSeenMs: timeMs.exactOptional(),
  lastSeenMs: timeMs.exactOptional(),
  name: text.exactOptional(),
  description: text.exactOptional(),
  labels: z.array(text).exactOptional(),
  references: z.array(reference).exactOptional(),
  source: text.exactOptional(),
  sourceId: text.exactOptional(),
  lineage: z.enum(['observed', 'relayed']).exactOptional(),
})

const publishItem: z.ZodType<PublishItem> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('claim'), draft }),
  z.strictObject({ kind: z.literal('context'), json: text, tlp: tlp.exactOptional() }),
])

export const publishRequest = z.strictObject({ items: z.array(publishItem).min(1).max(PUBLISH_ITEMS_MAX) })

export const lookupRequest = z.strictObject({ values: z.array(text).min(1).max(LOOKUP_VALUES_MAX) })

export const documentsRequest = z.strictObject({
  documents: z.array(z.string().max(BASE64_DIGITS_MAX)).min(1).max(DOCUMENTS_MAX),
})

export const trustRequest = z.strictObject({ trust: z.string().max(TRUST_LENGTH_MAX) })

/** Ids of items, hex. */
export const republishRequest = z.strictObject({
  ids: z.array(z.string().regex(/^[0-9a-f]{32}$/, { message: 'must be 32 hex characters' })).max(QUARANTINED_MAX),
})

/** A nation or a peer key in hex; the node says which it knows. */
export const diagnoseRequest = z.strictObject({ target: z.string().min(1).max(64).exactOptional() })

const nationId = z.string().refine(isNationId, { message: 'must be a nation id such as DEU' })

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, { message: 'must be a whole number' })
  .transform(Number)

/** The query of `GET /v1/bounds`. */
export const boundsRequest = z.strictObject({ nation: nationId, size: wholeNumber.optional() })

/** The query of `GET /v1/indicators`, in which everything is text. */
export const listRequest: z.ZodType<ListQuery> = z.strictObject({
  type: z.string().max(32).exactOptional(),
  nation: nationId.exactOptional(),
  sinceMs: wholeNumber.exactOptional(),
  untilMs: wholeNumber.exactOptional(),
  limit: wholeNumber
    .refine(limit => limit >= 1 && limit <= LIST_LIMIT_MAX, { message: `must be from 1 to ${LIST_LIMIT_MAX}` })
    .default(LIST_LIMIT_MAX),
  cursor: z.string().max(4096).exactOptional(),
})
