import { connect, createServer, type Server, type Socket } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/bytes.ts'
import { CALLER_LIMITS } from '../../src/net/callers.ts'
import type { Standing } from '../../src/net/gater.ts'
import type { Host, PeerEvent } from '../../src/net/host.ts'
import { peerIdOf, peerKeyHex, peerKeyHexOf, publicKeyOf } from '../../src/net/peer-key.ts'
import { closeAll, connectAll, connectedPeers, newSeed, openTestHost, sleep, targetOf, until } from './net-alliance.ts'
import { startRawNode } from './net-raw-node.ts'

const DOCS = '/tocsin/docs/1'
const SYNC = '/tocsin/sync/1'
const CAPS = { streamsMaxPerPeer: 4, streamsMaxTotal: 8 }
const LIMBO = { timeMs: 700, bytesMax: 200 * 1024, connectionsMax: 1, connectionsMaxPerAddress: 1 }

describe('admission', () => {
  const open: Host[] = []

  afterEach(() => closeAll(open.splice(0)))

  async function host(...args: Parameters<typeof openTestHost>): Promise<Host> {
    const opened = await openTestHost(...args)
    open.push(opened)
    return opened
  }

  /** A host whose opinion of others can be changed, and the events it tells of. */
  async function judge(initial: Standing) {
    let standing = initial
    const events: PeerEvent[] = []
    const judging = await host({
      standingOf: () => standing,
      limits: { limbo: LIMBO },
    })
    judging.onPeer(event => events.push(event))
    return { host: judging, events, setStanding: (next: Standing) => (standing = next) }
  }

  it('refuses a non-member right after the handshake, and the refused one is told why', async () => {
    const { host: refusing, events } = await judge('refused')
    const stranger = await host()
    const seen: PeerEvent[] = []
    stranger.onPeer(event => seen.push(event))
    stranger.setPeers([targetOf(refusing)])
    await until(() => refusing.counters.connectionsRefused >= 1, 'the connection is refused')
    await until(() => stranger.peers()[0]?.fault !== null, 'the stranger learns of it')
    expect(stranger.peers()[0]).toMatchObject({ static: true, fault: { code: 'net-not-admitted' } })
    expect(stranger.peers()[0]?.nextDialMs).toBeGreaterThan(Date.now() - 5_000)
    expect(connectedPeers(stranger)).toEqual([])
    expect([...events, ...seen]).toEqual([])
  })

  it('neither calls a peer that it would refuse', async () => {
    const { host: refusing } = await judge('refused')
    const other = await host()
    refusing.setPeers([targetOf(other)])
    await until(() => refusing.peers()[0]?.fault?.code === 'net-refused', 'the dialer says so')
    expect(other.counters.connectionsOpened).toBe(0)
  })

  it('hangs up on a peer at once when it loses its standing, and lets it in again when it has it back', async () => {
    const { host: judging, events, setStanding } = await judge('member')
    const peer = await host()
    await connectAll([judging, peer])
    setStanding('refused')
    judging.reconsider()
    await until(() => events.at(-1)?.kind === 'down', 'the peer is gone', 500)
    expect(judging.counters.connectionsRevoked).toBe(1)
    expect(events).toEqual([
      { kind: 'up', peer: peer.self },
      { kind: 'down', peer: peer.self },
    ])
    setStanding('member')
    await until(() => events.at(-1)?.kind === 'up', 'the peer is back')
  })

  it('leaves members alone when it reconsiders', async () => {
    const { host: judging, events } = await judge('member')
    const peer = await host()
    await connectAll([judging, peer])
    judging.reconsider()
    await sleep(100)
    expect(events.map(event => event.kind)).toEqual(['up'])
  })

  describe('a peer in limbo', () => {
    const FOREVER = new AbortController().signal

    async function openLimbo() {
      const judging = await judge('limbo')
      judging.host.subscribe('entries', async () => 'accept')
      for (const protocol of [DOCS, SYNC]) {
        await judging.host.handleStream(
          protocol,
          async frames => {
            for (let frame = await frames.read(); frame !== null; frame = await frames.read()) await frames.write(frame)
          },
          CAPS,
        )
      }
      const raw = await startRawNode()
      const connection = await raw.dial(judging.host.addresses.map(address => multiaddr(address)))
      await until(() => judging.events.length > 0, 'limbo is announced')
      return { ...judging, raw, connection }
    }

    it('is announced, never called up, and hung up when its time is over', async () => {
      const { host: judging, events, raw, connection } = await openLimbo()
      expect(events).toEqual([{ kind: 'limbo', peer: peerKeyHexOf(raw.peerId) }])
      expect(judging.peers()[0]?.status).toBe('limbo')
      await sleep(LIMBO.timeMs / 2)
      expect(connection.status).toBe('open')
      await until(() => connection.status !== 'open', 'its time is over')
      expect(judging.counters.limboExceeded).toBe(1)
      expect(events).toHaveLength(1)
      await raw.stop()
    })

    it('has one stream, for documents, and no gossip', async () => {
      const { host: judging, raw, connection } = await openLimbo()
      const first = await connection.newStream(DOCS)
      const answer = new Promise<number>(resolve =>
        first.addEventListener('message', event => resolve(event.data.byteLength)),
      )
      first.send(Uint8Array.of(0, 0, 0, 1, 7))
      expect(await answer).toBe(5)
      for (const protocol of [DOCS, SYNC, '/meshsub/1.2.0']) {
        const stream = await connection.newStream(protocol).catch(() => null)
        await until(() => stream === null || stream.status !== 'open', `a stream of ${protocol} is refused`)
      }
      expect(judging.counters.streamsRefused).toBe(2)
      expect(connection.status).toBe('open')
      expect(raw.services.gossip.getSubscribers('tocsin/1/'.concat('ab'.repeat(32), '/entries'))).toEqual([])
      await raw.stop()
    })

    it('is hung up when it sends more than its bytes', async () => {
      const { host: judging, raw, connection } = await openLimbo()
      const stream = await connection.newStream(DOCS)
      stream.send(new Uint8Array(2 * LIMBO.bytesMax))
      await until(() => connection.status !== 'open', 'it has used up its bytes', LIMBO.timeMs / 2)
      expect(judging.counters.limboExceeded).toBe(1)
      await raw.stop()
    })

    it('is given documents over one stream by the side that keeps it in limbo', async () => {
      const { host: judging, raw } = await openLimbo()
      await raw.handle(DOCS, stream => void stream.send(Uint8Array.of(0, 0, 0, 1, 9)))
      const key = peerKeyHexOf(raw.peerId)!
      const frames = await judging.openStream(key, DOCS, FOREVER)
      expect(await frames.read()).toEqual(Uint8Array.of(9))
      await expect(judging.openStream(key, DOCS, FOREVER)).rejects.toMatchObject({ code: 'net-refused' })
      await expect(judging.openStream(key, SYNC, FOREVER)).rejects.toMatchObject({ code: 'net-refused' })
      await raw.stop()
    })

    it('does not take more places than there are for its like', async () => {
      const { host: judging, events, raw } = await openLimbo()
      const second = await startRawNode()
      await second.dial(judging.addresses.map(address => multiaddr(address))).catch(() => {})
      await until(() => judging.counters.connectionsRefused === 1, 'the second stranger is refused')
      expect(events).toHaveLength(1)
      await Promise.all([raw.stop(), second.stop()])
    })

    it('starts over as a member once it has proved itself', async () => {
      const { host: judging, events, setStanding, raw, connection } = await openLimbo()
      setStanding('member')
      judging.reconsider()
      await until(() => connection.status !== 'open', 'the limbo connection is closed', LIMBO.timeMs / 2)
      await raw.dial(judging.addresses.map(address => multiaddr(address)))
      await until(() => events.at(-1)?.kind === 'up', 'it is up')
      await raw.stop()
    })
  })

  describe('a listener', () => {
    const sockets: Socket[] = []
    let server: Server | undefined

    afterEach(() => {
      for (const socket of sockets.splice(0)) socket.destroy()
      server?.close()
    })

    const portOf = (of: Host) => Number(/\/tcp\/(\d+)\//.exec(of.addresses[0]!)?.[1])

    it('lets half-finished handshakes die, and serves others meanwhile', async () => {
      const listening = await host({ limits: { handshakeMs: 400 } })
      const silent = Array.from({ length: 20 }, () => connect(portOf(listening), '127.0.0.1'))
      sockets.push(...silent)
      let closed = 0
      for (const socket of silent) socket.on('error', () => {}).on('close', () => closed++)
      const member = await host()
      await connectAll([listening, member])
      expect(closed).toBe(0)
      await until(() => closed === silent.length, 'the silent ones are closed', 2_000)
    })

    it('refuses more unfinished handshakes than it has room for', async () => {
      const listening = await host({ limits: { callers: { ...CALLER_LIMITS, handshakesMax: 3 } } })
      let closed = 0
      for (let i = 0; i < 10; i++) {
        const socket = connect(portOf(listening), '127.0.0.1')
        sockets.push(socket.on('error', () => {}).on('close', () => closed++))
      }
      await until(() => closed === 7, 'those without a place are closed', 2_000)
    })

    it('names the port that is taken, and what to do', async () => {
      server = createServer().listen(0, '127.0.0.1')
      await until(() => server?.listening === true, 'the port is taken')
      const { port } = server.address() as { port: number }
      const opening = openTestHost({ listen: [`/ip4/127.0.0.1/tcp/${port}`] })
      await expect(opening).rejects.toMatchObject({ code: 'net-port-taken', data: { port } })
      await expect(opening).rejects.toThrow(String(port))
    })

    it('refuses an address that is none', async () => {
      await expect(openTestHost({ listen: ['/ip4/999.0.2.1/tcp/1'] })).rejects.toMatchObject({
        code: 'net-address-invalid',
      })
    })

    it('refuses everybody while the standing of peers cannot be told', async () => {
      const failing = await host({
        standingOf: () => {
          throw new Error('a bug')
        },
      })
      const other = await host()
      other.setPeers([targetOf(failing)])
      await until(() => failing.counters.connectionsRefused === 1, 'the connection is refused')
    })

    it('announces the addresses it is told to', async () => {
      const announcing = await host({ announce: ['/dns4/node.example/tcp/4001'] })
      expect(announcing.addresses).toEqual([`/dns4/node.example/tcp/4001/p2p/${peerIdOf(fromHex(announcing.self))}`])
    })
  })

  it('knows itself by the key of its seed', async () => {
    const seed = newSeed()
    const [first, raw] = [await host({ seed }), await startRawNode(seed)]
    expect(first.self).toBe(peerKeyHex(publicKeyOf(raw.peerId)!))
    await raw.stop()
  })
})
