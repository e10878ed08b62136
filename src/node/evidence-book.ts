import { toHex } from '../base/bytes.ts'
import { ProtocolError, StoreError, UserError } from '../base/errors.ts'
import { labelledHash, sha256 } from '../base/hash.ts'
import { type AllianceId, type Hash, type LogId, type LogIdHex, logIdHex } from '../base/ids.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { type VerifiedCheckpointEvidence, verifyCheckpointEvidence } from '../chain/checkpoint-evidence.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import { parseProof, type VerifiedProof, verifyProof } from '../chain/proof.ts'
import { type WitnessRegistry, witnessRegistryOf } from '../chain/quorum.ts'
import { type Evidence, proofLowers, type Standing, standingOf } from '../chain/standing.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { addDocument } from '../registry/add-document.ts'
import type { Directory } from '../registry/directory.ts'
import { documentsOf, type EvidenceSet, emptyEvidence } from '../registry/evidence.ts'
import { openDirectory } from '../registry/open-directory.ts'
import type { Pin } from '../registry/registry-state.ts'
import { encodeSignedDoc, parseSignedDoc } from '../registry/signed-doc.ts'
import { type Store, type StoreBatch, UNLIMITED } from '../store/store.ts'
import { encode } from '../wire/codec.ts'
import { EvidenceItem } from '../wire/gen/tocsin.ts'

/** All evidence held: documents, proofs, checkpoints, and what follows from them for every log. */
export interface EvidenceBook {
  readonly allianceId: AllianceId
  directory(): Directory
  /** Takes what is valid and not known yet, durably. */
  apply(items: readonly EvidenceItem[], from: string): Promise<ApplyResult>
  /** How far a log stands: UNLIMITED where nothing limits it. */
  limitOf(log: LogIdentity): number
  newestCheckpoint(logId: LogId): VerifiedCheckpointEvidence | undefined
  has(hashHex: string): boolean
  hashes(): readonly Uint8Array[]
  item(hash: Uint8Array): EvidenceItem | undefined
  /** `SHA256("tocsin/evidence/v1\0" || the hashes, ascending)`. */
  digest(): Hash
  /** The directory, or what stands of a log, may be another from now on. */
  onChange(listener: () => void): void
}

export interface ApplyResult {
  readonly added: number
  readonly refused: readonly { readonly code: string; readonly reason: string }[]
}

export interface EvidenceBookOptions {
  readonly allianceId: AllianceId
  readonly store: Store
  readonly pins: readonly Pin[]
  readonly clock: Clock
  readonly logger: Logger
}

export const EVIDENCE = { DOCUMENT: 1, PROOF: 2, CHECKPOINT: 3 } as const

/** Of one log; a proof lowers the limit or is not kept, a checkpoint is the newest or is not. */
interface LogEvidence {
  checkpoint: { readonly verified: VerifiedCheckpointEvidence; readonly hash: Hash } | undefined
  readonly proofs: VerifiedProof[]
}

