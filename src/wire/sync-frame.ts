import { ProtocolError } from '../base/errors.ts'
import { type Codec, encode } from './codec.ts'
import {
  Bodies,
  BodyRequest,
  Bundle,
  Evidence,
  EvidenceRequest,
  Frontier,
  FrontierRequest,
  Hello,
  Index,
  IndexRequest,
  RangeRequest,
  Refused,
  SyncFrame,
} from './gen/tocsin.ts'
import {
  BUNDLE_ENTRIES_MAX,
  EVIDENCE_REQUEST_HASHES_MAX,
  FRONTIER_HEADS_MAX,
  INDEX_HASHES_MAX,
  NOTE_BYTES_MAX,
  PATH_HASHES_MAX,
  RANGE_ENTRIES_MAX,
  SHORT_TEXT_LENGTH_MAX,
  SYNC_FRAME_BYTES_MAX,
} from './limits.ts'
import { assertLength, assertLengthOrEmpty, assertRange, assertText, decodeStrict } from './strict.ts'

export type SyncMessage =
  | { readonly kind: 'hello'; readonly message: Hello }
  | { readonly kind: 'index-request'; readonly message: IndexRequest }
  | { readonly kind: 'index'; readonly message: Index }
  | { readonly kind: 'evidence-request'; readonly message: EvidenceRequest }
  | { readonly kind: 'evidence'; readonly message: Evidence }
  | { readonly kind: 'frontier-request'; readonly message: FrontierRequest }
  | { readonly kind: 'frontier'; readonly message: Frontier }
  | { readonly kind: 'range-request'; readonly message: RangeRequest }
  | { readonly kind: 'bundle'; readonly message: Bundle }
  | { readonly kind: 'body-request'; readonly message: BodyRequest }
  | { readonly kind: 'bodies'; readonly message: Bodies }
  | { readonly kind: 'refused'; readonly message: Refused }

interface FrameType<T> {
  readonly number: number
  readonly codec: Codec<T>
  check(message: T): void
}

function frameType<T>(number: number, codec: Codec<T>, check: (message: T) => void = () => {}): FrameType<T> {
  return { number, codec, check }
}

const hashes = (list: readonly Uint8Array[], max: number, what: string) => {
  assertRange(list.length, 0, max, `number of ${what}`)
  for (const hash of list) assertLength(hash, 32, what)
}

const TYPES = {
  hello: frameType(1, Hello, m => {
    assertLength(m.allianceId, 32, 'alliance_id')
    assertLength(m.registryHash, 32, 'registry_hash')
    assertLength(m.evidenceDigest, 32, 'evidence_digest')
    assertLength(m.frontierDigest, 32, 'frontier_digest')
    assertText(m.agent, SHORT_TEXT_LENGTH_MAX, 'agent')
    assertText(m.nation, 16, 'nation')
  }),
  'index-request': frameType(2, IndexRequest),
  index: frameType(3, Index, m => hashes(m.hashes, INDEX_HASHES_MAX, 'evidence hash')),
  'evidence-request': frameType(4, EvidenceRequest, m =>
    hashes(m.hashes, EVIDENCE_REQUEST_HASHES_MAX, 'evidence hash'),
  ),
  evidence: frameType(5, Evidence, m => assertRange(m.items.length, 0, EVIDENCE_REQUEST_HASHES_MAX, 'evidence items')),
  'frontier-request': frameType(6, FrontierRequest, m => assertLengthOrEmpty(m.after, 32, 'after')),
  frontier: frameType(7, Frontier, m => {
    assertRange(m.heads.length, 0, FRONTIER_HEADS_MAX, 'heads')
    for (const head of m.heads) {
      assertLength(head.logId, 32, 'log_id')
      assertLength(head.head, 32, 'head')
    }
  }),
  'range-request': frameType(8, RangeRequest, m => {
    assertLength(m.logId, 32, 'log_id')
    assertRange(m.count, 1, RANGE_ENTRIES_MAX, 'count')
  }),
  bundle: frameType(9, Bundle, m => {
    assertLength(m.logId, 32, 'log_id')
    assertRange(m.entries.length, 0, BUNDLE_ENTRIES_MAX, 'entries')
    assertRange(m.note.length, 0, NOTE_BYTES_MAX, 'note bytes')
    hashes(m.path, PATH_HASHES_MAX, 'path hash')
  }),
  'body-request': frameType(10, BodyRequest, m => {
    assertLength(m.logId, 32, 'log_id')
    assertRange(m.seqs.length, 1, BUNDLE_ENTRIES_MAX, 'seqs')
  }),
  bodies: frameType(11, Bodies, m => {
    assertLength(m.logId, 32, 'log_id')
    assertRange(m.seqs.length, 0, BUNDLE_ENTRIES_MAX, 'seqs')
    assertRange(m.bodies.length, m.seqs.length, m.seqs.length, 'bodies')
  }),
  refused: frameType(12, Refused, m => {
    assertText(m.code, 64, 'code')
    assertText(m.message, SHORT_TEXT_LENGTH_MAX, 'message')
  }),
} as const

type Kind = keyof typeof TYPES
const BY_NUMBER = new Map<number, Kind>(Object.entries(TYPES).map(([kind, type]) => [type.number, kind as Kind]))

export function encodeSyncMessage({ kind, message }: SyncMessage): Uint8Array {
  const type = TYPES[kind] as FrameType<unknown>
  return encode(SyncFrame, { type: type.number, body: encode(type.codec, message) })
}

/** Parses one frame of `/tocsin/sync/1`. Throws ProtocolError `wire-*` or `sync-unexpected-frame`. */
export function parseSyncMessage(bytes: Uint8Array): SyncMessage {
  const frame = decodeStrict(SyncFrame, bytes, SYNC_FRAME_BYTES_MAX)
  const kind = BY_NUMBER.get(frame.type)
  if (kind === undefined) throw new ProtocolError('sync-unexpected-frame', `sync frame of unknown type ${frame.type}`)
  const type = TYPES[kind] as FrameType<unknown>
  const message = decodeStrict(type.codec, frame.body, SYNC_FRAME_BYTES_MAX)
  type.check(message)
  return { kind, message } as SyncMessage
}
