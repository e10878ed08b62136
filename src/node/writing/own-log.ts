import { equalBytes } from '../../base/bytes.ts'
import { StoreError, UserError } from '../../base/errors.ts'
import type { AllianceId, EpochId, NationId } from '../../base/ids.ts'
import type { Clock, Logger, Random } from '../../base/ports.ts'
import type { Predecessor } from '../../chain/genesis.ts'
import { buildGenesis, type LogIdentity, parseGenesis } from '../../chain/genesis.ts'
import type { LogHead } from '../../chain/log-head.ts'
import {
  buildCloseBody,
  buildHeader,
  type EntryDraft,
  type EntryPlace,
  placeAfter,
  signEntry,
} from '../../chain/next-entry.ts'
import { type VerifiedEntry, verifyEntry, verifyGenesis } from '../../chain/verify-entry.ts'
import type { Ed25519Signer } from '../../crypto/signer.ts'
import { compactRangeAt, rangeRoot } from '../../merkle/compact-range.ts'
import type { AuditDecision } from '../../policy/audit-record.ts'
import type { EntryPosition, Store } from '../../store/store.ts'
import { encode } from '../../wire/codec.ts'
import { KIND, logIdOf, parseHeader } from '../../wire/entry.ts'
import { Envelope } from '../../wire/gen/tocsin.ts'
import { ENVELOPE_BYTES_MAX, INCARNATIONS_MAX } from '../../wire/limits.ts'
import { decodeStrict } from '../../wire/strict.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { RENEWED } from '../home/renewal-note.ts'
import type { OwnCommit } from '../intake/entry-writer.ts'
import type { Ingest } from '../intake/ingest.ts'
import { createTurns } from '../mechanisms/turns.ts'

export interface OwnLogOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly signer: Ed25519Signer
  /** The key before it: its log goes on until the next is opened. */
  readonly previous?: Ed25519Signer | undefined
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  readonly store: Store
  readonly ingest: Pick<Ingest, 'commitOwn'>
  readonly registryVersion: () => number
  readonly audit: Pick<AuditLog, 'events'>
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
    /** What the audit log is to say of the entry. */
    readonly records?: readonly AuditDecision[]
  }
}

/** An entry that is to be signed. */
interface Unsigned {
  readonly place: EntryPlace
  readonly header: Uint8Array
  readonly body: Uint8Array
  readonly records: readonly AuditDecision[]
}

const NO_PREV = new Uint8Array(32)

/**
 * The log that this node signs. Each entry is first written as an intent, unsigned and fsynced; Ed25519 is
 * deterministic, so whatever fails afterwards, signing the intent again gives the same entry and never a fork. What the
 * audit log says of the entry is written with the intent: nothing is signed that is not recorded.
 */
