import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { parseClearance } from '../../policy/clearance.ts'
import { indicatorType, whole } from './config-fields.ts'
import { nation, parsed, tlp, word } from './policy-fields.ts'

const LIST_MAX = 1024
const SPAN = /^(\d{1,5})([mhdw])$/
const SPAN_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** What leaves in an export, and of what of it; the same on the command line and in `exports:`. */
export const exportFilter = z.strictObject({
  /** Undefined: all that the format can say. */
  types: z.array(indicatorType).max(LIST_MAX).exactOptional(),
  scoreMin: whole(0, 100).default(0),
  /** The sight of a bearer of such a token, as `parseClearance` reads it; RED and every group where it is left out. */
  clearance: parsed(checkedClearance).exactOptional(),
  /** Claims that are marked higher have no part in what leaves. */
  tlpMax: tlp.exactOptional(),
  /** Nor have those of others. */
  nations: z.array(nation).max(LIST_MAX).exactOptional(),
  /** Nor those that did not go to this group: `NAME`, `OWNER/NAME` or its id. */
  group: word.exactOptional(),
  /** `30d`: claimed by somebody since then. */
  claimedWithin: parsed(parseSpan).exactOptional(),
  /** First seen, or first claimed where nobody says when, since then. */
  firstSeenWithin: parsed(parseSpan).exactOptional(),
  /** Only what has one of these. */
  labels: z.array(word).max(LIST_MAX).exactOptional(),
  /** Nothing that has one of these. */
  withoutLabels: z.array(word).max(LIST_MAX).default([]),
  /** What is pending, expired or withdrawn is never exported as valid. */
  disputed: z.boolean().default(false),
  /** Origins of observation that are independent of each other, at least. */
  originsMin: whole(1, 512).default(1),
  nationsMin: whole(1, 512).default(1),
})

/** Spans are milliseconds. */
export type ExportFilter = Readonly<z.infer<typeof exportFilter>>
/** As it is written. */
export type ExportFilterText = Readonly<z.input<typeof exportFilter>>

function checkedClearance(text: string): string {
  parseClearance(text, called => called)
  return text
}

function parseSpan(text: string): number {
  const [, count, unit] = SPAN.exec(text) ?? []
  if (count !== undefined) return Number(count) * SPAN_MS[unit as keyof typeof SPAN_MS]
  throw new UserError('usage-invalid', 'must be a span such as 30d, 12h or 45m')
}
