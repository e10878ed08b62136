import { EMPTY } from '../base/bytes.ts'
import { assertProtocol, ProtocolError } from '../base/errors.ts'
import {
  type AllianceId,
  type Hash,
  isNationId,
  type LogId,
  type NationId,
  parseAllianceId,
  parseHash,
  parseLogId,
} from '../base/ids.ts'
import type { CompactRange } from '../merkle/compact-range.ts'
import { peakCount } from '../merkle/tree-shape.ts'
import { type Codec, encode } from '../wire/codec.ts'
import {
  AuditAlert,
  AuditEnd,
  AuditEntries,
  AuditHeader,
  AuditInclusion,
  AuditLog,
  AuditPart as PartMessage,
} from '../wire/gen/audit.ts'
import { EvidenceItem } from '../wire/gen/tocsin.ts'
import { BUNDLE_ENTRIES_MAX, PATH_HASHES_MAX, SHORT_TEXT_LENGTH_MAX } from '../wire/limits.ts'
import { assertRange, assertText, decodeStrict } from '../wire/strict.ts'

/** A record of a file; `BUNDLE_ENTRIES_MAX` entries with bodies do not always fit, and then fewer stand in it. */
export const PART_BYTES_MAX = 4 * 1024 * 1024
/** Runs of entries in one file. */
export const AUDIT_LOGS_MAX = 65_536
/** Entries of one ENTRIES part. */
export const PART_ENTRIES_MAX = BUNDLE_ENTRIES_MAX

/** One record of an audit or proof file (`proto/audit.proto`): its form is checked, nothing it says is. */
export type AuditPart =
  | ({ readonly kind: 'header' } & HeaderPart)
  /** SignedDoc. */
  | { readonly kind: 'document'; readonly signedDoc: Uint8Array }
  | { readonly kind: 'evidence'; readonly item: EvidenceItem }
  | ({ readonly kind: 'alert' } & AlertPart)
  | ({ readonly kind: 'log' } & LogPart)
  | { readonly kind: 'entries'; readonly run: number; readonly envelopes: readonly Uint8Array[] }
  | ({ readonly kind: 'inclusion' } & InclusionPart)
  | ({ readonly kind: 'end' } & EndPart)

/** What was asked of the exporter, who is believed in nothing. */
export interface HeaderPart {
  readonly allianceId: AllianceId
  /** Milliseconds since the epoch. */
  readonly madeMs: number
  readonly exporter: NationId | undefined
  /** These alone; empty: all. Ascending. */
  readonly logs: readonly LogId[]
  /** Entries from the first of this time on; 0: all. */
  readonly sinceMs: number
  /** Or entries from this seq on; 0: all. */
  readonly sinceSeq: number
  readonly withBodies: boolean
}

/** What the exporter noted: unsigned, it informs and proves nothing. */
export interface AlertPart {
  readonly timeMs: number
  readonly code: string
  readonly message: string
  readonly nation: NationId | undefined
  readonly place: { readonly logId: LogId; readonly seq: number } | undefined
}

/** Announces one run of entries `[from, size)` of one log. */
export interface LogPart {
  readonly logId: LogId
  /** Envelope of the GENESIS, with its body. */
  readonly genesis: Uint8Array
  readonly from: number
  readonly size: number
  /** The leaves before `from`; its `size` is `from`. */
  readonly before: CompactRange
  /** A branch that does not stand. */
  readonly aside: boolean
}

/** Of the one entry of a proof file, in a tree that a checkpoint states. */
export interface InclusionPart {
  readonly size: number
  readonly path: readonly Hash[]
}

/** How many of each came before it, and their bytes. */
export interface EndPart {
  readonly documents: number
  readonly evidence: number
  readonly alerts: number
  readonly logs: number
  readonly entries: number
  readonly hash: Hash
}

const TYPE = { header: 1, document: 2, evidence: 3, alert: 4, log: 5, entries: 6, end: 7, inclusion: 8 } as const

export function encodePart(part: AuditPart): Uint8Array {
  return encode(PartMessage, { type: TYPE[part.kind], body: bodyOf(part) })
}

