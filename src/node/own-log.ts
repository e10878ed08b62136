import { equalBytes } from '../base/bytes.ts'
import { StoreError, UserError } from '../base/errors.ts'
import type { AllianceId, EpochId, NationId } from '../base/ids.ts'
import type { Clock, Logger, Random } from '../base/ports.ts'
import type { Predecessor } from '../chain/genesis.ts'
import { buildGenesis } from '../chain/genesis.ts'
import type { LogHead } from '../chain/log-head.ts'
import {
  buildCloseBody,
  buildHeader,
  type EntryDraft,
  type EntryPlace,
  placeAfter,
  signEntry,
} from '../chain/next-entry.ts'
import { type VerifiedEntry, verifyEntry, verifyGenesis } from '../chain/verify-entry.ts'
import { compactRangeAt, rangeRoot } from '../merkle/compact-range.ts'
import type { EntryPosition, Store } from '../store/store.ts'
import { encode } from '../wire/codec.ts'
import { KIND, logIdOf, parseHeader } from '../wire/entry.ts'
import { Envelope } from '../wire/gen/tocsin.ts'
import { ENVELOPE_BYTES_MAX, INCARNATIONS_MAX } from '../wire/limits.ts'
import { decodeStrict } from '../wire/strict.ts'
import type { OwnCommit } from './entry-writer.ts'
import type { Ingest } from './ingest.ts'
import { createTurns } from './turns.ts'

export interface OwnLogOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly signPk: Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  readonly store: Store
  readonly ingest: Pick<Ingest, 'commitOwn'>
  readonly registryVersion: () => number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

export interface OwnDraft {
  readonly kind: number
  /** Given the place where the entry will stand, for what is bound to it. */
  build(place: EntryPlace & { readonly registryVersion: number }): {
    readonly body: Uint8Array
    readonly sealing?: { readonly epochId: EpochId; readonly salt: Uint8Array }
  }
}

const NO_PREV = new Uint8Array(32)

/**
 * The log that this node signs. Each entry is first written as an intent, unsigned and fsynced; Ed25519 is
 * deterministic, so whatever fails afterwards, signing the intent again gives the same entry and never a fork.
 */
