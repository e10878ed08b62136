import { type LogIdHex, logIdHex } from '../base/ids.ts'
import { type WitnessRegistry, witnessRegistryOf } from '../chain/quorum.ts'
import type { TrustClaim } from '../registry/trust-claim.ts'
import { type AuditDocuments, judgeAuditDocuments } from './documents.ts'
import type { FindingBook } from './finding.ts'
import { boundsOf } from './judge-entries.ts'
import { createEvidenceAudit, type EvidenceAudit } from './log-evidence.ts'
import type { HeaderPart } from './part.ts'
import type { AnnouncedRun } from './run.ts'

/** What everything else is judged by: the documents of the file, and the evidence under them. */
export interface Ground {
  readonly documents: AuditDocuments
  readonly registry: WitnessRegistry
  readonly evidence: EvidenceAudit
}

/** Undefined where no registry can be made out; the findings say why. */
export function createGround(
  signedDocs: readonly Uint8Array[],
  { allianceId }: HeaderPart,
  trust: TrustClaim | undefined,
  book: FindingBook,
): Ground | undefined {
  const documents = judgeAuditDocuments(signedDocs, allianceId, trust, book)
  if (documents === undefined) return undefined
  const { directory } = documents
  const registry = witnessRegistryOf(directory)
  return { documents, registry, evidence: createEvidenceAudit({ allianceId, directory, registry, book }) }
}

/** Of each log the sizes at which somebody says what the root is: its author, a bound, the log that carries it on, or a branch that leaves it. */
export function namedSizes(
  runs: readonly (AnnouncedRun | undefined)[],
  ground: Ground | undefined,
): ReadonlyMap<LogIdHex, ReadonlySet<number>> {
  const sizes = new Map<LogIdHex, Set<number>>()
  const name = (log: LogIdHex, size: number) => sizes.set(log, (sizes.get(log) ?? new Set()).add(size))
  for (const run of runs) {
    if (run === undefined) continue
    const { log, part } = run
    if (part.aside) for (const size of [part.from, part.from + 1]) name(logIdHex(log.logId), size)
    if (log.predecessor !== undefined) name(logIdHex(log.predecessor.logId), log.predecessor.size)
    if (ground === undefined) continue
    const evidence = ground.evidence.of(log)
    for (const { size } of evidence.trees) name(logIdHex(log.logId), size)
    for (const { size } of boundsOf(evidence.forStanding(log).authority)) name(logIdHex(log.logId), size)
  }
  return sizes
}
