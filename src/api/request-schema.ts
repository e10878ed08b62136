import { z } from 'zod'
import { isNationId } from '../base/ids.ts'
import { ERASURE_REASON, type ErasureReason } from '../chain/entry-content.ts'
import type { ExportQuery } from '../node/audit/audit-export.ts'
import { AUDIT_LIMIT_MAX, type AuditQuery } from '../node/audit/audit-page.ts'
import type { ProveQuery } from '../node/audit/audit-prove.ts'
import { REQUEST_BYTES_MAX } from '../node/bundles/bundle-request.ts'
import type { EntryQuery, ErasureRequest } from '../node/orders/entry-orders.ts'
import { type AudienceText, PUBLISH_ITEMS_MAX, type PublishItem, QUARANTINED_MAX } from '../node/orders/node-service.ts'
import { INDICATOR_STATES, LIST_LIMIT_MAX, type ListQuery } from '../node/reading/indicator-reading.ts'
import { NATIONS_MAX, SIGNED_DOC_BYTES_MAX } from '../wire/limits.ts'

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

const remarked = { type: text, value: text, marking: marking.exactOptional() }
const itemIdHex = z.string().regex(/^[0-9a-f]{32}$/, { message: 'must be 32 hex digits' })

const sightingDraft = z.strictObject({
  ...remarked,
  count: z.int().min(1).exactOptional(),
  firstSeenMs: timeMs.exactOptional(),
  lastSeenMs: timeMs.exactOptional(),
  source: text.exactOptional(),
})

const opinionDraft = z.strictObject({
  ...remarked,
  opinion: z.enum(['agree', 'false-positive', 'expired']),
  nation: text.exactOptional(),
  claim: itemIdHex.exactOptional(),
  comment: text.exactOptional(),
})

const audience: z.ZodType<AudienceText> = z.union([
  z.strictObject({ to: z.array(text).min(1).max(NATIONS_MAX) }),
  z.strictObject({ group: text }),
  z.strictObject({ of: itemIdHex }),
])

const publishItem: z.ZodType<PublishItem> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('claim'),
    draft,
    force: z.boolean().exactOptional(),
    audience: audience.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('context'),
    json: text,
    tlp: tlp.exactOptional(),
    audience: audience.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('group'),
    id: z.string().regex(/^[0-9a-f]{32}$/, { message: 'must be 32 hex digits' }),
    version: z.int().min(1),
    prevHash: z.string().regex(/^([0-9a-f]{64})?$/, { message: 'must be 64 hex digits, or empty' }),
    name: text,
    members: z.array(text).max(NATIONS_MAX),
    maxTlp: z.int().min(0).max(5),
  }),
  z.strictObject({ kind: z.literal('sighting'), draft: sightingDraft, audience: audience.exactOptional() }),
  z.strictObject({ kind: z.literal('opinion'), draft: opinionDraft, audience: audience.exactOptional() }),
  z.strictObject({
    kind: z.literal('withdrawal'),
    id: itemIdHex,
    reason: text,
    audience: audience.exactOptional(),
  }),
])

export const historyRequest = z.strictObject({
  nation: text,
  group: text.exactOptional(),
  sinceMs: z.int().min(0).default(0),
})

export const audienceRequest = z.strictObject({ audience: audience.exactOptional(), tlp: tlp.exactOptional() })

const keyHex = z.string().regex(/^[0-9a-f]{64}$/, { message: 'must be 64 hex digits' })
const signatureBase64 = z.string().regex(/^[A-Za-z0-9+/]{86}==$/, { message: 'must be 64 bytes in base64' })

export const publishRequest = z.strictObject({
  items: z.array(publishItem).min(1).max(PUBLISH_ITEMS_MAX),
  signature: z.strictObject({ key: keyHex, signedMs: z.int().min(0), signature: signatureBase64 }).exactOptional(),
})

export const approveRequest = z.strictObject({ key: keyHex, signature: signatureBase64 })

export const rejectRequest = z.strictObject({ reason: z.string().max(1024) })

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