export async function openEvidenceBook(options: EvidenceBookOptions): Promise<EvidenceBook> {
  const { allianceId, store, logger } = options
  let documents: EvidenceSet = emptyEvidence(allianceId)
  let directory: Directory | undefined
  let witnesses: WitnessRegistry | undefined
  const logs = new Map<LogIdHex, LogEvidence>()
  const items = new Map<string, EvidenceItem>()
  const limits = new Map<LogIdHex, number>()
  const listeners: (() => void)[] = []

  const context = {
    allianceId,
    verify: verifyEd25519,
    keyStands: (nation: LogIdentity['nation'], signPk: Uint8Array) => current().mayOpenLog(nation, signPk),
    isWitness: (witnessPk: Uint8Array) => current().nationOfWitness(witnessPk) !== undefined,
  }

  function current(): Directory {
    directory ??= openDirectory(documents, options.pins)
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
    limits.clear()
  }

  // --- taking in --------------------------------------------------------------------------------------------------

  function take(item: EvidenceItem): StoreBatch | undefined {
    if (item.type === EVIDENCE.DOCUMENT) return takeDocument(item)
    if (item.type === EVIDENCE.PROOF) return takeProof(item)
    if (item.type === EVIDENCE.CHECKPOINT) return takeCheckpoint(item)
    // Of a later version; not kept, since nothing here could tell it from noise.
    return undefined
  }

  function takeDocument(item: EvidenceItem): StoreBatch | undefined {
    const added = addDocument(documents, parseSignedDoc(item.body))
    if (added.outcome.kind === 'refused') throw new ProtocolError(added.outcome.code, added.outcome.reason)
    documents = added.set
    if (added.changed.length === 0) return undefined
    forget()
    indexDocuments()
    const changed = new Set<string>(added.changed)
    const docs = documentsOf(documents).filter(doc => changed.has(toHex(doc.hash)))
    return { documents: { add: docs.map(doc => ({ type: doc.type, hash: doc.hash, bytes: encodeSignedDoc(doc) })) } }
  }

  function indexDocuments(): void {
    for (const [key, held] of items) if (held.type === EVIDENCE.DOCUMENT) items.delete(key)
    for (const doc of documentsOf(documents)) index({ type: EVIDENCE.DOCUMENT, body: encodeSignedDoc(doc) })
  }

  function index(item: EvidenceItem): Hash {
    const hash = sha256(encode(EvidenceItem, item))
    items.set(toHex(hash), item)
    return hash
  }

  function takeProof(item: EvidenceItem): StoreBatch | undefined {
    const verified = verifyProof(parseProof(item.body), context)
    const lowers = verified.logs.filter(log => proofLowers(log, evidenceOf(log), verified.effect))
    if (lowers.length === 0) return undefined
    for (const log of lowers) {
      of(log.logId).proofs.push(verified)
      limits.delete(logIdHex(log.logId))
      logger.warn({ nation: log.nation, log: logIdHex(log.logId), at: verified.effect.at }, 'a log contradicts itself')
    }
    return { evidence: { add: [{ type: item.type, hash: index(item), bytes: item.body }] } }
  }

  function takeCheckpoint(item: EvidenceItem): StoreBatch | undefined {
    const verified = verifyCheckpointEvidence(item.body, context)
    const log = of(verified.log.logId)
    const held = log.checkpoint
    if (held !== undefined && !supersedes(verified, held.verified)) return undefined
    const hash = index(item)
    log.checkpoint = { verified, hash }
    limits.delete(logIdHex(verified.log.logId))
    if (held !== undefined) items.delete(toHex(held.hash))
    return {
      evidence: {
        add: [{ type: item.type, hash, bytes: item.body }],
        ...(held === undefined ? {} : { remove: [held.hash] }),
      },
    }
  }

  function of(logId: LogId): LogEvidence {
    const key = logIdHex(logId)
    const log = logs.get(key) ?? { checkpoint: undefined, proofs: [] }
    logs.set(key, log)
    return log
  }

  // --- what follows -----------------------------------------------------------------------------------------------

  function evidenceOf(log: LogIdentity): Evidence {
    const held = of(log.logId)
    const origin = { ...log, registryVersion: log.genesisRegistryVersion }
    witnesses ??= witnessRegistryOf(current())
    return {
      authority: current().logStanding(origin),
      registry: witnesses,
      checkpoints: held.checkpoint === undefined ? [] : [checkpointEffect(held.checkpoint.verified)],
      proofs: held.proofs.map(proof => proof.effect),
    }
  }

  function limitOf(log: LogIdentity): number {
    const key = logIdHex(log.logId)
    const known = limits.get(key)
    if (known !== undefined) return known
    const standing: Standing = standingOf(log, evidenceOf(log))
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
    const refused: { code: string; reason: string }[] = []
    let added = 0
    for (const item of offered) {
      try {
        const batch = take(item)
        if (batch === undefined) continue
        await store.commit(batch, { sync: true })
        added++
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        refused.push({ code: error.code, reason: error.message })
        logger.debug({ code: error.code, from }, 'refused a piece of evidence')
      }
    }
    if (added > 0) {
      await settleLimits()
      for (const listener of listeners) listener()
    }
    return { added, refused }
  }

  // --- start ------------------------------------------------------------------------------------------------------

  for await (const doc of store.documents()) documents = addDocument(documents, parseSignedDoc(doc.bytes)).set
  indexDocuments()
  for await (const held of store.evidence()) {
    try {
      take({ type: held.type, body: held.bytes })
    } catch (cause) {
      throw new StoreError('store-damaged', 'a stored piece of evidence does not verify any more', { cause })
    }
  }

  return {
    allianceId,
    directory: current,
    apply,
    limitOf,
    newestCheckpoint: logId => logs.get(logIdHex(logId))?.checkpoint?.verified,
    has: hashHex => items.has(hashHex),
    hashes: () => [...items.keys()].sort().map(hex => Uint8Array.from(Buffer.from(hex, 'hex'))),
    item: hash => items.get(toHex(hash)),
    onChange: listener => void listeners.push(listener),
    digest: () =>
      labelledHash(
        'tocsin/evidence/v1',
        ...[...items.keys()].sort().map(hex => Uint8Array.from(Buffer.from(hex, 'hex'))),
      ),
  }
}

function checkpointEffect({
  checkpoint,
  cosignatures,
  continues,
}: VerifiedCheckpointEvidence): Evidence['checkpoints'][number] {
  const { size, root } = checkpoint
  const cosigners = cosignatures.map(({ witnessPk }) => witnessPk)
  return continues === undefined ? { size, root, cosigners } : { size, root, cosigners, continues }
}

function supersedes(next: VerifiedCheckpointEvidence, held: VerifiedCheckpointEvidence): boolean {
  if (next.checkpoint.size !== held.checkpoint.size) return next.checkpoint.size > held.checkpoint.size
  return next.cosignatures.length > held.cosignatures.length
}
