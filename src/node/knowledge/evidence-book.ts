import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ErrorCode } from '../../base/codes.ts'
import { ProtocolError, StoreError, UserError } from '../../base/errors.ts'
import { type AllianceId, type Hash, type LogId, type LogIdHex, logIdHex, type NationId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { type VerifiedCheckpointEvidence, verifyCheckpointEvidence } from '../../chain/checkpoint-evidence.ts'
import { factsOfContradiction } from '../../chain/contradiction.ts'
import type { LogIdentity } from '../../chain/genesis.ts'
import { PROOF_TYPE, parseProof, verifyProof } from '../../chain/proof.ts'
import { type WitnessRegistry, witnessRegistryOf } from '../../chain/quorum.ts'
import { type Evidence, type Standing, standingOf } from '../../chain/standing.ts'
import { verifyEd25519 } from '../../crypto/ed25519.ts'
import { addDocument, addDocuments } from '../../registry/add-document.ts'
import type { Directory } from '../../registry/directory.ts'
import { documentsOf, type EvidenceSet, emptyEvidence, findDocument } from '../../registry/evidence.ts'
import { openDirectory } from '../../registry/open-directory.ts'
import type { Pin } from '../../registry/registry-state.ts'
import { encodeSignedDoc, type ParsedSignedDoc, parseSignedDoc } from '../../registry/signed-doc.ts'
import { type EntryPosition, type Store, type StoreBatch, UNLIMITED } from '../../store/store.ts'
import type { EvidenceItem } from '../../wire/gen/tocsin.ts'
import { createTurns } from '../mechanisms/turns.ts'
import { documentsFor } from './document-order.ts'
import { createEvidenceIndex } from './evidence-index.ts'
import { createHeldBranches } from './held-branches.ts'
import { type Change, createLogEvidence, type ProofPiece } from './log-evidence.ts'
import { createPurgeReceipts, type NationReceipt } from './purge-receipts.ts'

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
  /** How far a log stands, the same at every node that knows the same: UNLIMITED where nothing limits it. */
  limitOf(log: LogIdentity): number
  /** How far what is held here of it stands: less where that is of another branch than the one that stands. */
  heldLimitOf(log: LogIdentity): number
  /** Brings the stored limits in line with what is held now. */
  settle(): Promise<void>
  /** False where what is held reaches as far as the branch that stands and is another. */
  isOnBranch(log: LogIdentity): boolean
  /** The lowest seq at which the log is known to have forked; Infinity where it is not. */
  conflictAt(log: LogIdentity): number
  /** What stands of a log and why. */
  standingOf(log: LogIdentity): Standing
  checkpoints(logId: LogId): readonly VerifiedCheckpointEvidence[]
  newestCheckpoint(logId: LogId): VerifiedCheckpointEvidence | undefined
  /** Who says that it destroyed what this TOMBSTONE names. */
  purges(tombstone: EntryPosition): readonly NationReceipt[]
  /** Whether a further one would be kept. */
  hasRoomForPurge(tombstone: EntryPosition): boolean
  has(hashHex: string): boolean
  /** Of documents first, each after those it builds on: whoever fetches in this order has none wait for another. */
  hashes(): readonly Uint8Array[]
  item(hash: Uint8Array): EvidenceItem | undefined
  /** `SHA256("tocsin/evidence/v1\0" || the hashes, ascending)`. */
  digest(): Hash
  /** The proofs that count against logs, each once. */
  proofs(): readonly ProofPiece[]
  /** The directory, or what stands of a log, may be another from now on; of `touched` more is known. */
  onChange(listener: (touched: readonly LogIdentity[]) => void): void
  /** Checkpoints of others that hold, whether they are worth keeping or not. */
  onCheckpoints(listener: (offered: readonly VerifiedCheckpointEvidence[]) => void): void
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

export const EVIDENCE = { DOCUMENT: 1, PROOF: 2, CHECKPOINT: 3, PURGE: 4 } as const

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
  const index = createEvidenceIndex(() => documentsOf(documents).map(itemOf))
  const standings = new Map<LogIdHex, Standing>()
  const heldBranches = createHeldBranches(store, logs.checkpoints)
  const listeners: ((touched: readonly LogIdentity[]) => void)[] = []
  const checkpointListeners: ((offered: readonly VerifiedCheckpointEvidence[]) => void)[] = []
  /** Logs of which more is known since the listeners were told. */
  const touched = new Map<LogIdHex, LogIdentity>()
  /** What is in force here already and was not written yet. */
  const unsaved: StoreBatch[] = []
  const inTurn = createTurns()

  const context = {
    allianceId,
    verify: verifyEd25519,
    keyStands: (nation: LogIdentity['nation'], signPk: Uint8Array) => current().mayOpenLog(nation, signPk),
    isWitness: (witnessPk: Uint8Array) => current().nationsOfWitness(witnessPk).length > 0,
    postQuantumKeys: ({ nation, signPk }: LogIdentity) => current().postQuantumKeys(nation, signPk),
  }

  const receipts = createPurgeReceipts({
    allianceId,
    store,
    nationOf: witnessPk => current().nationsOfWitness(witnessPk)[0],
  })

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
    index.forget()
    standings.clear()
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
    index.remove(idle)
    return {
      documents: { add: docs.map(doc => ({ type: doc.type, hash: doc.hash, bytes: encodeSignedDoc(doc) })) },
      evidence: { remove: idle.map(({ name }) => name) },
    }
  }

  async function takeReceipt(item: EvidenceItem): Promise<StoreBatch | 'known'> {
    const change = await receipts.add(item)
    return change === undefined ? 'known' : batchOf([{ ...change, logs: [] }])
  }

  function takeProof(item: EvidenceItem): StoreBatch | 'known' {
    const proof = parseProof(item.body)
    const verified = verifyProof(proof, context)
    const change =
      verified.type === PROOF_TYPE.CHECKPOINTS
        ? logs.addCheckpoints(factsOfContradiction(proof, verified, context), evidenceOf)
        : logs.addProof(item, verified, evidenceOf)
    return change === undefined ? 'known' : batchOf([change])
  }

  function batchOf(changes: readonly Change[]): StoreBatch {
    for (const { added, removed, logs: changed } of changes) {
      index.remove(removed)
      index.add(added)
      // Two logs of one position say something of every log of that position.
      if (changed.length > 1) standings.clear()
      for (const log of changed) {
        standings.delete(logIdHex(log.logId))
        touched.set(logIdHex(log.logId), log)
      }
    }
    const add = changes.flatMap(({ added }) =>
      added.map(({ name, item }) => ({ type: item.type, hash: name, bytes: item.body })),
    )
    return { evidence: { add, remove: changes.flatMap(({ removed }) => removed.map(({ name }) => name)) } }
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

  function standing(log: LogIdentity): Standing {
    const key = logIdHex(log.logId)
    const known = standings.get(key)
    if (known !== undefined) return known
    const found = standingOf(log, evidenceOf(log))
    standings.set(key, found)
    return found
  }

  function limitOf(log: LogIdentity): number {
    const { limit } = standing(log)
    return Number.isFinite(limit) ? limit : UNLIMITED
  }

  function heldLimitOf(log: LogIdentity): number {
    return Math.min(limitOf(log), heldBranches.soundSize(log.logId, standing(log).branch))
  }

  function conflictAt(log: LogIdentity): number {
    if (standing(log).alarms.includes('contradictory-checkpoints')) return 0
    return Math.min(...logs.of(log).proofs.map(({ at }) => at))
  }

  /** Brings the stored limits in line; the view follows from them. */
  async function settleLimits(): Promise<void> {
    const changes = [...store.logs()]
      .map(({ head, limit }) => ({ logId: head.logId, before: limit, limit: heldLimitOf(head) }))
      .filter(({ before, limit }) => before !== limit)
    if (changes.length > 0) await store.commit({ logs: changes.map(({ logId, limit }) => ({ logId, limit })) })
    const idle = receipts.reconsider()
    index.remove(idle)
    if (idle.length > 0) await store.commit({ evidence: { remove: idle.map(({ name }) => name) } })
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
        const taken = item.type === EVIDENCE.PURGE ? await takeReceipt(item) : take(item)
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
    if (checkpoints.length > 0) for (const listener of checkpointListeners) listener(checkpoints)
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
    const told = [...touched.values()]
    touched.clear()
    for (const listener of listeners) listener(told)
  }

  function restore(item: EvidenceItem): void {
    if (item.type === EVIDENCE.PURGE) return void index.add([receipts.restore(item)])
    if (item.type !== EVIDENCE.CHECKPOINT) return void take(item)
    index.add([logs.restoreCheckpoint(verifyCheckpointEvidence(item.body, context))])
  }

  // --- start ------------------------------------------------------------------------------------------------------

  const stored: ParsedSignedDoc[] = []
  for await (const doc of store.documents()) stored.push(parseSignedDoc(doc.bytes))
  documents = addDocuments(documents, stored)
  const proofs: EvidenceItem[] = []
  for await (const { type, bytes } of store.evidence()) {
    // Which of them count depends on the checkpoints.
    if (type === EVIDENCE.PROOF) proofs.push({ type, body: bytes })
    else restoreHeld({ type, body: bytes })
  }
  proofs.forEach(restoreHeld)
  // The last run may have ended between a piece of evidence and what follows from it.
  await settleLimits()

  function restoreHeld(item: EvidenceItem): void {
    try {
      restore(item)
    } catch (cause) {
      throw new StoreError('store-damaged', 'a stored piece of evidence does not verify any more', { cause })
    }
  }

  return {
    allianceId,
    directory: current,
    documentSet: () => documents,
    documents: (first, afterVersion = 0) => documentsFor(documents, first, afterVersion).map(itemOf),
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
    heldLimitOf,
    settle: () => inTurn(settleLimits),
    isOnBranch: log => heldBranches.isSound(log.logId, standing(log).branch),
    conflictAt,
    standingOf: standing,
    checkpoints: logs.checkpoints,
    purges: receipts.of,
    hasRoomForPurge: receipts.hasRoom,
    newestCheckpoint: logs.newestCheckpoint,
    proofs: logs.proofs,
    has: index.has,
    hashes: index.names,
    item: index.item,
    digest: index.digest,
    onChange: listener => void listeners.push(listener),
    onCheckpoints: listener => void checkpointListeners.push(listener),
  }
}

function itemOf(doc: ParsedSignedDoc): EvidenceItem {
  return documentItem(encodeSignedDoc(doc))
}