export function createOwnLog(options: OwnLogOptions) {
  const { allianceId, nation, signPk, sign, store, clock } = options
  const context = { allianceId, verify: options.verify, keyStands: () => true }
  /** Something failed after an intent was written: it may be there, and the entry with it. */
  let doubtful = false
  /** Each entry names the one before. */
  const inTurn = createTurns()

  function current(): LogHead | undefined {
    let newest: LogHead | undefined
    for (const { head } of store.logs()) {
      if (!equalBytes(head.signPk, signPk) || head.nation !== nation) continue
      if (newest === undefined || head.incarnation > newest.incarnation) newest = head
    }
    return newest
  }

  async function appendNext(draft: OwnDraft, own: OwnCommit): Promise<VerifiedEntry> {
    await recoverIfDoubtful()
    const head = current()
    if (head === undefined) {
      await open(1, undefined)
      return appendNext(draft, own)
    }
    if (head.closed) {
      await open(head.incarnation + 1, predecessorOf(head, head.size - 1))
      return appendNext(draft, own)
    }
    const registryVersion = Math.max(head.registryVersion, options.registryVersion())
    const place = placeAfter(head)
    const { body, sealing } = draft.build({ ...place, registryVersion })
    const timeMs = Math.max(clock.now(), head.timeMs)
    const entry: EntryDraft = {
      kind: draft.kind,
      body,
      timeMs,
      registryVersion,
      ...(sealing === undefined ? {} : { sealing }),
    }
    return commit(place, buildHeader(place, entry), body, own)
  }

  async function open(incarnation: number, predecessor: Predecessor | undefined): Promise<VerifiedEntry> {
    if (incarnation > INCARNATIONS_MAX) {
      throw new UserError('signing-key-used-up', `this signing key has opened ${INCARNATIONS_MAX} logs`, {
        fix: 'Rotate the node key of the nation.',
      })
    }
    const nonce = options.random.bytes(16)
    const body = buildGenesis({ nation, signPk, incarnation, predecessor, nonce })
    const place = { logId: logIdOf(allianceId, body), seq: 0, prev: NO_PREV as EntryPlace['prev'] }
    const draft = { kind: KIND.GENESIS, body, timeMs: clock.now(), registryVersion: options.registryVersion() }
    return commit(place, buildHeader(place, draft), body, {})
  }

  async function commit(
    place: EntryPlace,
    header: Uint8Array,
    body: Uint8Array,
    own: OwnCommit,
  ): Promise<VerifiedEntry> {
    const position: EntryPosition = { logId: place.logId, seq: place.seq }
    try {
      await store.commit({ intents: { add: [{ ...position, bytes: encodeIntent(header, body) }] } }, { sync: true })
      const entry = signed(header, body)
      await options.ingest.commitOwn([entry], { ...own, intents: [position] })
      return entry
    } catch (error) {
      doubtful = true
      throw error
    }
  }

  function signed(header: Uint8Array, body: Uint8Array): VerifiedEntry {
    const entry = signEntry(allianceId, header, body, sign)
    if (entry.header.seq === 0) return verifyGenesis(entry, context)
    const head = store.log(entry.logId)?.head
    if (head === undefined) throw new StoreError('internal', 'an entry was to be signed in a log that is not held')
    return verifyEntry(entry, head, context)
  }

  async function recoverIfDoubtful(): Promise<void> {
    if (!doubtful) return
    await completeIntents()
    doubtful = false
  }

  /** After a start, a crash or a failed write: signs again, to the same bytes, what was about to be signed. */
  async function completeIntents(): Promise<void> {
    for (const intent of await store.intents()) {
      const { header, body } = decodeIntent(intent.bytes)
      const { prev } = parseHeader(header)
      const head = store.log(intent.logId)?.head
      const fits = intent.seq === (head?.size ?? 0) && equalBytes(prev, head?.leaf ?? NO_PREV) && !head?.closed
      if (fits) await options.ingest.commitOwn([signed(header, body)], { intents: [intent] })
      else await store.commit({ intents: { remove: [intent] } })
      if (fits) options.logger.info({ seq: intent.seq }, 'completed an entry that was about to be signed')
    }
  }

  async function openNext(close: boolean): Promise<LogHead> {
    await recoverIfDoubtful()
    const head = current()
    if (head === undefined) await open(1, undefined)
    else if (close && !head.closed && head.size < (store.log(head.logId)?.limit ?? 0))
      await appendNext({ kind: KIND.CLOSE, build: place => ({ body: buildCloseBody(place.seq, undefined) }) }, {})
    if (head !== undefined) await open(head.incarnation + 1, predecessorOf(head, head.size - (head.closed ? 1 : 0)))
    return current() as LogHead
  }

  function predecessorOf(head: LogHead, size: number): Predecessor {
    const root = size === head.size ? rangeRoot(head.tree) : rangeRoot(compactRangeAt(store.hashAt(head.logId), size))
    return { logId: head.logId, size, root }
  }

  return {
    /** The newest log of this key, as it is committed. */
    current,
    /** Appends one entry to the log, which it opens first where there is none. Resolves when both are durable. */
    append: (draft: OwnDraft, own: OwnCommit = {}) => inTurn(() => appendNext(draft, own)),
    completeIntents: () => inTurn(completeIntents),
    /** Opens the next incarnation. The old log gets its CLOSE where `close` says that it may be signed. */
    incarnate: (close: boolean) => inTurn(() => openNext(close)),
  }
}

export type OwnLog = ReturnType<typeof createOwnLog>

function encodeIntent(header: Uint8Array, body: Uint8Array): Uint8Array {
  return encode(Envelope, { header, signature: new Uint8Array(0), body })
}

function decodeIntent(bytes: Uint8Array): { readonly header: Uint8Array; readonly body: Uint8Array } {
  return decodeStrict(Envelope, bytes, ENVELOPE_BYTES_MAX)
}