/** Throws ProtocolError `wire-*` or `audit-file-malformed`. */
export function decodePart(bytes: Uint8Array): AuditPart {
  const { type, body } = decodeStrict(PartMessage, bytes, PART_BYTES_MAX)
  switch (type) {
    case TYPE.header:
      return parseHeader(read(AuditHeader, body))
    case TYPE.document:
      return { kind: 'document', signedDoc: body }
    case TYPE.evidence:
      return { kind: 'evidence', item: read(EvidenceItem, body) }
    case TYPE.alert:
      return parseAlert(read(AuditAlert, body))
    case TYPE.log:
      return parseLog(read(AuditLog, body))
    case TYPE.entries:
      return parseEntries(read(AuditEntries, body))
    case TYPE.inclusion:
      return parseInclusion(read(AuditInclusion, body))
    case TYPE.end:
      return parseEnd(read(AuditEnd, body))
    default:
      throw new ProtocolError('audit-file-malformed', `a part of the unknown type ${type}`)
  }
}

function bodyOf(part: AuditPart): Uint8Array {
  switch (part.kind) {
    case 'header':
      return encode(AuditHeader, {
        ...part,
        exporter: part.exporter ?? '',
        withoutBodies: part.withBodies ? 0 : 1,
      })
    case 'document':
      return part.signedDoc
    case 'evidence':
      return encode(EvidenceItem, part.item)
    case 'alert':
      return encode(AuditAlert, {
        ...part,
        nation: part.nation ?? '',
        logId: part.place?.logId ?? EMPTY,
        seq: part.place?.seq ?? 0,
      })
    case 'log':
      return encode(AuditLog, { ...part, peaks: part.before.peaks, aside: part.aside ? 1 : 0 })
    case 'entries':
      return encode(AuditEntries, { run: part.run, entries: part.envelopes })
    case 'inclusion':
      return encode(AuditInclusion, part)
    case 'end':
      return encode(AuditEnd, part)
  }
}

function read<T>(codec: Codec<T>, body: Uint8Array): T {
  return decodeStrict(codec, body, PART_BYTES_MAX)
}

function parseHeader(header: AuditHeader): AuditPart {
  const { allianceId, madeMs, exporter, logs, sinceMs, sinceSeq, withoutBodies } = header
  assertRange(withoutBodies, 0, 1, 'without_bodies')
  assertForm(logs.length <= AUDIT_LOGS_MAX, 'names too many logs')
  return {
    kind: 'header',
    allianceId: parseAllianceId(allianceId),
    madeMs,
    exporter: parseNation(exporter),
    logs: logs.map(parseLogId),
    sinceMs,
    sinceSeq,
    withBodies: withoutBodies === 0,
  }
}

function parseAlert({ timeMs, code, message, nation, logId, seq }: AuditAlert): AuditPart {
  assertText(code, SHORT_TEXT_LENGTH_MAX, 'the code of an alert')
  assertText(message, SHORT_TEXT_LENGTH_MAX, 'the message of an alert')
  const place = logId.length === 0 ? undefined : { logId: parseLogId(logId), seq }
  return { kind: 'alert', timeMs, code, message, nation: parseNation(nation), place }
}

function parseLog({ logId, genesis, from, size, peaks, aside }: AuditLog): AuditPart {
  assertRange(aside, 0, 1, 'aside')
  assertForm(from <= size, 'ends before it begins')
  assertForm(peaks.length === peakCount(from), 'has a compact range of another size')
  const before = { size: from, peaks: peaks.map(peak => parseHash(peak, 'peak')) }
  return { kind: 'log', logId: parseLogId(logId), genesis, from, size, before, aside: aside === 1 }
}

function parseEntries({ run, entries }: AuditEntries): AuditPart {
  assertForm(entries.length > 0 && entries.length <= PART_ENTRIES_MAX, `holds ${entries.length} entries`)
  return { kind: 'entries', run, envelopes: entries }
}

function parseInclusion({ size, path }: AuditInclusion): AuditPart {
  assertForm(path.length <= PATH_HASHES_MAX, 'has too long a path')
  return { kind: 'inclusion', size, path: path.map(hash => parseHash(hash, 'path')) }
}

function parseEnd(end: AuditEnd): AuditPart {
  return { kind: 'end', ...end, hash: parseHash(end.hash) }
}

function parseNation(text: string): NationId | undefined {
  if (text === '') return undefined
  if (isNationId(text)) return text
  throw new ProtocolError('audit-file-malformed', 'a part names a nation that cannot be one')
}

function assertForm(condition: boolean, fault: string): asserts condition {
  assertProtocol(condition, 'audit-file-malformed', `a part ${fault}`)
}