export function createOwnLog(options: OwnLogOptions) {
  const { allianceId, nation, signer, previous, store, clock } = options
  const context = { allianceId, verify: options.verify, keyStands: () => true }
  /** Something failed after an intent was written: it may be there, and the entry with it. */
  let doubtful = false
  /** Each entry names the one before. */
  const inTurn = createTurns()

  function current(): LogHead | undefined {
    return newestOf(signer) ?? (previous && newestOf(previous))
  }

  function newestOf({ publicKey }: Ed25519Signer): LogHead | undefined {
    let newest: LogHead | undefined
    for (const { head } of store.logs()) {
      if (!equalBytes(head.signPk, publicKey) || head.nation !== nation) continue
      if (newest === undefined || head.incarnation > newest.incarnation) newest = head
    }
    return newest
  }

  function signerOf(signPk: Uint8Array): Ed25519Signer | undefined {
    return [signer, previous].find(each => each !== undefined && equalBytes(each.publicKey, signPk))
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
    const { body, sealing, records = [] } = draft.build({ ...place, registryVersion })
    const timeMs = Math.max(clock.now(), head.timeMs)
    const entry: EntryDraft = {
      kind: draft.kind,
      body,
      timeMs,
      registryVersion,
      ...(sealing === undefined ? {} : { sealing }),
    }
    return commit({ place, header: buildHeader(place, entry), body, records }, own)
  }

  async function open(incarnation: number, predecessor: Predecessor | undefined): Promise<VerifiedEntry> {
    return commit(draftGenesis(incarnation, predecessor), {})
  }

  function draftGenesis(incarnation: number, predecessor: Predecessor | undefined): Unsigned {
    if (incarnation > INCARNATIONS_MAX) {
      throw new UserError('signing-key-used-up', `this signing key has opened ${INCARNATIONS_MAX} logs`, {
        fix: 'Rotate the node key: tocsin nation rotate node',
      })
    }
    const nonce = options.random.bytes(16)
    const body = buildGenesis({ nation, signPk: signer.publicKey, incarnation, predecessor, nonce })
    const place = { logId: logIdOf(allianceId, body), seq: 0, prev: NO_PREV as EntryPlace['prev'] }
    const draft = { kind: KIND.GENESIS, body, timeMs: clock.now(), registryVersion: options.registryVersion() }
    const { logId, seq } = place
    const records: AuditDecision[] = [
      { kind: 'incarnated', by: 'node', entry: { logId, seq }, subject: signer.publicKey, count: incarnation },
    ]
    return { place, header: buildHeader(place, draft), body, records }
  }

  /**
   * The first log of this key carries on that of the key before, which gets its CLOSE where `close` says that it may be
   * signed and it may still grow. Both are reserved in one write: after a crash they come to be together.
   */
  async function succeed(old: LogHead, close: boolean): Promise<void> {
    const { limit, standing } = store.log(old.logId)!
    const size = Math.min(standing.size, old.closed ? old.size - 1 : old.size)
    const genesis = draftGenesis(1, size === 0 ? undefined : predecessorOf(old, size))
    const mayClose = close && !old.closed && old.size < limit
    await commitAll(mayClose ? [draftClose(old, genesis.place.logId), genesis] : [genesis], {})
  }

  function draftClose(head: LogHead, successor: EntryPlace['logId']): Unsigned {
    const place = placeAfter(head)
    const body = buildCloseBody(place.seq, successor)
    const registryVersion = Math.max(head.registryVersion, options.registryVersion())
    const draft = { kind: KIND.CLOSE, body, timeMs: Math.max(clock.now(), head.timeMs), registryVersion }
    return { place, header: buildHeader(place, draft), body, records: [] }
  }

  async function commit(entry: Unsigned, own: OwnCommit): Promise<VerifiedEntry> {
    const [committed] = await commitAll([entry], own)
    return committed!
  }

  async function commitAll(entries: readonly Unsigned[], own: OwnCommit): Promise<VerifiedEntry[]> {
    const intents = entries.map(({ place: { logId, seq } }) => ({ logId, seq }))
    try {
      const add = entries.map(({ header, body }, i) => ({ ...intents[i]!, bytes: encodeIntent(header, body) }))
      const records = options.audit.events(...entries.flatMap(entry => entry.records))
      const opensLog = intents.some(({ seq }) => seq === 0)
      await store.commit({ intents: { add }, audit: { add: records }, ...(opensLog && RENEWED) }, { sync: true })
      const done = entries.map(({ place, header, body }) => signed(place, header, body))
      await options.ingest.commitOwn(done, { ...own, intents })
      return done
    } catch (error) {
      doubtful = true
      throw error
    }
  }

  function signed({ logId, seq }: EntryPosition, header: Uint8Array, body: Uint8Array): VerifiedEntry {
    const head = store.log(logId)?.head
    const key = keyOf(seq, body, head)
    if (key === undefined) throw new StoreError('internal', 'an entry was to be signed in a log that is not ours')
    const entry = signEntry(allianceId, header, body, key.sign)
    return seq === 0 ? verifyGenesis(entry, context) : verifyEntry(entry, head!, context)
  }

  /** The key of the log that an entry is for. */
  function keyOf(seq: number, body: Uint8Array, head: LogHead | undefined): Ed25519Signer | undefined {
    if (seq === 0) return signerOf(parseGenesis(body).signPk)
    return head && signerOf(head.signPk)
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
      // A key that has been replaced signs nothing any more.
      const isHeld = keyOf(intent.seq, body, head) !== undefined
      const isNext = intent.seq === (head?.size ?? 0) && equalBytes(prev, head?.leaf ?? NO_PREV) && !head?.closed
      const fits = isHeld && isNext
      if (fits) await options.ingest.commitOwn([signed(intent, header, body)], { intents: [intent] })
      else await dropIntent(intent)
      if (fits) options.logger.info({ seq: intent.seq }, 'completed an entry that was about to be signed')
    }
  }

  /** What the audit log says was released was not signed after all. */
  async function dropIntent({ logId, seq }: EntryPosition): Promise<void> {
    const dropped = options.audit.events({ kind: 'dropped', by: 'node', entry: { logId, seq } })
    await store.commit({ intents: { remove: [{ logId, seq }] }, audit: { add: dropped } }, { sync: true })
  }

  async function openNext(close: boolean): Promise<LogHead> {
    const awaited = awaitsSuccession()
    await recoverIfDoubtful()
    if (awaitsSuccession()) await succeed(current()!, close)
    // An intent that has just been completed may have been the succession.
    else if (!awaited) await openIncarnation(close)
    return current()!
  }

  async function openIncarnation(close: boolean): Promise<void> {
    const head = current()
    if (head === undefined) await open(1, undefined)
    else if (close && !head.closed && head.size < (store.log(head.logId)?.limit ?? 0))
      await appendNext({ kind: KIND.CLOSE, build: place => ({ body: buildCloseBody(place.seq, undefined) }) }, {})
    if (head !== undefined) await open(head.incarnation + 1, predecessorOf(head, head.size - (head.closed ? 1 : 0)))
  }

  function predecessorOf(head: LogHead, size: number): Predecessor {
    const root = size === head.size ? rangeRoot(head.tree) : rangeRoot(compactRangeAt(store.hashAt(head.logId), size))
    return { logId: head.logId, size, root }
  }

  function awaitsSuccession(): boolean {
    const head = current()
    return head !== undefined && !equalBytes(head.signPk, signer.publicKey)
  }

  return {
    /** The newest log of this key, as it is committed; of the key before, until this one has a log. */
    current,
    /** Whether this node signs in the log, or should have been signing there; what it left behind may still arrive. */
    isCurrent(log: LogIdentity): boolean {
      const key = signerOf(log.signPk)
      if (key === undefined || (key === previous && newestOf(signer) !== undefined)) return false
      return log.incarnation >= (newestOf(key)?.incarnation ?? 0)
    },
    /** The log of the key before waits for its successor. */
    awaitsSuccession,
    signerOf,
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
