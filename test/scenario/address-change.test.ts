import { expect, test } from 'vitest'
import { toBase64 } from '../../src/base/bytes.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { openHost } from '../../src/net/host.ts'
import { createTestAlliance, freePort, type Member, type RunningNode, until } from '../support/node-alliance.ts'
import { renewNation } from '../support/node-rotation.ts'

/** At `address` with the member's key; it calls nobody. */
function listenAs({ keys }: Member, address: string) {
  return openHost({
    seed: keys.peerSeed,
    alliance: 'ab'.repeat(32),
    listen: [address],
    agent: 'tocsin/other',
    standingOf: () => 'member',
    logger: silentLogger,
  })
}

const dialled = ({ node }: RunningNode) => node.host.peers().flatMap(({ addresses }) => addresses)

test('a nation that moves is called at its new address as soon as its document is known, and at the old one no more', async () => {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0)
  const moving = alliance.members[1]!
  await until(() => a.service.peers()[0]?.lastErrorCode === 'net-unreachable', 10_000)

  const address = `/ip4/127.0.0.1/tcp/${await freePort()}`
  await using b = await listenAs(moving, address)
  const doc = a.node.book.directory().member(moving.nation)!.doc!
  const change = { kind: 'addresses', node: doc.nodes[0]!.identityHex, addresses: [address] } as const
  const { document } = renewNation(moving, doc, Date.now(), [change])
  const startMs = Date.now()
  expect(await a.service.applyDocuments([toBase64(document)])).toMatchObject({ added: 1 })
  await until(() => b.peers().some(({ status }) => status === 'connected'), 2_000)
  expect(Date.now() - startMs).toBeLessThan(2_000)
  expect(dialled(a)).toEqual([expect.stringContaining(address)])

  await b[Symbol.asyncDispose]()
  const unheard = await listenAs(moving, moving.address)
  await until(() => a.node.host.counters.dialsFailed >= 3, 10_000)
  expect(unheard.counters.connectionsOpened).toBe(0)
  await unheard[Symbol.asyncDispose]()
}, 30_000)
