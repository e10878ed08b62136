import { concat, utf8 } from '../../src/base/bytes.ts'
import { parseHash } from '../../src/base/ids.ts'
import {
  buildCheckpointNote,
  buildCosignature,
  verifyCheckpoint,
  verifyCosignature,
} from '../../src/chain/checkpoint.ts'
import { buildCheckpointEvidence, verifyCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import { parseProof, verifyProof } from '../../src/chain/proof.ts'
import { buildSameSeq, encodeProof } from '../../src/chain/proof-build.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { buildConsistency, buildOpenConsistency, verifyConsistency } from '../../src/merkle/consistency.ts'
import { buildInclusion, verifyInclusion } from '../../src/merkle/inclusion.ts'
import { hashAtFromLeaves } from '../../src/merkle/proof-source.ts'
import { buildSubtreePath, verifyLeafRange } from '../../src/merkle/subtree.ts'
import { rootOf } from '../../src/merkle/tree-hash.ts'
import { encodeEnvelope, entrySignatureInput, type ParsedEntry } from '../../src/wire/entry.ts'
import { assertHolds, type Example } from './example.ts'
import type { SpecLog } from './log.ts'
import { allianceId, specSigner, T0 } from './world.ts'

/** Chapter 2: entries, trees, checkpoints and a proof. */
export function chainExamples(log: SpecLog): Example[] {
  const { entries } = log
  return [
    { name: 'log-id', parts: { 'genesis body': entries[0]!.body, log_id: log.head.logId } },
    ...KINDS.map((kind, seq) => entryExample(`entry-${kind}`, entries[seq]!)),
    ...treeExamples(log),
    ...checkpointExamples(log),
    sameSeqExample(log),
  ]
}

const KINDS = ['genesis', 'key-grant', 'batch', 'tombstone', 'complaint', 'close'] as const

function entryExample(name: string, entry: ParsedEntry): Example {
  const parts = {
    body: entry.body,
    header: entry.headerBytes,
    'signature input': entrySignatureInput(allianceId, entry.headerBytes),
    signature: entry.signature,
    leaf: entry.leaf,
    Envelope: encodeEnvelope(entry),
  }
  return { name, parts }
}

function treeExamples({ entries }: SpecLog): Example[] {
  const leaves = entries.map(entry => entry.leaf)
  const hashAt = hashAtFromLeaves(leaves)
  const root = (size: number) => rootOf(leaves.slice(0, size))
  const inclusion = buildInclusion(hashAt, 1, 3)
  assertHolds(verifyInclusion({ leaf: leaves[1]!, index: 1, size: 3, root: root(3), path: inclusion }), 'inclusion')
  const consistency = buildConsistency(hashAt, 2, 6)
  const consistent = { fromSize: 2, fromRoot: root(2), toSize: 6, toRoot: root(6), path: consistency }
  assertHolds(verifyConsistency(consistent), 'consistency')
  const subtree = buildSubtreePath(hashAt, 4, 2, 6)
  const range = { from: 4, leaves: leaves.slice(4, 6), size: 6, root: root(6), path: subtree }
  assertHolds(verifyLeafRange(range), 'subtree')
  return [
    { name: 'tree', parts: { 'root of 2': root(2), 'root of 3': root(3), 'root of 6': root(6) } },
    { name: 'inclusion', parts: { 'path of 1 in 3': concat(...inclusion) } },
    {
      name: 'consistency',
      parts: {
        'path from 2 to 6': concat(...consistency),
        'open path': concat(...buildOpenConsistency(hashAt, 2, 6)),
      },
    },
    { name: 'subtree', parts: { 'path of [4, 6) in 6': concat(...subtree) } },
  ]
}

/** A Checkpoint message of the first three entries with one cosignature. */
export function checkpointMessage({ head, entries }: SpecLog) {
  const root = rootOf(entries.slice(0, 3).map(entry => entry.leaf))
  const note = buildCheckpointNote(allianceId, head.logId, { size: 3, root }, specSigner('AAA sign'))
  const checkpoint = verifyCheckpoint(note, head, allianceId)
  const witness = specSigner('BBB witness')
  const line = buildCosignature(allianceId, checkpoint, witness, T0 / 1000 + 60)
  const cosignature = verifyCosignature(line, checkpoint, allianceId)
  const { headerBytes, signature, body } = entries[0]!
  const genesis = { header: headerBytes, signature, body }
  const message = buildCheckpointEvidence({ checkpoint, cosignatures: [cosignature], genesis })
  const context = {
    allianceId,
    verify: verifyEd25519,
    keyStands: () => true,
    isWitness: () => true,
    postQuantumKeys: () => [],
  }
  assertHolds(verifyCheckpointEvidence(message, context).cosignatures.length === 1, 'the Checkpoint message')
  return { checkpoint, witnessPk: witness.publicKey, line, message }
}

function checkpointExamples(log: SpecLog): Example[] {
  const { checkpoint, witnessPk, line, message } = checkpointMessage(log)
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')
  return [
    { name: 'checkpoint', parts: { text: checkpoint.text, note: text(checkpoint.note) } },
    {
      name: 'cosignature',
      parts: {
        witness_pk: witnessPk,
        'signed text': `cosignature/v1\ntime ${T0 / 1000 + 60}\n${checkpoint.text}`,
        line: text(line),
        Checkpoint: message,
      },
    },
  ]
}

function sameSeqExample({ head, entries, rival }: SpecLog): Example {
  const bytes = encodeProof(buildSameSeq(entries[2]!, rival, entries[0]!))
  const context = { allianceId, verify: verifyEd25519, keyStands: () => true }
  const { effect } = verifyProof(parseProof(bytes), context)
  assertHolds(effect.at === 2, 'the proof')
  const ids = [parseHash(head.logId)]
  const name = concat(
    utf8('tocsin/conflict/v1\0'),
    Uint8Array.of(ids.length),
    ...ids,
    Buffer.from('0000000000000002', 'hex'),
  )
  return {
    name: 'same-seq',
    parts: { 'other header': rival.headerBytes, 'other leaf': rival.leaf, Proof: bytes, 'name input': name },
  }
}
