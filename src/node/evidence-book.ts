import { setImmediate as nextTurn } from 'node:timers/promises'
import { compareBytes, fromHex, toHex } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { ProtocolError, StoreError, UserError } from '../base/errors.ts'
import { labelledHash } from '../base/hash.ts'
import {
  type AllianceId,
  type Hash,
  type LogId,
  type LogIdHex,
  logIdHex,
  type NationId,
  parseHash,
} from '../base/ids.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { type VerifiedCheckpointEvidence, verifyCheckpointEvidence } from '../chain/checkpoint-evidence.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import { parseProof, verifyProof } from '../chain/proof.ts'
import { type WitnessRegistry, witnessRegistryOf } from '../chain/quorum.ts'
import { type Evidence, type Standing, standingOf } from '../chain/standing.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { addDocument, addDocuments } from '../registry/add-document.ts'
import type { Directory } from '../registry/directory.ts'
import { documentsOf, type EvidenceSet, emptyEvidence, findDocument } from '../registry/evidence.ts'
import { openDirectory } from '../registry/open-directory.ts'
import type { Pin } from '../registry/registry-state.ts'
import { encodeSignedDoc, type ParsedSignedDoc, parseSignedDoc } from '../registry/signed-doc.ts'
import { type Store, type StoreBatch, UNLIMITED } from '../store/store.ts'
import type { EvidenceItem } from '../wire/gen/tocsin.ts'
import { documentsFor } from './document-order.ts'
import { type Change, createLogEvidence, itemName } from './log-evidence.ts'
import { createTurns } from './turns.ts'

/** All evidence held: documents, proofs, checkpoints, and what follows from them for every log. */
export interface EvidenceBook {
  readonly allianceId: AllianceId
  directory(): Directory
  /** Another object whenever a document was added. */
  documentSet(): EvidenceSet
  /** Documents as evidence: registries after a version, then the documents of the nation, then those of others. */
  documents(first: NationId, afterVersion?: number): readonly EvidenceItem[]
  /** From now on the registry in force is chosen under these. */
  repin(pins: readonly Pin[]): Promise<void>
  /** Takes what is valid and not known yet, durably. */
  apply(items: readonly EvidenceItem[], from: string): Promise<ApplyResult>
  /** After the store recovered: saves what could not be. */
  resume(): Promise<void>
  /** How far a log stands: UNLIMITED where nothing limits it. */
  limitOf(log: LogIdentity): number
  /** What stands of a log and why. */
  standingOf(log: LogIdentity): Standing
  checkpoints(logId: LogId): readonly VerifiedCheckpointEvidence[]
  newestCheckpoint(logId: LogId): VerifiedCheckpointEvidence | undefined
  has(hashHex: string): boolean
  /** Of documents first, each after those it builds on: whoever fetches in this order has none wait for another. */
  hashes(): readonly Uint8Array[]
  item(hash: Uint8Array): EvidenceItem | undefined
  /** `SHA256("tocsin/evidence/v1\0" || the hashes, ascending)`. */
  digest(): Hash
  /** The directory, or what stands of a log, may be another from now on. */
  onChange(listener: () => void): void
}

export interface ApplyResult {
  readonly added: number
  /** Said nothing new. */
  readonly known: number
  /** Documents kept until what they build on arrives. */
  readonly waiting: number
  readonly refused: readonly { readonly code: ErrorCode; readonly reason: string }[]
  /** SignedDocs that were added or have more signatures now, each after what it builds on. */
  readonly documents: readonly Uint8Array[]
}

export interface EvidenceBookOptions {
  readonly allianceId: AllianceId
  readonly store: Store
  readonly pins: readonly Pin[]
  readonly clock: Clock
  readonly logger: Logger
}

const HASH_BYTES = 32

export const EVIDENCE = { DOCUMENT: 1, PROOF: 2, CHECKPOINT: 3 } as const

/** A SignedDoc as evidence. */
export function documentItem(body: Uint8Array): EvidenceItem {
  return { type: EVIDENCE.DOCUMENT, body }
}

