import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { openHost } from '../../src/net/host.ts'
import { type PeerKeyHex, peerKeyBytes } from '../../src/net/peer-key.ts'
import { EVIDENCE } from '../../src/node/knowledge/evidence-book.ts'
import { itemName } from '../../src/node/knowledge/log-evidence.ts'
import { DOCS_PROTOCOL, startDocsExchange } from '../../src/node/network/docs-exchange.ts'
import { encode } from '../../src/wire/codec.ts'
import { Evidence, type EvidenceItem } from '../../src/wire/gen/tocsin.ts'
import { createTestAlliance, freePort, until } from '../support/node-alliance.ts'
import { directoryOf } from '../support/node-raw-member.ts'

const JUDGING_MS = 20

test('a stranger whose documents lead nowhere takes little time, and one whose documents count is heard to the end', async () => {
  await using alliance = await createTestAlliance(1)
  const held = alliance.documents.map((body): EvidenceItem => ({ type: EVIDENCE.DOCUMENT, body }))
  const names = new Set(held.map(item => toHex(itemName(item))))
  const judged: { readonly item: EvidenceItem; readonly atMs: number }[] = []
  const useful = new Set<string>()
  const documents = (count: number) =>
    Array.from({ length: count }, (): EvidenceItem => ({ type: EVIDENCE.DOCUMENT, body: randomBytes(100) }))

  const address = `/ip4/127.0.0.1/tcp/${await freePort()}`
  const seed = randomBytes(32)
  const open = (standing: 'limbo' | 'member', of: Uint8Array, listen: string[]) =>
    openHost({
      seed: of,
      alliance: '00'.repeat(32),
      listen,
      agent: 'tocsin/test',
      standingOf: () => standing,
      logger: silentLogger,
    })
  await using host = await open('limbo', seed, [address])
  await startDocsExchange({
    host,
    directory: () => directoryOf(alliance),
    documents: () => held,
    has: name => names.has(name),
    async apply([item]) {
      const end = performance.now() + JUDGING_MS
      while (performance.now() < end);
      judged.push({ item: item!, atMs: performance.now() })
      return { added: useful.has(toHex(item!.body)) ? 1 : 0 }
    },
    logger: silentLogger,
  })

  async function callWith(items: readonly EvidenceItem[]): Promise<AsyncDisposable> {
    const stranger = await open('member', randomBytes(32), [])
    await stranger.handleStream(DOCS_PROTOCOL, frames => frames.write(encode(Evidence, { items: [...items] })), {
      streamsMaxPerPeer: 4,
      streamsMaxTotal: 4,
    })
    stranger.setPeers([{ publicKey: createEd25519Signer(seed).publicKey, addresses: [address], sameNation: false }])
    return stranger
  }

  await using _junk = await callWith([...held, ...documents(50)])
  await until(() => judged.length >= 2, 10_000)
  const good = documents(5)
  for (const { body } of good) useful.add(toHex(body))
  await using _good = await callWith([...held, ...good])
  await until(() => judged.length >= 7, 20_000)

  expect(judged).toHaveLength(7)
  const gaps = judged.slice(1).map(({ atMs }, i) => atMs - judged[i]!.atMs)
  for (const gap of gaps) expect(gap).toBeGreaterThan(JUDGING_MS * 9)
}, 60_000)

test('silent strangers who call do not keep a node from asking those whom it calls', async () => {
  await using alliance = await createTestAlliance(1)
  await using parts = new AsyncDisposableStack()
  const openFor = async (standing: 'limbo' | 'member') =>
    parts.use(
      await openHost({
        seed: randomBytes(32),
        alliance: '00'.repeat(32),
        listen: [`/ip4/127.0.0.1/tcp/${await freePort()}`],
        agent: 'tocsin/test',
        standingOf: () => standing,
        logger: silentLogger,
      }),
    )
  const host = await openFor('limbo')
  const [address] = host.addresses
  await startDocsExchange({
    host,
    directory: () => directoryOf(alliance),
    documents: () => [],
    has: () => false,
    apply: async () => ({ added: 0 }),
    logger: silentLogger,
  })
  const asked: PeerKeyHex[] = []
  const caps = { streamsMaxPerPeer: 4, streamsMaxTotal: 4 }
  /** Takes the question and says nothing. */
  const openSilent = async () => {
    const silent = await openFor('member')
    const answer = () => {
      asked.push(silent.self)
      return new Promise<void>(() => {})
    }
    await silent.handleStream(DOCS_PROTOCOL, answer, caps)
    return silent
  }
  for (let i = 0; i < 12; i++) {
    const stranger = await openSilent()
    stranger.setPeers([{ publicKey: peerKeyBytes(host.self), addresses: [address!] }])
  }
  await until(() => host.counters.limboOpened === 12 && asked.length > 0, 5000)

  const changed = await openSilent()
  host.setPeers([{ publicKey: randomBytes(32), addresses: [changed.addresses[0]!.replace(/\/p2p\/.*/, '')] }])
  await until(() => asked.includes(changed.self), 5000)
  expect(asked).toHaveLength(9)
}, 30_000)
