import { createAuditFileWriter } from '../../src/audit/file.ts'
import { PART_ENTRIES_MAX } from '../../src/audit/part.ts'
import { toHex } from '../../src/base/bytes.ts'
import { type AllianceId, parseNationId } from '../../src/base/ids.ts'
import { buildCheckpointNote, verifyCheckpoint } from '../../src/chain/checkpoint.ts'
import { buildCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import { buildEntry, buildGenesisEntry } from '../../src/chain/next-entry.ts'
import { identityOf } from '../../src/chain/verify-entry.ts'
import type { Ed25519Signer } from '../../src/crypto/signer.ts'
import { appendLeaf, type CompactRange, EMPTY_RANGE, rangeRoot } from '../../src/merkle/compact-range.ts'
import { encodeSignedDoc, type ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import { encodeEnvelope, type ParsedEntry } from '../../src/wire/entry.ts'
import type { EvidenceItem } from '../../src/wire/gen/tocsin.ts'
import { batchOf, bytesOf, envelopeOf } from './chain-fixture.ts'
import { edSigner, firstNation, foundRegistry, signNation, T0 } from './registry-world.ts'

/** Exports of a small alliance of AAA and BBB, made without a node: the same bytes on every run. */

const registry = foundRegistry()
export const exportAlliance: AllianceId = registry.allianceId
export const exportDocuments: readonly ParsedSignedDoc[] = [
  registry.signed,
  ...['AAA', 'BBB'].map(id => signNation(firstNation(exportAlliance, id)).signed),
]
/** The registry of the export, for a trust string. */
export const exportRegistry = registry.signed

export interface ExportedLog {
  readonly signer: Ed25519Signer
  readonly entries: readonly ParsedEntry[]
}

/** A log of the node of `nation`, of `size` entries; what follows the first `common` of them is named by `branch`. */
export function exportedLog(nation: string, size: number, branch = 'main', common = 0): ExportedLog {
  const signer = edSigner(`node ${nation} sign`)
  const place = { timeMs: T0, registryVersion: 1 }
  const genesis = {
    nation: parseNationId(nation),
    signPk: signer.publicKey,
    incarnation: 1,
    predecessor: undefined,
    nonce: bytesOf(`nonce ${nation} ${common === 0 ? branch : 'main'}`).slice(0, 16),
  }
  const entries = [buildGenesisEntry(exportAlliance, genesis, place, signer.sign)]
  for (let seq = 1; seq < size; seq++) {
    const { logId, leaf: prev } = entries.at(-1)!
    const draft = {
      ...batchOf(`${seq < common ? 'main' : branch} ${seq}`),
      timeMs: T0 + seq * 1000,
      registryVersion: 1,
    }
    entries.push(buildEntry(exportAlliance, { logId, seq, prev }, draft, signer.sign))
  }
  return { signer, entries }
}

/** The author's checkpoint of the first `size` entries, as evidence. */
export function checkpointItem({ signer, entries }: ExportedLog, size = entries.length): EvidenceItem {
  const { logId } = entries[0]!
  const tree = { size, root: rangeRoot(edgeOf(entries, size)) }
  const note = buildCheckpointNote(exportAlliance, logId, tree, signer)
  const checkpoint = verifyCheckpoint(note, identityOf(entries[0]!, exportAlliance), exportAlliance)
  return { type: 3, body: buildCheckpointEvidence({ checkpoint, cosignatures: [], genesis: envelopeOf(entries[0]!) }) }
}

export interface ExportPlan {
  readonly logs: readonly (ExportedLog & { readonly from?: number; readonly size?: number; readonly aside?: boolean })[]
  readonly documents?: readonly ParsedSignedDoc[]
  readonly evidence?: readonly EvidenceItem[]
  readonly allianceId?: AllianceId
}

export function exportFile({
  logs,
  documents = exportDocuments,
  evidence = [],
  allianceId = exportAlliance,
}: ExportPlan) {
  const writer = createAuditFileWriter('audit')
  const exporter = parseNationId('AAA')
  const chunks = [writer.opening]
  const add = (part: Parameters<typeof writer.add>[0]) => chunks.push(writer.add(part))
  add({ kind: 'header', allianceId, madeMs: T0, exporter, logs: [], sinceMs: 0, sinceSeq: 0, withBodies: true })
  for (const doc of documents) add({ kind: 'document', signedDoc: encodeSignedDoc(doc) })
  for (const item of evidence) add({ kind: 'evidence', item })
  const ordered = logs.toSorted((a, b) => (toHex(a.entries[0]!.logId) < toHex(b.entries[0]!.logId) ? -1 : 1))
  for (const { entries, from = 0, size = entries.length, aside = false } of ordered) {
    const [first] = entries
    const before = edgeOf(entries, from)
    add({
      kind: 'log',
      logId: first!.logId,
      genesis: encodeEnvelope(first!),
      from,
      size,
      before,
      aside,
    })
  }
  for (const [run, { entries, from = 0 }] of ordered.entries()) {
    for (let seq = from; seq < entries.length; seq += PART_ENTRIES_MAX) {
      add({ kind: 'entries', run, envelopes: entries.slice(seq, seq + PART_ENTRIES_MAX).map(encodeEnvelope) })
    }
  }
  chunks.push(writer.end())
  return chunks
}

function edgeOf(entries: readonly ParsedEntry[], size: number): CompactRange {
  return entries.slice(0, size).reduce((range, { leaf }) => appendLeaf(range, leaf), EMPTY_RANGE)
}
