import { EMPTY, equalBytes } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { assertProtocol, ProtocolError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { type EpochId, type LogId, parseEpochId, parseLogId } from '../base/ids.ts'
import { HEADER_VERSION, KIND, type ParsedEntry } from '../wire/entry.ts'
import { Close, Complaint, type EntryHeader, Tombstone } from '../wire/gen/tocsin.ts'
import { BODY_BYTES_MAX, HPKE_ENC_BYTES } from '../wire/limits.ts'
import { assertLength, assertLengthOrEmpty, assertRange, decodeStrict } from '../wire/strict.ts'
import { type GenesisContent, parseGenesis } from './genesis.ts'
import { type KeyGrantContent, parseKeyGrant } from './key-grant.ts'

/** Poly1305: nothing shorter can open. */
const SEAL_TAG_BYTES = 16
const TOMBSTONE_REASONS = 5

export type EntryContent =
  | { readonly kind: 'genesis'; readonly genesis: GenesisContent }
  | { readonly kind: 'batch'; readonly epochId: EpochId; readonly salt: Uint8Array; readonly sealed: Uint8Array }
  | { readonly kind: 'key-grant'; readonly grant: KeyGrantContent }
  | { readonly kind: 'tombstone'; readonly logId: LogId; readonly seq: number; readonly reason: number }
  | { readonly kind: 'close'; readonly successorLog: LogId | undefined; readonly finalSize: number }
  | {
      readonly kind: 'complaint'
      readonly logId: LogId
      readonly seq: number
      readonly enc: Uint8Array
      readonly ct: Uint8Array
    }

export type Erasure = Extract<EntryContent, { kind: 'tombstone' }>

export type ContentOutcome =
  | { readonly kind: 'ok'; readonly content: EntryContent }
  /** A fault of the author that leaves the entry on its chain and deprives it of effect: alert. */
  | { readonly kind: 'void'; readonly code: ErrorCode; readonly reason: string }
  /** Of a later version of the protocol: kept and shown as such. */
  | { readonly kind: 'opaque' }
  /** The body is not here: not yet, or no more. */
  | { readonly kind: 'absent' }

/**
 * What an entry on its chain says. `registryVersionBefore` is the highest of the entries before it in its log
 * (`LogHead.registryVersion` as it was), so that the answer is a function of the log alone.
 */
export function readContent(entry: ParsedEntry, registryVersionBefore: number): ContentOutcome {
  const { header, body } = entry
  if (header.version > HEADER_VERSION || !isKnownKind(header.kind)) return { kind: 'opaque' }
  try {
    assertHeader(header, registryVersionBefore)
    if (body.length === 0 && header.bodyLen > 0) return { kind: 'absent' }
    const content = parseBody(header, body)
    return content === undefined ? { kind: 'opaque' } : { kind: 'ok', content }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return {
      kind: 'void',
      code: isContentCode(error.code) ? error.code : 'content-body-malformed',
      reason: error.message,
    }
  }
}

/** What a TOMBSTONE names; undefined of anything else, and where it is void. */
export function erasureOf(entry: ParsedEntry, registryVersionBefore: number): Erasure | undefined {
  if (entry.header.kind !== KIND.TOMBSTONE) return undefined
  const read = readContent(entry, registryVersionBefore)
  return read.kind === 'ok' && read.content.kind === 'tombstone' ? read.content : undefined
}

/** The names of the reasons of a TOMBSTONE. */
export const ERASURE_REASON = { error: 1, legal: 2, 'personal-data': 3, classified: 4, other: 5 } as const
export type ErasureReason = keyof typeof ERASURE_REASON

/** The epoch that a sound KEY_GRANT is for; undefined for every other entry. */
export function grantedEpoch(entry: ParsedEntry, registryVersionBefore: number): EpochId | undefined {
  if (entry.header.kind !== KIND.KEY_GRANT) return undefined
  const read = readContent(entry, registryVersionBefore)
  return read.kind === 'ok' && read.content.kind === 'key-grant' ? read.content.grant.epochId : undefined
}

/** The part that needs no body; called with the head as it is before the entry is appended. */
function assertHeader(header: EntryHeader, registryVersionBefore: number): void {
  const sealed = header.kind === KIND.BATCH
  assertProtocol(
    header.epochId.length === (sealed ? 16 : 0) && header.salt.length === (sealed ? 32 : 0),
    'content-epoch-or-salt',
    sealed ? 'a BATCH has an epoch_id and a salt' : 'only a BATCH has an epoch_id and a salt',
  )
  assertProtocol(
    header.registryVersion >= registryVersionBefore,
    'content-registry-falls',
    `registry_version falls from ${registryVersionBefore} to ${header.registryVersion}`,
  )
  assertProtocol(
    (header.kind === KIND.GENESIS) === (header.seq === 0),
    'content-misplaced',
    'a GENESIS stands at seq 0 and nowhere else',
  )
  assertProtocol(
    header.bodyLen > 0 || equalBytes(header.bodyHash, sha256(EMPTY)),
    'content-body-malformed',
    'the hash of an empty body is not that of nothing',
  )
}

/** Undefined where the body is of a later version of the protocol. */
function parseBody(header: EntryHeader, body: Uint8Array): EntryContent | undefined {
  switch (header.kind) {
    case KIND.GENESIS:
      return { kind: 'genesis', genesis: parseGenesis(body) }
    case KIND.BATCH:
      assertRange(body.length, SEAL_TAG_BYTES, BODY_BYTES_MAX, 'length of a sealed body')
      return { kind: 'batch', epochId: parseEpochId(header.epochId), salt: header.salt, sealed: body }
    case KIND.KEY_GRANT: {
      const grant = parseKeyGrant(body)
      return grant && { kind: 'key-grant', grant }
    }
    case KIND.TOMBSTONE:
      return parseTombstone(body)
    case KIND.CLOSE:
      return parseClose(body, header.seq)
    default:
      return parseComplaint(body)
  }
}

function parseTombstone(body: Uint8Array): EntryContent {
  const { logId, seq, reason } = decodeStrict(Tombstone, body, BODY_BYTES_MAX)
  assertRange(reason, 1, TOMBSTONE_REASONS, 'reason')
  return { kind: 'tombstone', logId: parseLogId(logId), seq, reason }
}

function parseClose(body: Uint8Array, seq: number): EntryContent {
  const { successorLog, finalSize } = decodeStrict(Close, body, BODY_BYTES_MAX)
  assertLengthOrEmpty(successorLog, 32, 'successor_log')
  assertProtocol(finalSize === seq + 1, 'content-misplaced', `a CLOSE at ${seq} gives the final size ${finalSize}`)
  return { kind: 'close', successorLog: successorLog.length === 0 ? undefined : parseLogId(successorLog), finalSize }
}

function parseComplaint(body: Uint8Array): EntryContent {
  const { logId, seq, enc, ct } = decodeStrict(Complaint, body, BODY_BYTES_MAX)
  assertLength(enc, HPKE_ENC_BYTES, 'enc')
  assertRange(ct.length, SEAL_TAG_BYTES, BODY_BYTES_MAX, 'length of ct')
  return { kind: 'complaint', logId: parseLogId(logId), seq, enc, ct }
}

const KINDS: ReadonlySet<number> = new Set(Object.values(KIND))

function isKnownKind(kind: number): boolean {
  return KINDS.has(kind)
}

function isContentCode(code: ErrorCode): boolean {
  return code.startsWith('content-')
}
