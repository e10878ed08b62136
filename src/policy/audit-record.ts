import { EMPTY } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { labelledHash } from '../base/hash.ts'
import type { Hash, LogId, NationId } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import { AuditRecord, type AuditRun } from '../wire/gen/store.ts'

/** What a node decides and does, as the audit log names it. A number is never used anew for something else. */
export const AUDIT_KIND = {
  started: 1,
  stopped: 2,
  /** An entry with items is about to be signed. */
  released: 3,
  /** Items of that entry that leave as something less than what was submitted. */
  redacted: 4,
  refused: 5,
  /** Accepted, and not to be signed before a peer has answered. */
  queued: 6,
  /** Waits for a second person. */
  held: 7,
  approved: 8,
  rejected: 9,
  /** Nobody has approved it in time. */
  expired: 10,
  /** It was accepted, and did not leave after all. */
  dropped: 11,
  read: 12,
  exported: 13,
  /** The key of an epoch was made and handed to readers. */
  granted: 14,
  'key-used': 15,
  'policy-loaded': 16,
  'operator-added': 17,
  'operator-removed': 18,
  'token-made': 19,
  'token-removed': 20,
  'registry-applied': 21,
  'documents-given': 22,
  'trust-pinned': 23,
  'view-rebuilt': 24,
  incarnated: 25,
  /** The oldest records were removed: `count` is the number of the first that is left, `subject` the hash before it. */
  truncated: 26,
  /** `count` decisions could not be recorded, because the store failed. */
  lost: 27,
  /** An entry of the nation was erased for all; `name` says why. */
  erased: 28,
  /** What was erased was destroyed here; `by` is `node` where its time had come. */
  purged: 29,
  /** Everything that is primary data was given for a backup. */
  'backed-up': 30,
  /** The store was made from a backup; `count` is when that was made, in seconds. */
  restored: 31,
  /** The store was made anew of what was whole; `count` records were lost. */
  repaired: 32,
  /** Nothing of the nation `name` is taken into the view from now on. */
  'nation-muted': 33,
  'nation-unmuted': 34,
  /** What the feed `name` gives may come in once, beyond its limits. */
  'feed-released': 36,
  /** Claimed by the nation though the warninglist `name` blocks it. */
  'warninglist-overridden': 35,
  /** What the breaker of the export `name` has held may go. */
  'export-released': 37,
} as const

export type AuditKind = keyof typeof AUDIT_KIND

/** What a decision is about and why it fell. Only names, ids, hashes and codes: reasons in words may hold a value. */
export interface AuditDecision {
  readonly kind: AuditKind
  /** An operator's name, `token:NAME`, `local` for the user of the machine, `node` for the node itself. */
  readonly by: string
  readonly name?: string
  readonly rule?: string
  readonly code?: ErrorCode
  readonly audience?: string
  /** 16 bytes. */
  readonly item?: Uint8Array
  readonly entry?: { readonly logId: LogId; readonly seq: number }
  /** The id of a key or an epoch, or the SHA-256 of a document or file. */
  readonly subject?: Uint8Array
  readonly count?: number
  readonly readers?: readonly NationId[]
  readonly index?: number
  readonly runs?: readonly AuditRun[]
}

/** A decision that is to be recorded; the store gives it its place in the chain. */
export interface AuditEvent extends AuditDecision {
  readonly timeMs: number
  /** 16 random bytes. */
  readonly salt: Uint8Array
}

export const AUDIT_SALT_BYTES = 16
/** Of one record; what is decided alike in a row takes one run. */
export const AUDIT_RUNS_MAX = 256
const NAME_LENGTH_MAX = 512
const READERS_MAX = 512

/** Record 0 has it for `prev`. */
export const NO_RECORD: Hash = new Uint8Array(32) as Hash

export function auditHash(record: Uint8Array): Hash {
  return labelledHash('tocsin/audit/v1', record)
}

/** The record of `event` at `number`, after the record of hash `prev`. */
export function encodeAuditRecord(event: AuditEvent, number: number, prev: Hash): Uint8Array {
  return encode(AuditRecord, {
    number,
    prev,
    salt: event.salt,
    timeMs: event.timeMs,
    kind: AUDIT_KIND[event.kind],
    by: capped(event.by),
    name: capped(event.name),
    rule: capped(event.rule),
    code: event.code ?? '',
    audience: capped(event.audience),
    item: event.item ?? EMPTY,
    logId: event.entry?.logId ?? EMPTY,
    seq: event.entry?.seq ?? 0,
    subject: event.subject ?? EMPTY,
    count: event.count ?? 0,
    readers: (event.readers ?? []).slice(0, READERS_MAX),
    index: event.index ?? 0,
    runs: event.runs ?? [],
  })
}

function capped(text = ''): string {
  return text.slice(0, NAME_LENGTH_MAX)
}

const KIND_NAMES = new Map<number, AuditKind>(
  Object.entries(AUDIT_KIND).map(([name, number]) => [number, name as AuditKind]),
)

/** The name of a kind; `kind 99` for one of a later version. */
export function auditKindName(kind: number): string {
  return KIND_NAMES.get(kind) ?? `kind ${kind}`
}
