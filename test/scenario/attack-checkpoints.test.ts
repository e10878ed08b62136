import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { concat } from '../../src/base/bytes.ts'
import { type Hash, parseHash } from '../../src/base/ids.ts'
import { buildCheckpointNote, verifyCheckpoint } from '../../src/chain/checkpoint.ts'
import { buildCheckpointEvidence } from '../../src/chain/checkpoint-evidence.ts'
import type { LogHead } from '../../src/chain/log-head.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { hashAtFromLeaves, rangeHash } from '../../src/merkle/proof-source.ts'
import { buildSubtreePath } from '../../src/merkle/subtree.ts'
import { EVIDENCE } from '../../src/node/knowledge/evidence-book.ts'
import { KIND, leafOf, type ParsedEntry } from '../../src/wire/entry.ts'
import type { EvidenceItem } from '../../src/wire/gen/tocsin.ts'
import {
  converged,
  createTestAlliance,
  domainDraft,
  hex,
  type RunningNode,
  ready,
  type StartOptions,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { createRawAuthor, entriesAt, servingEntries, startRawMember } from '../support/node-raw-member.ts'

const config: StartOptions['config'] = each => ({
  ...each,
  sync: { ...each.sync, intervalMs: 300, checkpointMs: 3600_000 },
})

function signedTree(alliance: TestAlliance, author: RunningNode, head: LogHead, size: number, root: Hash): Uint8Array {
  const signer = createEd25519Signer(author.member.keys.inner!.signSeed)
  return buildCheckpointNote(alliance.allianceId, head.logId, { size, root }, signer)
}

function checkpointItem(alliance: TestAlliance, head: LogHead, genesis: ParsedEntry, note: Uint8Array): EvidenceItem {
  const { headerBytes, signature, body } = genesis
  const checkpoint = verifyCheckpoint(note, head, alliance.allianceId)
  const evidence = buildCheckpointEvidence({
    checkpoint,
    cosignatures: [],
    genesis: { header: headerBytes, signature, body },
  })
  return { type: EVIDENCE.CHECKPOINT, body: evidence }
}

test('a checkpoint that its author signed over another tree keeps nobody from fetching the log from honest nodes', async () => {
  await using alliance = await createTestAlliance(4)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await ready([a, b, c])
  for (let i = 0; i < 4; i++) await a.service.publish([domainDraft(`one-${i}.example`)])
  await b.service.publish([domainDraft('of-b.example')])
  await converged([a, b, c])

  const { head } = a.node.store.log(a.node.ownLog.current()!.logId)!
  const [genesis] = await entriesAt(a, head.logId)
  const note = signedTree(alliance, a, head, 3, parseHash(randomBytes(32)))
  const result = await b.node.book.apply([checkpointItem(alliance, head, genesis!, note)], 'test')
  expect(result.added).toBe(1)
  const digests = () => new Set([a, b, c].map(({ node }) => hex(node.book.digest())))
  await until(() => digests().size === 1, 10_000)

  await using d = await alliance.start(3, { config })
  await converged([a, b, c, d])
  expect(d.service.status().indicators).toBe(5)
}, 60_000)

test('entries whose signatures fail are not taken on the word of a checkpoint that is no evidence, or can be shown to be bad', async () => {
  await using alliance = await createTestAlliance(4)
  await using a = await alliance.start(0, { config })
  await using b = await alliance.start(1, { config })
  await using c = await alliance.start(2, { config })
  await ready([a, b, c])

  // DDD signs a tree of which one leaf is no entry, and gives its note with the entries to AAA alone.
  const author = createRawAuthor(alliance, alliance.members[3]!)
  const epoch = author.newEpoch()
  author.grant(epoch)
  for (let i = 0; i < 6; i++) author.append({ kind: KIND.TOMBSTONE, body: new Uint8Array(0) })
  const entries = author.entries.slice(0, 4)
  const bad = entries[3]!
  const signature = concat(bad.signature.subarray(0, 32), new Uint8Array(32).fill(1))
  entries[3] = { ...bad, signature, leaf: leafOf(bad.headerBytes, signature) }
  const hashAt = hashAtFromLeaves(entries.map(entry => entry.leaf))
  const signer = createEd25519Signer(alliance.members[3]!.keys.inner!.signSeed)
  const root = rangeHash(hashAt, 0, 4)
  const note = buildCheckpointNote(alliance.allianceId, author.logId, { size: 4, root }, signer)

  await using liar = await startRawMember(alliance, 3, { only: [0] })
  liar.serve({
    ...servingEntries(entries),
    provenTree: async () => ({
      note,
      size: 4,
      prove: async (from: number, count: number) => buildSubtreePath(hashAt, from, count, 4),
    }),
  })

  await new Promise(resolve => setTimeout(resolve, 4000))
  await converged([a, b, c])
  const standing = (node: RunningNode) => node.node.store.log(author.logId)?.standing.size ?? 0
  await until(
    () => standing(a) === standing(b) && standing(a) <= 3,
    10_000,
    () => JSON.stringify([standing(a), standing(b)]),
  )
}, 60_000)
