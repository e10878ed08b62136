import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createAuditFileWriter } from '../../src/audit/file.ts'
import { type AllianceId, parseHash, parseNationId } from '../../src/base/ids.ts'
import { buildGenesis } from '../../src/chain/genesis.ts'
import { buildEntry } from '../../src/chain/next-entry.ts'
import { buildCheckpoint, checkpointOrigin } from '../../src/crypto/checkpoint.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { encodeSignedNote } from '../../src/crypto/signed-note.ts'
import { readBundleFile } from '../../src/node/bundles/bundle-file.ts'
import { EVIDENCE } from '../../src/node/knowledge/evidence-book.ts'
import { encode } from '../../src/wire/codec.ts'
import { KIND, logIdOf } from '../../src/wire/entry.ts'
import { Checkpoint } from '../../src/wire/gen/tocsin.ts'

const CHECKPOINTS = 20_000
/** Several times what it takes; with a copy of all those before it for each it takes twice that. */
const BOUND_MS = 6000

test('a file with any number of checkpoints of one log is read in time that grows with its length', async () => {
  const allianceId = new Uint8Array(32).fill(1) as AllianceId
  const signer = createEd25519Signer(new Uint8Array(32).fill(2))
  const content = { incarnation: 1, predecessor: undefined, nonce: randomBytes(16) }
  const body = buildGenesis({ nation: parseNationId('AAA'), signPk: signer.publicKey, ...content })
  const logId = logIdOf(allianceId, body)
  const draft = { kind: KIND.GENESIS, body, timeMs: 1, registryVersion: 1 }
  const first = buildEntry(allianceId, { logId, seq: 0, prev: parseHash(new Uint8Array(32)) }, draft, signer.sign)
  const genesis = { header: first.headerBytes, signature: first.signature, body: first.body }

  const writer = createAuditFileWriter('bundle')
  const asked = { exporter: undefined, logs: [], sinceMs: 0, sinceSeq: 0, withBodies: true }
  const pieces = [writer.opening, writer.add({ kind: 'header', allianceId, madeMs: 1, ...asked })]
  const origin = checkpointOrigin(allianceId, logId)
  for (let size = 1; size <= CHECKPOINTS; size++) {
    const text = buildCheckpoint({ origin, size, root: parseHash(randomBytes(32)) })
    const note = encodeSignedNote({ text, signatures: [{ name: origin, keyId: 1, signature: randomBytes(64) }] })
    const checkpoint = encode(Checkpoint, { note, cosignatures: [], genesis, fromSize: 0, consistency: [] })
    pieces.push(writer.add({ kind: 'evidence', item: { type: EVIDENCE.CHECKPOINT, body: checkpoint } }))
  }
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-'))
  try {
    const path = join(folder, 'flood.tocsin')
    await writeFile(path, Buffer.concat([...pieces, writer.end()]))
    await using handle = await open(path)
    const started = performance.now()
    const { evidence } = await readBundleFile(handle)
    expect(evidence.size).toBe(CHECKPOINTS)
    expect(performance.now() - started).toBeLessThan(BOUND_MS)
  } finally {
    await rm(folder, { recursive: true })
  }
}, 30_000)
