import { randomBytes } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import type { Standing } from '../../src/net/gater.ts'
import { type Host, openHost } from '../../src/net/host.ts'
import { peerKeyHex } from '../../src/net/peer-key.ts'
import { SYNC_PROTOCOL } from '../../src/node/network/sync-service.ts'
import type { DiagnosisCheck } from '../../src/node/orders/diagnosis-check.ts'
import type { Hello } from '../../src/wire/gen/tocsin.ts'
import {
  createTestAlliance,
  type Member,
  type RunningNode,
  type StartOptions,
  startFrom,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { startRawMember } from '../support/node-raw-member.ts'
import { nextRegistry, renewNation } from '../support/node-rotation.ts'

/** Node A asks why it has no connection with B, which each time is something else. */

const HOUR_MS = 3_600_000

function peerOf({ keys }: Member): string {
  return peerKeyHex(createEd25519Signer(keys.peerSeed).publicKey)
}

const summary = (checks: readonly DiagnosisCheck[]) =>
  checks.map(({ check, result, code }) => `${check}: ${code || result}`)

/** What A finds of B. */
async function findings(a: RunningNode, target = 'BBB'): Promise<readonly string[]> {
  return summary((await a.service.diagnose(target)).filter(({ nation }) => nation !== ''))
}

async function failures(node: RunningNode, target?: string) {
  return (await node.service.diagnose(target)).filter(({ result }) => result === 'failed')
}

function skippedAll(...checks: readonly string[]): readonly string[] {
  return checks.map(check => `${check}: skipped`)
}

const AFTER_ADMISSION = ['protocol', 'alliance', 'registry', 'clock'] as const
const AFTER_PROBE = ['peer key', 'admission', ...AFTER_ADMISSION] as const
const PROBED = ['name: ok', 'tcp: ok', 'noise: ok'] as const

async function withA(work: (alliance: TestAlliance, a: RunningNode) => Promise<void>, options?: StartOptions) {
  await using alliance = await createTestAlliance(2)
  await using a = await alliance.start(0, options)
  await work(alliance, a)
}

/** A host that is at B's address, with its key unless told. */
function hostAt(member: Member, standing: Standing, seed = member.keys.peerSeed): Promise<Host> {
  return openHost({
    seed,
    alliance: 'ab'.repeat(32),
    listen: [member.address],
    agent: 'tocsin/other',
    standingOf: () => standing,
    logger: silentLogger,
  })
}

describe('doctor', () => {
  test(
    'finds nothing wrong between members, before and after they are connected',
    () =>
      withA(async (alliance, a) => {
        await using b = await alliance.start(1)
        const all = await a.service.diagnose()
        expect(all.filter(({ result }) => result === 'failed')).toEqual([])
        await until(() => a.service.status().peersConnected === 1, 10_000)
        expect(await findings(a)).toEqual([
          'connection: ok',
          'admission: ok',
          'protocol: ok',
          'alliance: ok',
          'registry: ok',
          'clock: ok',
        ])
        const own = (await b.service.diagnose(peerOf(alliance.members[0]!))).filter(({ nation }) => nation === '')
        expect(own.slice(0, 6).map(({ check, result }) => `${check}: ${result}`)).toEqual([
          'own registry: ok',
          'own nation: ok',
          'own document: ok',
          'own peer key: ok',
          'own addresses: ok',
          'other nodes: ok',
        ])
      }),
    30_000,
  )

  test('says that nothing listens', () =>
    withA(async (_, a) => {
      expect(await findings(a)).toEqual([
        'name: ok',
        'tcp: net-nothing-listens',
        ...skippedAll('noise', ...AFTER_PROBE),
      ])
      expect((await failures(a))[0]).toMatchObject({ nation: 'BBB', address: expect.stringContaining('/tcp/') })
    }))

  test(
    'says that a port takes the connection and is silent',
    () =>
      withA(async (alliance, a) => {
        await using _server = await serverAt(alliance.members[1]!, () => {})
        expect(await findings(a)).toEqual(['name: ok', 'tcp: ok', 'noise: net-silent', ...skippedAll(...AFTER_PROBE)])
      }),
    20_000,
  )

  test('says that another program answers', () =>
    withA(async (alliance, a) => {
      await using _server = await serverAt(alliance.members[1]!, socket => {
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
      })
      expect(await findings(a)).toContain('noise: net-not-libp2p')
      expect((await failures(a))[0]?.detail).toContain('HTTP/1.1')
    }))

  test(
    'says that another key answers, and which',
    () =>
      withA(async (alliance, a) => {
        await using other = await hostAt(alliance.members[1]!, 'member', randomBytes(32))
        expect(await findings(a)).toEqual([
          ...PROBED,
          'peer key: net-wrong-key',
          ...skippedAll('admission', ...AFTER_ADMISSION),
        ])
        expect((await failures(a))[0]?.detail).toContain(other.self)
      }),
    20_000,
  )

  test('says that a name does not resolve, and tries the other address', async () => {
    await using alliance = await createTestAlliance(2)
    const document = await withAddresses(alliance, 1, ['/dns4/node.invalid/tcp/7117', alliance.members[1]!.address])
    await using a = await alliance.start(0, { documents: [...alliance.documents, document] })
    expect(await findings(a)).toEqual([
      'name: net-name-unresolved',
      ...skippedAll('tcp', 'noise'),
      'name: ok',
      'tcp: net-nothing-listens',
      ...skippedAll('noise', ...AFTER_PROBE),
    ])
  })

  test(
    'says that a peer whose registry lacks our key keeps us in limbo',
    () =>
      withA(async (alliance, a) => {
        await using b = await hostAt(alliance.members[1]!, 'limbo')
        await b.handleStream(SYNC_PROTOCOL, async () => {}, { streamsMaxPerPeer: 4, streamsMaxTotal: 16 })
        const found = await findings(a)
        expect(found.at(-5)).toBe('admission: net-not-admitted')
        expect(found.slice(-4)).toEqual(skippedAll(...AFTER_ADMISSION))
      }),
    20_000,
  )

  test(
    'says that a peer does not greet in time',
    () =>
      withA(async (alliance, a) => {
        await using b = await hostAt(alliance.members[1]!, 'member')
        const silence = new Promise<void>(() => {})
        await b.handleStream(SYNC_PROTOCOL, () => silence, { streamsMaxPerPeer: 4, streamsMaxTotal: 16 })
        expect((await findings(a)).at(-5)).toBe('admission: net-timeout')
      }),
    20_000,
  )

  test('says that a member which knows of our expulsion refuses us', async () => {
    await using alliance = await createTestAlliance(3)
    const governors = alliance.members.map(({ root }) => root)
    const expelled = nextRegistry(
      alliance.allianceId,
      alliance.documents[0]!,
      governors,
      Date.now(),
      ({ nations }) => ({
        nations: nations.map(each => (each.nation === 'AAA' ? { ...each, status: 3 } : each)),
      }),
    )
    await using b = await alliance.start(1, { documents: [...alliance.documents, expelled] })
    await using a = await alliance.start(0)
    expect(await findings(a)).toEqual([
      ...PROBED,
      'peer key: ok',
      'admission: net-not-admitted',
      ...skippedAll(...AFTER_ADMISSION),
    ])
    expect(await failures(b, 'CCC')).toMatchObject([{ code: 'net-nothing-listens' }])
  }, 30_000)

  test(
    'says when the alliance, the registry, the protocol or the clock of a peer is another',
    () =>
      withA(async (alliance, a) => {
        await using raw = await startRawMember(alliance, 1)
        await until(() => a.service.status().peersConnected === 1, 10_000)
        const { registry } = a.node.book.directory()
        const same = { ...helloOf(alliance), registryHash: fromHex(registry.hash) }
        const found = async (changes: Partial<Hello>) => {
          raw.serve({ hello: () => ({ ...same, timeMs: Date.now(), ...changes }) })
          return (await findings(a)).slice(1)
        }
        const well = ['admission: ok', 'protocol: ok', 'alliance: ok', 'registry: ok', 'clock: ok']
        expect(await found({})).toEqual(well)
        expect(await found({ protocol: 2 })).toEqual([
          'admission: ok',
          'protocol: sync-protocol-version',
          ...skippedAll('alliance', 'registry', 'clock'),
        ])
        expect(await found({ allianceId: new Uint8Array(32).fill(1) })).toEqual([
          'admission: ok',
          'protocol: ok',
          'alliance: sync-alliance-differs',
          ...skippedAll('registry', 'clock'),
        ])
        expect(await found({ registryVersion: 7, registryHash: new Uint8Array(32) })).toContain(
          'registry: registry-older',
        )
        expect((await failures(a, 'BBB'))[0]?.detail).toContain('ours is older')
        expect(await found({ registryHash: new Uint8Array(32) })).toContain('registry: registry-differs')
        expect(await found({ timeMs: Date.now() - 2 * HOUR_MS })).toContain('clock: clock-skew')
        expect((await failures(a, 'BBB')).map(({ detail }) => detail)).toContainEqual(
          expect.stringContaining('behind ours'),
        )
      }),
    30_000,
  )

  test('says that a peer still has the older registry', async () => {
    await using alliance = await createTestAlliance(2)
    const governors = alliance.members.map(({ root }) => root)
    const second = nextRegistry(alliance.allianceId, alliance.documents[0]!, governors, Date.now())
    await using a = await alliance.start(0, { documents: [...alliance.documents, second] })
    await using raw = await startRawMember(alliance, 1)
    await until(() => a.service.status().peersConnected === 1, 10_000)
    const [first] = a.node.book.directory().chain
    raw.serve({ hello: () => ({ ...helloOf(alliance), registryHash: fromHex(first!.hash) }) })
    expect(await findings(a)).toContain('registry: registry-older')
    expect((await failures(a, 'BBB'))[0]?.detail).toContain('theirs is older')
  }, 30_000)

  test(
    'says that a peer speaks another generation of the protocol',
    () =>
      withA(async (alliance, a) => {
        await using b = await hostAt(alliance.members[1]!, 'member')
        await until(() => b.peers().some(({ status }) => status === 'connected'), 10_000)
        await until(() => a.service.status().peersConnected === 1, 10_000)
        expect(await findings(a)).toEqual([
          'connection: ok',
          'admission: ok',
          'protocol: sync-protocol-version',
          ...skippedAll('alliance', 'registry', 'clock'),
        ])
      }),
    20_000,
  )

  test('tells whose clock is wrong', async () => {
    await using alliance = await createTestAlliance(3)
    await using a = await alliance.start(0, { clock: { now: () => Date.now() + HOUR_MS } })
    await using b = await alliance.start(1)
    await using c = await alliance.start(2)
    const synced = ({ service }: RunningNode) => service.peers().filter(({ lastSyncMs }) => lastSyncMs > 0).length === 2
    await until(() => [a, b, c].every(synced), 20_000)
    expect((await failures(a)).map(({ nation, check }) => `${nation} ${check}`)).toEqual([
      ' own clock',
      'BBB clock',
      'CCC clock',
    ])
    expect((await failures(b)).map(({ nation, check }) => `${nation} ${check}`)).toEqual(['AAA clock'])
  }, 40_000)

  test('says that the own key stands in no document, or its document has expired', async () => {
    await using alliance = await createTestAlliance(2)
    const later = { now: () => Date.now() + 380 * 24 * HOUR_MS }
    const [own] = alliance.members
    const renewed = { ...own!, keys: { ...own!.keys, peerSeed: randomBytes(32) } }
    const asRenewed = { ...alliance, members: [renewed, alliance.members[1]!] }
    await using a = await startFrom(asRenewed, 0, { clock: later })
    expect((await failures(a)).slice(0, 3).map(({ check, code }) => `${check}: ${code}`)).toEqual([
      'own registry: registry-expired',
      'own document: nation-doc-expired',
      'own peer key: peer-key-unlisted',
    ])
  })

  test('takes the beginning of a peer key for it, and refuses a target that it does not know', () =>
    withA(async (alliance, a) => {
      const peer = peerOf(alliance.members[1]!)
      expect((await failures(a, peer.slice(0, 8)))[0]).toMatchObject({ peer, nation: 'BBB' })
      await expect(a.service.diagnose(peer.slice(0, 7))).rejects.toMatchObject({ code: 'net-peer-absent' })
      await expect(a.service.diagnose('AAA')).rejects.toThrow('no other node of AAA')
      await expect(a.service.diagnose('ZZZ')).rejects.toMatchObject({ code: 'net-peer-absent' })
      await expect(a.service.diagnose(toHex(randomBytes(32)))).rejects.toMatchObject({ code: 'net-peer-absent' })
    }))
})

function helloOf({ allianceId }: TestAlliance): Hello {
  return {
    protocol: 1,
    allianceId,
    nation: 'BBB',
    registryVersion: 1,
    registryHash: new Uint8Array(32),
    timeMs: Date.now(),
    agent: 'tocsin/raw',
    evidenceDigest: new Uint8Array(32),
    frontierDigest: new Uint8Array(32),
  }
}

/** The member's next document, with other addresses of its node. */
async function withAddresses(alliance: TestAlliance, index: number, addresses: readonly string[]): Promise<Uint8Array> {
  const member = alliance.members[index]!
  await using node = await alliance.start(index)
  const doc = node.node.book.directory().member(member.nation)!.doc!
  const node0 = doc.nodes[0]!.identityHex
  return renewNation(member, doc, Date.now(), [{ kind: 'addresses', node: node0, addresses }]).document
}

async function serverAt({ address }: Member, onConnection: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => {}))
    onConnection(socket)
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(Number(address.split('/').at(-1)), '127.0.0.1', resolve)
  await promise
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
