import type { EntryProof } from '../../src/audit/proof-file.ts'
import type { Hash } from '../../src/base/ids.ts'
import { buildInclusion } from '../../src/merkle/inclusion.ts'
import { hashAtFromLeaves } from '../../src/merkle/proof-source.ts'
import { encodeEnvelope } from '../../src/wire/entry.ts'
import type { EvidenceItem } from '../../src/wire/gen/tocsin.ts'
import { rangeOf, soundExport, type WorldLog } from './audit-world.ts'
import { leavesOf } from './chain-fixture.ts'

export function pathIn(log: WorldLog, seq: number, size: number): Hash[] {
  return buildInclusion(hashAtFromLeaves(leavesOf(log.entries)), seq, size)
}

/** What a proof file holds of entry `seq`, shown in the trees of these sizes. */
export function proofOf(
  log: WorldLog,
  seq: number,
  sizes: readonly number[],
  evidence: readonly EvidenceItem[],
): EntryProof {
  return {
    header: { ...soundExport.header, logs: [log.identity.logId] },
    documents: soundExport.documents,
    evidence,
    log: {
      logId: log.identity.logId,
      genesis: encodeEnvelope(log.entries[0]!),
      from: seq,
      size: seq + 1,
      before: rangeOf(log, seq),
      aside: false,
    },
    envelope: encodeEnvelope(log.entries[seq]!),
    inclusions: sizes.map(size => ({ size, path: pathIn(log, seq, size) })),
  }
}
