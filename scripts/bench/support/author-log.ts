import { randomBytes } from 'node:crypto'
import { buildCheckpointNote, verifyCheckpoint } from '../../../src/chain/checkpoint.ts'
import { buildCheckpointEvidence } from '../../../src/chain/checkpoint-evidence.ts'
import { buildEntry, buildGenesisEntry, type EntryPlace } from '../../../src/chain/next-entry.ts'
import { createEd25519Signer } from '../../../src/crypto/ed25519-signer.ts'
import { sealBody } from '../../../src/crypto/seal.ts'
import { buildClaim, encodeClaimItem } from '../../../src/indicator/claim.ts'
import { appendLeaf, EMPTY_RANGE, rangeRoot } from '../../../src/merkle/compact-range.ts'
import { hashAtFromLeaves } from '../../../src/merkle/proof-source.ts'
import { buildSubtreePath } from '../../../src/merkle/subtree.ts'
import { EVIDENCE } from '../../../src/node/knowledge/evidence-book.ts'
import { systemRandom } from '../../../src/node/mechanisms/random-system.ts'
import { buildGrants, createEpoch } from '../../../src/policy/epoch.ts'
import { nextBundle } from '../../../src/sync/bundle-plan.ts'
import { encode } from '../../../src/wire/codec.ts'
import { KIND, type ParsedEntry } from '../../../src/wire/entry.ts'
import { Batch, type Item, KeyGrant } from '../../../src/wire/gen/tocsin.ts'
import { audienceOf } from '../../../test/support/audiences.ts'
import type { RunningNode } from '../../../test/support/node-alliance.ts'

export interface LogShape {
  readonly entries: number
  readonly itemsPerEntry: number
}

/**
 * Fills the store of `author` with a log of that shape, signed and sealed as by a publisher, under one checkpoint:
 * much faster than publishing, which waits for the disk at every entry.
 */
export async function fillAuthorLog(author: RunningNode, shape: LogShape): Promise<void> {
  const { node, member } = author
  const { allianceId } = node
  const signer = createEd25519Signer(member.keys.inner!.signSeed)
  const audience = audienceOf(node.book.directory(), node.nation)
  const common = { timeMs: Date.now(), registryVersion: 1 }
  const genesis = buildGenesisEntry(
    allianceId,
    { nation: node.nation, signPk: signer.publicKey, incarnation: 1, predecessor: undefined, nonce: randomBytes(16) },
    common,
    signer.sign,
  )
  const entries: ParsedEntry[] = [genesis]
  const place = (): EntryPlace => ({ logId: genesis.logId, seq: entries.length, prev: entries.at(-1)!.leaf })
  const epoch = createEpoch(
    { allianceId, logId: genesis.logId, audience, registryVersion: 1, nowMs: common.timeMs },
    systemRandom,
  )
  for (const grant of buildGrants(epoch, shape.entries, undefined, systemRandom)) {
    const body = encode(KeyGrant, grant)
    entries.push(buildEntry(allianceId, place(), { kind: KIND.KEY_GRANT, body, ...common }, signer.sign))
  }
  for (let i = 0; i < shape.entries; i++) {
    const content = encode(Batch, { items: itemsOf(i, shape.itemsPerEntry, node) })
    const at = place()
    const sealed = sealBody(epoch.secret, { ...epoch.place, seq: at.seq, registryVersion: 1 }, content, systemRandom)
    const sealing = { epochId: epoch.place.epochId, salt: sealed.salt }
    entries.push(buildEntry(allianceId, at, { kind: KIND.BATCH, body: sealed.body, sealing, ...common }, signer.sign))
  }
  await ingestAll(author, entries, signer)
}

function itemsOf(entry: number, count: number, node: RunningNode['node']): Item[] {
  return Array.from({ length: count }, (_, i) => {
    const number = entry * count + i
    const context = { allianceId: node.allianceId, nation: node.nation, defaultTlp: 3 as const, assertion: 0 }
    return encodeClaimItem(
      buildClaim({ type: 'domain', value: `host-${number}.campaign-${number % 97}.example` }, context),
    )
  })
}

async function ingestAll(
  author: RunningNode,
  entries: readonly ParsedEntry[],
  signer: ReturnType<typeof createEd25519Signer>,
) {
  const { node } = author
  const genesis = entries[0]!
  const leaves = entries.map(entry => entry.leaf)
  const root = rangeRoot(leaves.reduce((range, leaf) => appendLeaf(range, leaf), EMPTY_RANGE))
  const size = entries.length
  const note = buildCheckpointNote(node.allianceId, genesis.logId, { size, root }, signer)
  const hashAt = memoised(leaves)
  for (let from = 0; from < size; ) {
    const { count } = nextBundle(from, size, size)
    const slice = entries.slice(from, from + count)
    await node.ingest.ingestBundle({
      logId: genesis.logId,
      from,
      entries: slice.map(({ headerBytes, signature, body }) => ({ header: headerBytes, signature, body })),
      note,
      path: buildSubtreePath(hashAt, from, count, size),
    })
    from += count
  }
  await node.projector.settled()
  const head = node.store.log(genesis.logId)!.head
  const checkpoint = verifyCheckpoint(note, head, node.allianceId)
  const envelope = { header: genesis.headerBytes, signature: genesis.signature, body: genesis.body }
  const body = buildCheckpointEvidence({ checkpoint, cosignatures: [], genesis: envelope })
  await node.book.apply([{ type: EVIDENCE.CHECKPOINT, body }], 'bench')
}

/** Inner nodes are asked for again and again while the bundles are proved one after the other. */
function memoised(leaves: Parameters<typeof hashAtFromLeaves>[0]) {
  const plain = hashAtFromLeaves(leaves)
  const known = new Map<string, ReturnType<typeof plain>>()
  return (level: number, index: number) => {
    const key = `${level}/${index}`
    const hash = known.get(key) ?? plain(level, index)
    known.set(key, hash)
    return hash
  }
}
