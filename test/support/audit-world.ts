import { type AuditFileOptions, auditFile } from '../../src/audit/auditor.ts'
import { createAuditFileWriter } from '../../src/audit/file.ts'
import type { HeaderPart, LogPart } from '../../src/audit/part.ts'
import type { AuditResult } from '../../src/audit/result.ts'
import { concat, EMPTY } from '../../src/base/bytes.ts'
import { logIdHex, type NationId } from '../../src/base/ids.ts'
import {
  buildCheckpointNote,
  buildCosignature,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from '../../src/chain/checkpoint.ts'
import type { GenesisContent, LogIdentity } from '../../src/chain/genesis.ts'
import {
  buildCloseBody,
  buildEntry,
  buildGenesisEntry,
  buildTombstoneBody,
  type EntryDraft,
} from '../../src/chain/next-entry.ts'
import { buildPostQuantumLine } from '../../src/chain/post-quantum.ts'
import { identityOf } from '../../src/chain/verify-entry.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { createMlDsa44Signer } from '../../src/crypto/mldsa-signer.ts'
import type { Ed25519Signer } from '../../src/crypto/signer.ts'
import { appendLeaf, type CompactRange, EMPTY_RANGE } from '../../src/merkle/compact-range.ts'
import { buildOpenConsistency } from '../../src/merkle/consistency.ts'
import { hashAtFromLeaves } from '../../src/merkle/proof-source.ts'
import { rootOf } from '../../src/merkle/tree-hash.ts'
import { parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import { encodeSignedDoc, type ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import { parseTrustClaim } from '../../src/registry/trust-claim.ts'
import { encodeTrust, trustOf } from '../../src/registry/trust-string.ts'
import { encode } from '../../src/wire/codec.ts'
import { encodeEnvelope, KIND, type ParsedEntry } from '../../src/wire/entry.ts'
import { Checkpoint, type EvidenceItem } from '../../src/wire/gen/tocsin.ts'
import { bareDraft, batchOf, bytesOf, envelopeOf, leavesOf, TIME_MS } from './chain-fixture.ts'
import {
  edSigner,
  entry,
  firstNation,
  foundRegistry,
  nation,
  nextRegistry,
  type SignedRegistry,
  seed,
  signNation,
  signRegistry,
} from './registry-world.ts'

/** A small alliance with three logs, all that an export of it holds, and what is needed to spoil it with every key. */

export const NATIONS = ['AAA', 'BBB', 'CCC', 'DDD'] as const
export const first = foundRegistry({ nations: NATIONS.map(id => entry(id)) })
export const { allianceId } = first
export const second = signRegistry(nextRegistry(first))
export const third = signRegistry(nextRegistry(second))
const nationDocs = NATIONS.map(id => signNation(firstNation(allianceId, id)).signed)

export interface WorldLog {
  readonly identity: LogIdentity
  readonly signer: Ed25519Signer
  readonly entries: readonly ParsedEntry[]
}

export function trustStringOf({ signed }: SignedRegistry): string {
  return encodeTrust(trustOf(parseRegistryDoc(signed)))
}

function signerOfNation(id: string): Ed25519Signer {
  return edSigner(`node ${id} sign`)
}

export function witnessOf(id: string): Ed25519Signer {
  return edSigner(`node ${id} witness`)
}

export function openWorldLog(
  id: string,
  fields: Partial<GenesisContent> = {},
  signer = signerOfNation(id),
  registryVersion = 1,
): WorldLog {
  const genesis: GenesisContent = {
    nation: nation(id),
    signPk: signer.publicKey,
    incarnation: 1,
    predecessor: undefined,
    nonce: bytesOf(`nonce ${id} ${fields.incarnation ?? 1}`).subarray(0, 16),
    ...fields,
  }
  const entry = buildGenesisEntry(allianceId, genesis, { timeMs: TIME_MS, registryVersion }, signer.sign)
  return { identity: identityOf(entry, allianceId), signer, entries: [entry] }
}

export function grown(log: WorldLog, ...drafts: readonly EntryDraft[]): WorldLog {
  const entries = [...log.entries]
  for (const draft of drafts) {
    const place = { logId: log.identity.logId, seq: entries.length, prev: entries.at(-1)!.leaf }
    entries.push(buildEntry(allianceId, place, draft, log.signer.sign))
  }
  return { ...log, entries }
}

export function batches(name: string, count: number): EntryDraft[] {
  return Array.from({ length: count }, (_, i) => batchOf(`${name} ${i}`))
}

export function treeOf(log: WorldLog, size = log.entries.length) {
  return { size, root: rootOf(leavesOf(log.entries.slice(0, size))) }
}

export function rangeOf(log: WorldLog, size: number): CompactRange {
  return leavesOf(log.entries.slice(0, size)).reduce((range, leaf) => appendLeaf(range, leaf), EMPTY_RANGE)
}

export function signedTree(log: WorldLog, size = log.entries.length, tree = treeOf(log, size)): VerifiedCheckpoint {
  return verifyCheckpoint(
    buildCheckpointNote(allianceId, log.identity.logId, tree, log.signer),
    log.identity,
    allianceId,
  )
}

interface CheckpointPlan {
  readonly size?: number
  readonly from?: number
  /** Nation to the POSIX time of its cosignature. */
  readonly cosigners?: Readonly<Record<string, number>>
  readonly postQuantumSeconds?: number
}

/** A Checkpoint as a node has it. */
export function checkpointItem(log: WorldLog, plan: CheckpointPlan = {}): EvidenceItem {
  const { size = log.entries.length, from = 0, cosigners = {}, postQuantumSeconds } = plan
  const checkpoint = signedTree(log, size)
  const lines = Object.entries(cosigners)
    .map(([id, seconds]) => [witnessOf(id), seconds] as const)
    .sort(([a], [b]) => (Buffer.compare(a.publicKey, b.publicKey) < 0 ? -1 : 1))
    .map(([witness, seconds]) => buildCosignature(allianceId, checkpoint, witness, seconds))
  const author = createMlDsa44Signer(seed(`node ${log.identity.nation} ml-dsa-44`))
  const own =
    postQuantumSeconds === undefined ? [] : [buildPostQuantumLine(allianceId, checkpoint, author, postQuantumSeconds)]
  const consistency = from === 0 ? [] : buildOpenConsistency(hashAtFromLeaves(leavesOf(log.entries)), from, size)
  return messageItem({
    note: checkpoint.note,
    cosignatures: [...own, ...lines],
    genesis: envelopeOf(log.entries[0]!),
    fromSize: from,
    consistency,
  })
}

export function messageItem(message: Checkpoint): EvidenceItem {
  return { type: 3, body: encode(Checkpoint, message) }
}

/** One run of an export, to be spoiled. */
export interface WorldRun {
  readonly part: LogPart
  readonly envelopes: readonly Uint8Array[]
}

export interface WorldExport {
  readonly header: HeaderPart
  readonly documents: readonly Uint8Array[]
  readonly evidence: readonly EvidenceItem[]
  readonly runs: readonly WorldRun[]
}

export function runOf(log: WorldLog, from = 0, fields: Partial<LogPart> = {}): WorldRun {
  const part: LogPart = {
    logId: log.identity.logId,
    genesis: encodeEnvelope(log.entries[0]!),
    from,
    size: log.entries.length,
    before: rangeOf(log, from),
    aside: false,
    ...fields,
  }
  return { part, envelopes: log.entries.slice(from).map(encodeEnvelope) }
}

export function withoutBody(entry: ParsedEntry): Uint8Array {
  return encodeEnvelope({ ...entry, body: EMPTY })
}

const opened = openWorldLog('AAA')
const ERASED = 3

/** AAA's first log: ten batches, one of them erased by a TOMBSTONE, and a CLOSE. */
const beforeClose = grown(
  opened,
  ...batches('a', 5),
  bareDraft(KIND.TOMBSTONE, buildTombstoneBody(opened.identity.logId, ERASED, 3)),
  ...batches('more a', 4),
)
/** AAA's second incarnation, which carries it on. */
export const successor = grown(
  openWorldLog('AAA', { incarnation: 2, predecessor: { logId: opened.identity.logId, ...treeOf(beforeClose) } }),
  ...batches('second a', 4),
)
export const closed = grown(
  beforeClose,
  bareDraft(KIND.CLOSE, buildCloseBody(beforeClose.entries.length, successor.identity.logId)),
)
/** BBB's log. */
export const plain = grown(openWorldLog('BBB'), ...batches('b', 9))

const documents: readonly ParsedSignedDoc[] = [...[first, second, third].map(({ signed }) => signed), ...nationDocs]

const T = TIME_MS / 1000

export const soundExport: WorldExport = {
  header: {
    allianceId,
    madeMs: TIME_MS + 86_400_000,
    exporter: 'CCC' as NationId,
    logs: [],
    sinceMs: 0,
    sinceSeq: 0,
    withBodies: true,
  },
  documents: documents.map(encodeSignedDoc),
  evidence: [
    checkpointItem(closed, { size: 5, cosigners: { BBB: T + 10, CCC: T + 20 } }),
    checkpointItem(closed, { from: 5, cosigners: { BBB: T + 100, CCC: T + 200, DDD: T + 300 } }),
    checkpointItem(successor, { cosigners: { BBB: T + 400, CCC: T + 500, DDD: T + 600 } }),
    checkpointItem(plain, { size: 4, cosigners: { AAA: T + 50 } }),
    checkpointItem(plain, {
      size: 9,
      from: 4,
      cosigners: { AAA: T + 150, CCC: T + 250, DDD: T + 350 },
      postQuantumSeconds: T + 90,
    }),
  ],
  runs: [
    {
      ...runOf(closed),
      envelopes: closed.entries.map((each, seq) => (seq === ERASED ? withoutBody(each) : encodeEnvelope(each))),
    },
    runOf(successor),
    runOf(plain),
  ],
}

const ENTRIES_PER_PART = 4

/** Bytes of the file; the end counts and hashes whatever stands in it. */
export function fileOf({ header, documents, evidence, runs }: WorldExport): Uint8Array {
  const writer = createAuditFileWriter('audit')
  const bytes = [writer.opening, writer.add({ kind: 'header', ...header })]
  for (const signedDoc of documents) bytes.push(writer.add({ kind: 'document', signedDoc }))
  for (const item of evidence) bytes.push(writer.add({ kind: 'evidence', item }))
  for (const { part } of runs) bytes.push(writer.add({ kind: 'log', ...part }))
  for (const [run, { envelopes }] of runs.entries()) {
    for (let at = 0; at < envelopes.length; at += ENTRIES_PER_PART) {
      bytes.push(writer.add({ kind: 'entries', run, envelopes: envelopes.slice(at, at + ENTRIES_PER_PART) }))
    }
  }
  return concat(...bytes, writer.end())
}

export async function* inChunks(bytes: Uint8Array, chunkBytes = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

const TRUST = trustStringOf(third)

export function auditBytes(
  bytes: Uint8Array,
  options: Partial<AuditFileOptions> & { chunk?: number } = {},
): Promise<AuditResult> {
  return auditFile(inChunks(bytes, options.chunk), {
    trust: parseTrustClaim(TRUST),
    verify: async (publicKey, message, signature) => verifyEd25519(publicKey, message, signature),
    ...options,
  })
}

export function auditWorld(world: WorldExport, options: Partial<AuditFileOptions> = {}): Promise<AuditResult> {
  return auditBytes(fileOf(world), options)
}

export const hexOf = ({ identity }: WorldLog) => logIdHex(identity.logId)
