/** What an auditor waits for: a whole export from its bytes, a comparison of two, and the proof of one entry of a million. */
import { randomBytes } from 'node:crypto'
import { auditFile } from '../../src/audit/auditor.ts'
import { compareExports } from '../../src/audit/compare.ts'
import { checkProof } from '../../src/audit/proof-check.ts'
import { encodeProofFile, parseProofFile } from '../../src/audit/proof-file.ts'
import { type Hash, parseHash } from '../../src/base/ids.ts'
import { buildCheckpointNote, verifyCheckpoint } from '../../src/chain/checkpoint.ts'
import { buildCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import { buildEntry } from '../../src/chain/next-entry.ts'
import { identityOf } from '../../src/chain/verify-entry.ts'
import { verifyEd25519Async } from '../../src/crypto/ed25519-native.ts'
import { installNative } from '../../src/crypto/native.ts'
import { appendLeaf, EMPTY_RANGE, rangeRoot } from '../../src/merkle/compact-range.ts'
import { buildInclusion } from '../../src/merkle/inclusion.ts'
import { type HashAt, hashAtFromTiles, TILE_LEVELS } from '../../src/merkle/proof-source.ts'
import { encodeSignedDoc } from '../../src/registry/signed-doc.ts'
import { encodeEnvelope } from '../../src/wire/entry.ts'
import { batchOf, envelopeOf } from '../../test/support/chain-fixture.ts'
import {
  checkpointItem,
  exportAlliance,
  exportDocuments,
  exportedLog,
  exportFile,
} from '../../test/support/export-file.ts'
import { T0 } from '../../test/support/registry-world.ts'
import type { Report } from '../bench-figure.ts'
import { measureVerifyOnAllCores } from './floor/ed25519.ts'

export const name = 'audit'

const ENTRIES = 10_000
const ROUNDS = 3
const PROVEN_SIZE = 1_000_000
const PROVEN_SEQ = 654_321

export async function run(report: Report): Promise<void> {
  installNative()
  const log = exportedLog('AAA', ENTRIES)
  const file = exportFile({ logs: [log], evidence: [checkpointItem(log)] })
  const floor = await measureVerifyOnAllCores(1000)
  const verified = await rateOf(async () => {
    const { verdict, findings } = await auditFile(stream(file), { trust: undefined, verify: verifyEd25519Async })
    // Nothing was confirmed out of band: that alone is missing.
    if (verdict !== 'missing' || findings.length !== 1) throw new Error(`the export is ${verdict}`)
  })
  report({ figure: 'entries of an export verified from the bytes', value: verified, unit: 'entries/s', floor })
  const compared = await rateOf(async () => {
    const { verdict } = await compareExports([stream(file), stream(file)], undefined)
    if (verdict !== 'same') throw new Error(`the exports are ${verdict}`)
  })
  report({ figure: 'entries of two exports compared', value: compared, unit: 'entries/s' })
  await measureProof(report)
}

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

/** The best of some rounds. */
async function rateOf(work: () => Promise<void>): Promise<number> {
  let bestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    await work()
    bestMs = Math.min(bestMs, performance.now() - started)
  }
  return (ENTRIES / bestMs) * 1000
}

/** Of a log in which one entry is real and the others are known by their leaves. */
async function measureProof(report: Report): Promise<void> {
  const { signer, entries } = exportedLog('AAA', 1)
  const [genesis] = entries
  const prev = parseHash(randomBytes(32))
  const draft = { ...batchOf('proven'), timeMs: T0, registryVersion: 1 }
  const entry = buildEntry(exportAlliance, { logId: genesis!.logId, seq: PROVEN_SEQ, prev }, draft, signer.sign)
  const { hashAt, before, root } = buildTree(entry.leaf, prev)
  const note = buildCheckpointNote(exportAlliance, genesis!.logId, { size: PROVEN_SIZE, root }, signer)
  const checkpoint = verifyCheckpoint(note, identityOf(genesis!, exportAlliance), exportAlliance)
  const body = buildCheckpointEvidence({ checkpoint, cosignatures: [], genesis: envelopeOf(genesis!) })
  const started = performance.now()
  const bytes = encodeProofFile({
    header: {
      allianceId: exportAlliance,
      madeMs: T0,
      exporter: undefined,
      logs: [],
      sinceMs: 0,
      sinceSeq: 0,
      withBodies: true,
    },
    documents: exportDocuments.map(encodeSignedDoc),
    evidence: [{ type: 3, body }],
    log: {
      logId: genesis!.logId,
      genesis: encodeEnvelope(genesis!),
      from: PROVEN_SEQ,
      size: PROVEN_SEQ + 1,
      before,
      aside: false,
    },
    envelope: encodeEnvelope(entry),
    inclusions: [{ size: PROVEN_SIZE, path: buildInclusion(hashAt, PROVEN_SEQ, PROVEN_SIZE) }],
  })
  const written = performance.now()
  const { entry: proven } = checkProof(await parseProofFile(bytes), undefined)
  const checked = performance.now()
  if (proven?.treeSizes[0] !== PROVEN_SIZE) throw new Error('the proof does not hold')
  const figure = 'the proof file of an entry of a log of 10^6'
  report({ figure, value: bytes.length, unit: 'bytes' })
  report({ figure: `${figure}, made`, value: written - started, unit: 'ms' })
  report({ figure: `${figure}, checked with its documents`, value: checked - written, unit: 'ms' })
}

function buildTree(leaf: Hash, prev: Hash) {
  const levels: Hash[][] = [[], [], []]
  let range = EMPTY_RANGE
  let before = EMPTY_RANGE
  for (let seq = 0; seq < PROVEN_SIZE; seq++) {
    if (seq === PROVEN_SEQ) before = range
    const next = seq === PROVEN_SEQ ? leaf : seq === PROVEN_SEQ - 1 ? prev : parseHash(randomBytes(32))
    levels[0]!.push(next)
    range = appendLeaf(range, next, (level, _index, hash) => {
      if (level % TILE_LEVELS === 0) levels[level / TILE_LEVELS]!.push(hash)
    })
  }
  const hashAt: HashAt = hashAtFromTiles((level, index) => levels[level / TILE_LEVELS]![index]!)
  return { hashAt, before, root: rangeRoot(range) }
}
