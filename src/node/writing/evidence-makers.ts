import type { AllianceId, NationId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { verifyEd25519Async } from '../../crypto/ed25519-native.ts'
import type { Ed25519Signer, MlDsaSigner } from '../../crypto/signer.ts'
import type { Store } from '../../store/store.ts'
import type { EvidenceItem } from '../../wire/gen/tocsin.ts'
import { isWitness } from '../knowledge/directory-views.ts'
import { EVIDENCE, type EvidenceBook } from '../knowledge/evidence-book.ts'
import { heldCheckpoint } from '../knowledge/held-checkpoint.ts'
import { startCheckpoints } from './checkpoints.ts'
import { startCosigner } from './cosigner.ts'
import { startOwedSignatures } from './owed-signatures.ts'
import type { OwnLog } from './own-log.ts'

export interface EvidenceMakersOptions {
  readonly allianceId: AllianceId
  readonly nation: NationId
  readonly store: Store
  readonly book: EvidenceBook
  readonly ownLog: OwnLog
  readonly witness: Ed25519Signer
  /** Whether this node knows how far its own statements went. */
  mayCosign(): boolean
  /** Whether the own log may be signed for now, too. */
  maySign(): boolean
  /** True while there is nothing more urgent to do. */
  idle(): boolean
  /** Tells the others. */
  spread(items: readonly EvidenceItem[]): Promise<void>
  /** Takes in a proof against an author, and tells the others. */
  accuse(proofs: readonly EvidenceItem[]): Promise<void>
  readonly clock: Clock
  /** The ML-DSA-44 key beside a signing key of this node. */
  postQuantumSigner(signPk: Uint8Array): MlDsaSigner | undefined
  readonly checkpointMs: number
  readonly postQuantumMs: number
  readonly cosignMs: number
  readonly logger: Logger
}

/** What a node states of logs by itself, every so often: its own checkpoints, its cosignatures, and what it finds wrong. */
export function startEvidenceMakers(options: EvidenceMakersOptions) {
  const { book, nation, store, witness, checkpointMs, cosignMs } = options
  const checkpoints = startCheckpoints({ ...options, intervalMs: checkpointMs })
  const cosigner = startCosigner({
    ...options,
    witness: () => (isWitness(book.directory(), nation, witness.publicKey) ? witness : undefined),
    maySign: options.mayCosign,
    intervalMs: cosignMs,
  })
  const owed = startOwedSignatures({
    ...options,
    verify: verifyEd25519Async,
    checkpointOf: logId => heldCheckpoint(book, store, logId, Number.MAX_SAFE_INTEGER),
    convict: body => options.accuse([{ type: EVIDENCE.PROOF, body }]),
  })
  return {
    checkpoint: checkpoints.make,
    cosign: cosigner.cosign,
    async stop(): Promise<void> {
      await owed.stop()
      await cosigner.stop()
      checkpoints.stop()
    },
  }
}
