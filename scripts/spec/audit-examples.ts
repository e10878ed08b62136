import { createAuditFileWriter } from '../../src/audit/file.ts'
import { encodePart } from '../../src/audit/part.ts'
import { encodeProofFile } from '../../src/audit/proof-file.ts'
import { concat } from '../../src/base/bytes.ts'
import { appendLeaf, EMPTY_RANGE } from '../../src/merkle/compact-range.ts'
import { buildInclusion, verifyInclusion } from '../../src/merkle/inclusion.ts'
import { hashAtFromLeaves } from '../../src/merkle/proof-source.ts'
import { encodeSignedDoc } from '../../src/registry/signed-doc.ts'
import { encodeEnvelope } from '../../src/wire/entry.ts'
import { checkpointMessage } from './chain-examples.ts'
import { assertHolds, type Example } from './example.ts'
import type { SpecLog } from './log.ts'
import { AAA, allianceId, nationDoc, registry, T0 } from './world.ts'

const DAY_MS = 86_400_000
const header = { allianceId, madeMs: T0 + DAY_MS, exporter: AAA, logs: [], sinceMs: 0, sinceSeq: 0, withBodies: true }
/** EvidenceItem.type. */
const CHECKPOINT = 3
/** The checkpoint of the examples is of the first three entries, and the file is of what was there then. */
const SIZE = 3
const PROVEN_SEQ = 1

/** Chapter 2: the files for auditors. */
export function auditExamples(log: SpecLog): Example[] {
  return [exportExample(log), proofExample(log)]
}

function exportExample(log: SpecLog): Example {
  const writer = createAuditFileWriter('audit')
  const [genesis] = log.entries
  const run = {
    logId: log.head.logId,
    genesis: encodeEnvelope(genesis!),
    from: 0,
    size: SIZE,
    before: EMPTY_RANGE,
    aside: false,
  }
  const envelopes = log.entries.slice(0, SIZE).map(encodeEnvelope)
  const records = {
    opening: writer.opening,
    'HEADER record': writer.add({ kind: 'header', ...header }),
    'DOCUMENT record 1': writer.add({ kind: 'document', signedDoc: encodeSignedDoc(registry) }),
    'DOCUMENT record 2': writer.add({ kind: 'document', signedDoc: encodeSignedDoc(nationDoc) }),
    'EVIDENCE record': writer.add({
      kind: 'evidence',
      item: { type: CHECKPOINT, body: checkpointMessage(log).message },
    }),
    'LOG record': writer.add({ kind: 'log', ...run }),
    'ENTRIES record': writer.add({ kind: 'entries', run: 0, envelopes }),
    'END record': writer.end(),
  }
  return { name: 'audit-file', parts: { ...records, 'whole file': concat(...Object.values(records)) } }
}

function proofExample(log: SpecLog): Example {
  const leaves = log.entries.slice(0, SIZE).map(({ leaf }) => leaf)
  const before = leaves.slice(0, PROVEN_SEQ).reduce((range, leaf) => appendLeaf(range, leaf), EMPTY_RANGE)
  const [genesis] = log.entries
  const inclusion = { size: SIZE, path: buildInclusion(hashAtFromLeaves(leaves), PROVEN_SEQ, SIZE) }
  const run = {
    logId: log.head.logId,
    genesis: encodeEnvelope(genesis!),
    from: PROVEN_SEQ,
    size: PROVEN_SEQ + 1,
    before,
    aside: false,
  }
  const file = encodeProofFile({
    header,
    documents: [registry, nationDoc].map(encodeSignedDoc),
    evidence: [{ type: CHECKPOINT, body: checkpointMessage(log).message }],
    log: run,
    envelope: encodeEnvelope(log.entries[PROVEN_SEQ]!),
    inclusions: [inclusion],
  })
  const { root } = checkpointMessage(log).checkpoint
  const place = { leaf: leaves[PROVEN_SEQ]!, index: PROVEN_SEQ, root }
  assertHolds(verifyInclusion({ ...place, ...inclusion }), 'the path of the proof file')
  return {
    name: 'proof-file',
    parts: {
      'LOG AuditPart': encodePart({ kind: 'log', ...run }),
      'INCLUSION AuditPart': encodePart({ kind: 'inclusion', ...inclusion }),
      'whole file': file,
    },
  }
}
