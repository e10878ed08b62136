import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { silentLogger } from '../../src/base/ports.ts'
import type { Validate } from '../../src/net/gossip.ts'
import { GOSSIP_BYTES_MAX } from '../../src/net/gossip-options.ts'
import type { PeerKeyHex } from '../../src/net/peer-key.ts'
import { verdictOfError } from '../../src/net/verdict.ts'
import { createDocumentSpread } from '../../src/node/network/document-spread.ts'
import { encodeSignedDoc, parseSignedDoc } from '../../src/registry/signed-doc.ts'
import { SIGNED_DOC_BYTES_MAX } from '../../src/wire/limits.ts'
import { createTestAlliance } from '../support/node-alliance.ts'
import { governing } from '../support/registry-changes.ts'

const FROM = 'ab'.repeat(32) as PeerKeyHex

/** What one node makes of documents that a neighbour passes on. */
async function withNode(
  use: (parts: {
    readonly documents: readonly Uint8Array[]
    readonly next: ReturnType<typeof governing>['next']
    readonly lacking: readonly PeerKeyHex[]
    readonly held: () => readonly string[]
    judge(data: Uint8Array, from?: PeerKeyHex): Promise<string>
  }) => Promise<void>,
): Promise<void> {
  await using alliance = await createTestAlliance(3)
  await using running = await alliance.start(0)
  const lacking: PeerKeyHex[] = []
  let validate: Validate | undefined
  const spread = createDocumentSpread({
    host: {
      subscribe(_, given) {
        validate = given
      },
      publish: async () => {},
    },
    book: running.node.book,
    lacking: peer => lacking.push(peer),
    clock: { now: () => 0 },
    logger: silentLogger,
  })
  spread.start()
  await use({
    documents: alliance.documents,
    next: governing(alliance).next,
    lacking,
    held: () => running.node.book.hashes().map(toHex),
    judge: (data, from = FROM) => validate!(data, from).catch(verdictOfError),
  })
}

test('R-5.2: only what is wrong whatever one knows is rejected', async () => {
  await withNode(async ({ documents, next, judge, lacking, held }) => {
    const before = held()
    const second = next()
    const third = next(() => ({}), second)
    expect(await judge(Uint8Array.of(1))).toBe('reject')
    expect(await judge(second.slice(0, -1))).toBe('reject')
    expect(await judge(second.map((byte, i) => (i === 40 ? byte ^ 1 : byte)))).not.toBe('accept')
    // One governor of three; another node may have been shown more signatures.
    expect(await judge(next(undefined, undefined, [1]))).toBe('ignore')
    expect(await judge(next(message => ({ version: message.version + 2 })))).toBe('ignore')
    const other = await createTestAlliance(1)
    expect(await judge(other.documents[1]!)).toBe('ignore')
    await other[Symbol.asyncDispose]()
    expect(held()).toEqual(before)
    expect(lacking).toEqual([])

    expect(await judge(third)).toBe('ignore')
    expect(lacking).toEqual([FROM])
    expect(await judge(second)).toBe('accept')
    for (const known of [second, third, ...documents]) expect(await judge(known)).toBe('accept')
    expect(held()).toHaveLength(before.length + 2)
  })
})

test('a document under other signatures than those that count is passed on by nobody', async () => {
  await withNode(async ({ next, judge }) => {
    const second = next()
    const { sigs, ...doc } = parseSignedDoc(second)
    const broken = { ...sigs[2]!, ed25519: new Uint8Array(64) }
    const fewer = encodeSignedDoc({ ...doc, sigs: sigs.slice(0, 2) })
    expect(await judge(encodeSignedDoc({ ...doc, sigs: [...sigs.slice(0, 2), broken] }))).toBe('ignore')
    expect(await judge(fewer)).toBe('accept')
    expect(await judge(second)).toBe('accept')
    expect(await judge(fewer)).toBe('ignore')
    expect(await judge(encodeSignedDoc({ ...doc, sigs: sigs.toReversed() }))).toBe('ignore')
  })
})

test('a neighbour that sends ever new documents which lead nowhere is judged at its rate, and others are not held up', async () => {
  await withNode(async ({ next, judge }) => {
    const orphan = parseSignedDoc(
      next(
        () => ({}),
        next(() => ({ name: 'Never seen' })),
      ),
    )
    for (let i = 0; i < 256; i++) {
      const [sig, ...sigs] = orphan.sigs
      const mldsa65 = sig!.mldsa65.slice()
      new DataView(mldsa65.buffer).setUint32(0, i)
      await judge(encodeSignedDoc({ ...orphan, sigs: [{ ...sig!, mldsa65 }, ...sigs] }))
    }
    const second = next()
    expect(await judge(second)).toBe('ignore')
    expect(await judge(second, 'cd'.repeat(32) as PeerKeyHex)).toBe('accept')
  })
})

test('every document that may exist fits into a gossip message', () => {
  expect(SIGNED_DOC_BYTES_MAX).toBeLessThanOrEqual(GOSSIP_BYTES_MAX)
})

test('evidence is listed with each document after those it builds on', async () => {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0)
  const { next } = governing(alliance)
  const versions = [alliance.documents[0]!]
  for (let i = 0; i < 6; i++) versions.push(next(() => ({}), versions.at(-1)))
  await a.node.book.apply(
    versions.toReversed().map(body => ({ type: 1, body })),
    'test',
  )
  const bodies = a.node.book.hashes().map(hash => toHex(a.node.book.item(hash)!.body))
  const places = versions.map(version => bodies.indexOf(toHex(version)))
  expect(places).toEqual([0, 1, 2, 3, 4, 5, 6])
})