export async function openEvidenceBook(options: EvidenceBookOptions): Promise<EvidenceBook> {
  const { allianceId, store, logger } = options
  let { pins } = options
  let documents: EvidenceSet = emptyEvidence(allianceId)
  let directory: Directory | undefined
  let witnesses: WitnessRegistry | undefined
  const logs = createLogEvidence()
  /** By name in hex; documents are listed anew when they change. */
  const pieces = new Map<string, EvidenceItem>()
  let all: ReadonlyMap<string, EvidenceItem> | undefined
  /** What peers ask for as often as they like: worked out once a change. */
  let listed: { readonly names: readonly Hash[]; readonly digest: Hash } | undefined
  const limits = new Map<LogIdHex, number>()
  const listeners: (() => void)[] = []
  /** What is in force here already and was not written yet. */
  const unsaved: StoreBatch[] = []
  const inTurn = createTurns()

  const context = {
    allianceId,
    verify: verifyEd25519,
    keyStands: (nation: LogIdentity['nation'], signPk: Uint8Array) => current().mayOpenLog(nation, signPk),
    isWitness: (witnessPk: Uint8Array) => current().nationOfWitness(witnessPk) !== undefined,
    postQuantumKeys: ({ nation, signPk }: LogIdentity) => current().postQuantumKeys(nation, signPk),
  }

  function current(): Directory {
    directory ??= openDirectory(documents, pins)
    if (directory === undefined) {
      throw new UserError('registry-missing', 'the founding document of the alliance is not here', {
        fix: 'Run "tocsin alliance apply FILE" with the alliance file.',
      })
    }
    return directory
  }

  function forget(): void {
    directory = undefined
    witnesses = undefined
    all = undefined
    listed = undefined
    limits.clear()
  }

  // --- taking in --------------------------------------------------------------------------------------------------

  /** What there is to store of a piece; else why there is nothing. */
  function take(item: EvidenceItem): StoreBatch | 'known' | 'waiting' {
    if (item.type === EVIDENCE.DOCUMENT) return takeDocument(item)
    if (item.type === EVIDENCE.PROOF) return takeProof(item)
    // Of a later version; not kept, since nothing here could tell it from noise.
    return 'known'
  }

  function takeDocument(item: EvidenceItem): StoreBatch | 'known' | 'waiting' {
    const added = addDocument(documents, parseSignedDoc(item.body))
    if (added.outcome.kind === 'refused') throw new ProtocolError(added.outcome.code, added.outcome.reason)
    documents = added.set
    if (added.changed.length === 0) return added.outcome.kind === 'waiting' ? 'waiting' : 'known'
    forget()
    const docs = added.changed.flatMap(hash => findDocument(documents, hash) ?? [])
    const idle = logs.reconsider(evidenceOf)
    for (const { name } of idle) pieces.delete(toHex(name))
    return {
      documents: { add: docs.map(doc => ({ type: doc.type, hash: doc.hash, bytes: encodeSignedDoc(doc) })) },
      evidence: { remove: idle.map(({ name }) => name) },
    }
  }

  function takeProof(item: EvidenceItem): StoreBatch | 'known' {
    const change = logs.addProof(item, verifyProof(parseProof(item.body), context), evidenceOf)
    for (const log of change?.logs ?? []) {
      logger.warn({ nation: log.nation, log: logIdHex(log.logId) }, 'the author of a log contradicts itself')
    }
    return change === undefined ? 'known' : batchOf([change])
  }

  function batchOf(changes: readonly Change[]): StoreBatch {
    all = undefined
    listed = undefined
    for (const { added, removed, logs: touched } of changes) {
      for (const { name } of removed) pieces.delete(toHex(name))
      for (const { name, item } of added) pieces.set(toHex(name), item)
      // Two logs of one position say something of every log of that position.
      if (touched.length > 1) limits.clear()
      for (const log of touched) limits.delete(logIdHex(log.logId))
    }
    const add = changes.flatMap(({ added }) =>
      added.map(({ name, item }) => ({ type: item.type, hash: name, bytes: item.body })),
    )
    return { evidence: { add, remove: changes.flatMap(({ removed }) => removed.map(({ name }) => name)) } }
  }

  /** All that is held, by name in hex. */
  function allPieces(): ReadonlyMap<string, EvidenceItem> {
    all ??= new Map([...documentsOf(documents).map(documentPiece), ...pieces])
    return all
  }

  // --- what follows -----------------------------------------------------------------------------------------------

  function evidenceOf(log: LogIdentity): Evidence {
    const origin = { ...log, registryVersion: log.genesisRegistryVersion }
    witnesses ??= witnessRegistryOf(current())
    return {
      authority: current().logStanding(origin),
      registry: witnesses,
      ...logs.of(log),
    }
  }

  function limitOf(log: LogIdentity): number {
    const key = logIdHex(log.logId)
    const known = limits.get(key)
    if (known !== undefined) return known
    const standing = standingOf(log, evidenceOf(log))
    const limit = Number.isFinite(standing.limit) ? standing.limit : UNLIMITED
    limits.set(key, limit)
    return limit
  }

  /** Brings the stored limits in line; the view follows from them. */
  async function settleLimits(): Promise<void> {
    const changes = [...store.logs()]
      .map(({ head, limit }) => ({ logId: head.logId, before: limit, limit: limitOf(head) }))
      .filter(({ before, limit }) => before !== limit)
    if (changes.length > 0) await store.commit({ logs: changes.map(({ logId, limit }) => ({ logId, limit })) })
  }

  async function apply(offered: readonly EvidenceItem[], from: string): Promise<ApplyResult> {
    try {
      return await takeAll(offered, from)
    } catch (error) {
      // What could not be written counts here all the same, until `resume` has written it.
      tell()
      throw error
    }
  }

  async function takeAll(offered: readonly EvidenceItem[], from: string): Promise<ApplyResult> {
    const refused: { code: ErrorCode; reason: string }[] = []
    const count = { added: 0, known: 0, waiting: 0 }
    const fresh: Uint8Array[] = []
    const checkpoints: VerifiedCheckpointEvidence[] = []
    for (const item of offered) {
      try {
        if (item.type === EVIDENCE.CHECKPOINT) {
          checkpoints.push(verifyCheckpointEvidence(item.body, context))
          continue
        }
        const taken = take(item)
        count[typeof taken === 'string' ? taken : 'added']++
        if (typeof taken === 'string') continue
        for (const { bytes } of taken.documents?.add ?? []) fresh.push(bytes)
        await keep(taken)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        refused.push({ code: error.code, reason: error.message })
        // Anybody can make documents that take half a second to find out: others have their turn between them.
        await nextTurn()
        logger.debug({ code: error.code, from }, 'refused a piece of evidence')
      }
    }
    const changes: Change[] = []
    for (const ofLog of Map.groupBy(checkpoints, ({ log }) => logIdHex(log.logId)).values()) {
      const change = logs.addCheckpoints(ofLog, evidenceOf)
      count[change === undefined ? 'known' : 'added'] += ofLog.length
      if (change !== undefined) changes.push(change)
    }
    if (changes.length > 0) await keep(batchOf(changes))
    if (count.added > 0) await settle()
    return { ...count, refused, documents: fresh }
  }

  function keep(batch: StoreBatch): Promise<void> {
    unsaved.push(batch)
    return inTurn(save)
  }

  /** In order; what a failed write leaves is saved with what comes next. */
  async function save(): Promise<void> {
    for (let batch = unsaved[0]; batch !== undefined; batch = unsaved[0]) {
      await store.commit(batch, { sync: true })
      unsaved.shift()
    }
  }

  async function settle(): Promise<void> {
    try {
      await settleLimits()
    } finally {
      tell()
    }
  }

  function tell(): void {
    for (const listener of listeners) listener()
  }

  function listing() {
    if (listed !== undefined) return listed
    const names = [...allPieces().keys()].map(name => parseHash(fromHex(name)))
    const ascending = new Uint8Array(names.length * HASH_BYTES)
    for (const [i, name] of names.toSorted(compareBytes).entries()) ascending.set(name, i * HASH_BYTES)
    listed = { names, digest: labelledHash('tocsin/evidence/v1', ascending) }
    return listed
  }

  function restore(item: EvidenceItem): void {
    if (item.type !== EVIDENCE.CHECKPOINT) return void take(item)
    const piece = logs.restoreCheckpoint(verifyCheckpointEvidence(item.body, context))
    pieces.set(toHex(piece.name), piece.item)
  }

  // --- start ------------------------------------------------------------------------------------------------------

  const stored: ParsedSignedDoc[] = []
  for await (const doc of store.documents()) stored.push(parseSignedDoc(doc.bytes))
  documents = addDocuments(documents, stored)
  for await (const held of store.evidence()) {
    try {
      restore({ type: held.type, body: held.bytes })
    } catch (cause) {
      throw new StoreError('store-damaged', 'a stored piece of evidence does not verify any more', { cause })
    }
  }
  // The last run may have ended between a piece of evidence and what follows from it.
  await settleLimits()

  return {
    allianceId,
    directory: current,
    documentSet: () => documents,
    documents: (first, afterVersion = 0) =>
      documentsFor(documents, first, afterVersion).map(doc => documentPiece(doc)[1]),
    async repin(next) {
      pins = next
      forget()
      await settle()
    },
    apply,
    async resume() {
      await inTurn(save)
      await settle()
    },
    limitOf,
    standingOf: log => standingOf(log, evidenceOf(log)),
    checkpoints: logs.checkpoints,
    newestCheckpoint: logs.newestCheckpoint,
    has: hashHex => allPieces().has(hashHex),
    hashes: () => listing().names,
    item: hash => allPieces().get(toHex(hash)),
    digest: () => listing().digest,
    onChange: listener => void listeners.push(listener),
  }
}

function documentPiece(doc: ParsedSignedDoc): readonly [string, EvidenceItem] {
  const item = documentItem(encodeSignedDoc(doc))
  return [toHex(itemName(item)), item]
}