/** The query of `GET /v1/audit`. */
export const auditRequest: z.ZodType<AuditQuery> = z.strictObject({
  from: wholeNumber.default(0),
  limit: wholeNumber.refine(limit => limit >= 1 && limit <= AUDIT_LIMIT_MAX).default(AUDIT_LIMIT_MAX),
  purpose: z.enum(['list', 'verify', 'export']),
})

const LOGS_ASKED_MAX = 128

/** The body of `POST /v1/audit/export`. */
export const exportRequest: z.ZodType<ExportQuery> = z.strictObject({
  logs: z.array(z.string().max(64)).max(LOGS_ASKED_MAX),
  sinceMs: z.int().min(0).exactOptional(),
  sinceSeq: z.int().min(0).exactOptional(),
  withBodies: z.boolean(),
  purpose: z.enum(['export', 'verify']),
})

/** The body of `POST /v1/bundle/export`; `request` in base64. */
export const bundleRequest = z.strictObject({
  nation: nationId.exactOptional(),
  sinceMs: z.int().min(0).exactOptional(),
  request: z
    .string()
    .max(Math.ceil(REQUEST_BYTES_MAX / 3) * 4)
    .exactOptional(),
})
export const BUNDLE_BODY_BYTES_MAX = 2 * REQUEST_BYTES_MAX

/** The query of `POST /v1/bundle/import`, whose body is the file. */
export const bundleImportRequest = z.strictObject({ dryRun: z.enum(['true', 'false']).default('false') })

/** The body of `POST /v1/audit/prove`. */
export const proveRequest: z.ZodType<ProveQuery> = z.strictObject({
  log: z.string().max(64),
  seq: z.int().min(0),
  withBody: z.boolean(),
})

const placeFields = { log: z.string().max(64), seq: z.int().min(0) }

/** The body of `POST /v1/entries/show` and `/purge`. */
export const entryRequest: z.ZodType<EntryQuery> = z.strictObject(placeFields)

/** The body of `POST /v1/entries/erase`. */
export const eraseRequest: z.ZodType<ErasureRequest> = z.strictObject({
  ...placeFields,
  reason: z.enum(Object.keys(ERASURE_REASON) as ErasureReason[]),
  now: z.boolean(),
})

/** Texts of the clearance say names; what they mean is judged by the node. */
export const tokenRequest = z.strictObject({
  name: z.string().max(256),
  clearance: z.string().max(8192),
  expiresMs: z.int().min(0).exactOptional(),
})

export const muteRequest = z.strictObject({ nation: nationId, reason: z.string().max(512) })

/** The query of `GET /v1/bounds`. */
export const boundsRequest = z.strictObject({ nation: nationId, size: wholeNumber.optional() })

/** The query of `GET /v1/indicators`, in which everything is text. */
const listFields = {
  type: z.string().max(32).exactOptional(),
  nation: nationId.exactOptional(),
  sinceMs: wholeNumber.exactOptional(),
  untilMs: wholeNumber.exactOptional(),
  limit: wholeNumber
    .refine(limit => limit >= 1 && limit <= LIST_LIMIT_MAX, { message: `must be from 1 to ${LIST_LIMIT_MAX}` })
    .default(LIST_LIMIT_MAX),
  cursor: z.string().max(4096).exactOptional(),
  scoreMin: wholeNumber.refine(score => score <= 100, { message: 'must be from 0 to 100' }).exactOptional(),
  states: z
    .string()
    .max(256)
    .transform(states => states.split(','))
    .pipe(z.array(z.enum(INDICATOR_STATES)).min(1))
    .exactOptional(),
  warned: z
    .literal('true')
    .transform(() => true)
    .exactOptional(),
}

/** What the bearer of a token may give of it. */
export const readerListRequest: z.ZodType<ListQuery> = z.strictObject(listFields)

export const listRequest: z.ZodType<ListQuery> = z.strictObject({
  ...listFields,
  quarantined: z
    .literal('true')
    .transform(() => true)
    .exactOptional(),
})
