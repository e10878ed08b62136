import { EMPTY } from '../base/bytes.ts'
import { sha256 } from '../base/hash.ts'
import { type AllianceId, type EpochId, type Hash, type LogId, parseHash } from '../base/ids.ts'
import { encode } from '../wire/codec.ts'
import { entrySignatureInput, HEADER_VERSION, KIND, logIdOf, type ParsedEntry, parseEntry } from '../wire/entry.ts'
import { Close, EntryHeader, Tombstone } from '../wire/gen/tocsin.ts'
import { buildGenesis, type GenesisContent } from './genesis.ts'
import type { LogHead } from './log-head.ts'

/** Where an entry stands: its log, its seq, and the leaf before it. */
export interface EntryPlace {
  readonly logId: LogId
  readonly seq: number
  readonly prev: Hash
}

export interface EntryDraft {
  readonly kind: number
  readonly body: Uint8Array
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly registryVersion: number
  /** Of a BATCH, and of nothing else. */
  readonly sealing?: { readonly epochId: EpochId; readonly salt: Uint8Array }
}

/** 64 bytes over `message`, by the log's key. */
export type Sign = (message: Uint8Array) => Uint8Array

const NO_PREV = parseHash(new Uint8Array(32))

export function placeAfter(head: LogHead): EntryPlace {
  return { logId: head.logId, seq: head.size, prev: head.leaf }
}

/** Header bytes, unsigned: what is reserved durably before the signature is made. */
export function buildHeader(place: EntryPlace, draft: EntryDraft): Uint8Array {
  return encode(EntryHeader, {
    version: HEADER_VERSION,
    logId: place.logId,
    seq: place.seq,
    prev: place.prev,
    timeMs: draft.timeMs,
    kind: draft.kind,
    registryVersion: draft.registryVersion,
    epochId: draft.sealing?.epochId ?? EMPTY,
    salt: draft.sealing?.salt ?? EMPTY,
    bodyHash: sha256(draft.body),
    bodyLen: draft.body.length,
  })
}

/** Signs a header. Throws ProtocolError where the result is no entry that others would take. */
export function signEntry(allianceId: AllianceId, header: Uint8Array, body: Uint8Array, sign: Sign): ParsedEntry {
  return parseEntry({ header, signature: sign(entrySignatureInput(allianceId, header)), body })
}

export function buildEntry(allianceId: AllianceId, place: EntryPlace, draft: EntryDraft, sign: Sign): ParsedEntry {
  return signEntry(allianceId, buildHeader(place, draft), draft.body, sign)
}

/** The first entry of a new log. */
export function buildGenesisEntry(
  allianceId: AllianceId,
  genesis: GenesisContent,
  { timeMs, registryVersion }: Pick<EntryDraft, 'timeMs' | 'registryVersion'>,
  sign: Sign,
): ParsedEntry {
  const body = buildGenesis(genesis)
  const place = { logId: logIdOf(allianceId, body), seq: 0, prev: NO_PREV }
  return buildEntry(allianceId, place, { kind: KIND.GENESIS, body, timeMs, registryVersion }, sign)
}

/** Body of the CLOSE that follows `size` entries. */
export function buildCloseBody(size: number, successorLog: LogId | undefined): Uint8Array {
  return encode(Close, { successorLog: successorLog ?? EMPTY, finalSize: size + 1 })
}

/** Body of a TOMBSTONE; `reason` 1 ERROR, 2 LEGAL, 3 PERSONAL_DATA, 4 CLASSIFIED, 5 OTHER. */
export function buildTombstoneBody(logId: LogId, seq: number, reason: number): Uint8Array {
  return encode(Tombstone, { logId, seq, reason })
}
