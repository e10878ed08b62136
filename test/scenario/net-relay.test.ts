import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type EdgeAddress, parseEdgeAddress, relayedAddress } from '../../src/net/edge-address.ts'
import type { Host } from '../../src/net/host.ts'
import { peerKeyBytes } from '../../src/net/peer-key.ts'
import { RELAY_CAPS, RELAY_PROTOCOL } from '../../src/net/relay.ts'
import { closeAll, connectedPeers, newSeed, openTestHost, targetOf, until } from './net-alliance.ts'

const ECHO = '/tocsin/sync/1'
const CAPS = { streamsMaxPerPeer: 4, streamsMaxTotal: 8 }
const FOREVER = new AbortController().signal

describe('an inner node that dials its own edges alone (R-5.9)', () => {
  const open: Host[] = []

  afterEach(() => closeAll(open.splice(0)))

  async function host(...args: Parameters<typeof openTestHost>): Promise<Host> {
    const opened = await openTestHost(...args)
    open.push(opened)
    return opened
  }

  /** Relays for everybody to `targets`. */
  function openEdge(targets: () => readonly Host[]): Promise<Host> {
    return host({ relayAddresses: (_, peer) => targets().find(each => each.self === peer)?.addresses ?? [] })
  }

  const edgeOf = ({ addresses }: Host): EdgeAddress => parseEdgeAddress(addresses[0]!)!

  function openInner(edges: readonly Host[]): Promise<Host> {
    return host({ listen: [], edges: edges.map(edgeOf) })
  }

  /** The edges, and each of the others through them. */
  function targetsThrough(edges: readonly Host[], others: readonly Host[]) {
    const relayed = others.map(({ self }) => ({
      publicKey: peerKeyBytes(self),
      addresses: edges.map(edge => relayedAddress(edgeOf(edge), peerKeyBytes(self))),
    }))
    return [...edges.map(targetOf), ...relayed]
  }

  async function openEcho(): Promise<Host> {
    const target = await host()
    const echo = async (frames: Parameters<Parameters<Host['handleStream']>[1]>[0]) => {
      for (let frame = await frames.read(); frame !== null; frame = await frames.read()) await frames.write(frame)
    }
    await target.handleStream(ECHO, echo, CAPS)
    return target
  }

  it('reaches others through an edge, proves its key to them end to end, and carries megabytes both ways', async () => {
    const target = await openEcho()
    const edge = await openEdge(() => [target])
    const inner = await openInner([edge])
    inner.setPeers(targetsThrough([edge], [target]))
    await until(() => connectedPeers(inner).includes(target.self), 'the target is connected')
    await until(() => connectedPeers(target).includes(inner.self), 'and knows who it is')
    expect(connectedPeers(target)).not.toContain(edge.self)
    const frames = await inner.openStream(target.self, ECHO, FOREVER)
    const block = new Uint8Array(512 * 1024).map((_, i) => i)
    const reading = (async () => {
      for (let i = 0; i < 16; i++) expect((await frames.read())?.length).toBe(block.length)
    })()
    for (let i = 0; i < 16; i++) await frames.write(block)
    await reading
    await frames.close()
  })

  it('hears gossip through it, once', async () => {
    const target = await openEcho()
    const edge = await openEdge(() => [target])
    const inner = await openInner([edge])
    const heard: Uint8Array[] = []
    inner.subscribe('entries', async data => {
      heard.push(data)
      return 'accept'
    })
    for (const each of [target, edge]) each.subscribe('entries', async () => 'accept')
    inner.setPeers(targetsThrough([edge], [target]))
    edge.setPeers([targetOf(target)])
    await until(() => connectedPeers(inner).length === 2 && connectedPeers(edge).length === 2, 'all are connected')
    await until(() => target.counters.topics.entries.unheard === 0 && connectedPeers(target).length === 2, 'gossip too')
    await until(() => {
      if (heard.length === 0) void target.publish('entries', new Uint8Array([7]))
      return heard.length > 0
    }, 'the message')
    expect(heard.map(data => [...data])).toEqual([[7]])
  })

  it('goes on through another edge when one is gone, and ends what ran through the first', async () => {
    const target = await openEcho()
    const [first, second] = [await openEdge(() => [target]), await openEdge(() => [target])]
    const inner = await openInner([first, second])
    inner.setPeers(targetsThrough([first, second], [target]))
    await until(() => connectedPeers(inner).length === 3, 'all are connected')
    await first[Symbol.asyncDispose]()
    await until(() => !connectedPeers(inner).includes(first.self), 'the first is gone')
    await until(() => connectedPeers(inner).includes(target.self), 'the target is back')
    await until(() => connectedPeers(target).includes(inner.self), 'on both sides')
  })

  it('calls nobody else: not at an address that it learns, and not through a node that is no edge of its own', async () => {
    const target = await openEcho()
    const edge = await openEdge(() => [target])
    const stranger = await openEdge(() => [target])
    const inner = await openInner([edge])
    inner.setPeers([targetOf(target)])
    await until(() => inner.peers()[0]?.fault !== null, 'the dialer says so')
    expect(inner.peers()[0]?.fault?.code).toBe('net-refused')
    const through = relayedAddress(edgeOf(stranger), peerKeyBytes(target.self))
    await expect(inner.call(through, AbortSignal.timeout(2_000))).rejects.toThrow()
    expect(target.counters.connectionsOpened + stranger.counters.connectionsOpened).toBe(0)
  })

  it('is told what the edge does not relay, and what it does not reach', async () => {
    const target = await openEcho()
    const gone = await host()
    const served: Host[] = [gone]
    const edge = await openEdge(() => served)
    const inner = await openInner([edge])
    await gone[Symbol.asyncDispose]()
    inner.setPeers(targetsThrough([edge], [target, gone]))
    const faultOf = (peer: Host) => inner.peers().find(each => each.peer === peer.self)?.fault?.code
    await until(() => faultOf(target) === 'net-not-relayed', 'the one')
    await until(() => faultOf(gone) === 'net-not-relayed', 'the other')
    expect(target.counters.connectionsOpened).toBe(0)
  })

  it('is not deceived by an edge that passes it on to somebody else', async () => {
    const [target, impostor] = [await openEcho(), await openEcho()]
    const edge = await host({ relayAddresses: () => impostor.addresses })
    const inner = await openInner([edge])
    inner.setPeers(targetsThrough([edge], [target]))
    await until(() => inner.peers().some(({ fault }) => fault?.code === 'net-wrong-key'), 'another key answers')
    expect(connectedPeers(inner)).toEqual([edge.self])
  })

  describe('an edge', () => {
    /** Takes connections and says nothing. */
    async function openSilence(): Promise<{ server: Server; sockets: Socket[]; address: string }> {
      const sockets: Socket[] = []
      const server = createServer(socket => void sockets.push(socket))
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('no port')
      return { server, sockets, address: `/ip4/127.0.0.1/tcp/${address.port}` }
    }

    it('relays for nobody unless it is told to', async () => {
      const plain = await host()
      const target = await openEcho()
      const inner = await openInner([plain])
      inner.setPeers(targetsThrough([plain], [target]))
      await until(() => inner.peers().some(({ peer, fault }) => peer === target.self && fault !== null), 'it fails')
      expect(target.counters.connectionsOpened).toBe(0)
    })

    it('connects where it can, whatever else a document names', async () => {
      const target = await openEcho()
      const odd = ['/unix/%2Ftmp%2Fsocket', '/ip4/127.0.0.1', '/nothing/of/the/kind', '/ip4/127.0.0.1/udp/53']
      const edge = await host({ relayAddresses: () => [...target.addresses, ...odd] })
      const inner = await openInner([edge])
      inner.setPeers(targetsThrough([edge], [target]))
      await until(() => connectedPeers(inner).includes(target.self), 'the target is connected')
    })

    it('calls nothing of its own machine where others call it, not by a name either', async () => {
      const { server, sockets, address } = await openSilence()
      const port = address.slice(address.lastIndexOf('/') + 1)
      const names = [
        address,
        `/dns4/localhost/tcp/${port}`,
        `/ip6/::ffff:127.0.0.1/tcp/${port}`,
        `/ip4/0.0.0.0/tcp/${port}`,
      ]
      const edge = await host({ listen: ['/ip4/0.0.0.0/tcp/0'], relayAddresses: () => names })
      const inner = await openInner([edge])
      const somebody = await host()
      inner.setPeers(targetsThrough([edge], [somebody]))
      const fault = () => inner.peers().find(({ peer }) => peer === somebody.self)?.fault?.code
      await until(() => fault() === 'net-not-relayed', 'it is told so')
      expect(sockets).toEqual([])
      server.close()
    })

    it('drops the connection that it made when the inner node goes away', async () => {
      const { server, sockets, address } = await openSilence()
      const edge = await host({ relayAddresses: () => [address] })
      const inner = await openInner([edge])
      const somebody = { publicKey: peerKeyBytes((await host({ seed: newSeed() })).self) }
      inner.setPeers([targetOf(edge), { ...somebody, addresses: [relayedAddress(edgeOf(edge), somebody.publicKey)] }])
      await until(() => sockets.length > 0, 'the edge has connected')
      expect(edge.counters.relaysOpen).toBe(1)
      const ended = new Promise(resolve => sockets[0]!.once('close', resolve).resume())
      await inner[Symbol.asyncDispose]()
      await ended
      await until(() => edge.counters.relaysOpen === 0, 'and forgotten it')
      server.close()
    })

    it('relays no more at once than it may for one node', async () => {
      const { server, sockets, address } = await openSilence()
      const edge = await host({ relayAddresses: () => [address] })
      const inner = await openInner([edge])
      inner.setPeers([targetOf(edge)])
      await until(() => connectedPeers(inner).length === 1, 'the edge is connected')
      const most = RELAY_CAPS.streamsMaxPerPeer
      for (let i = 0; i < most + 8; i++) {
        const frames = await inner.openStream(edge.self, RELAY_PROTOCOL, FOREVER)
        // With the length before it, the edge takes it for a key.
        await frames.write(newSeed()).catch(() => undefined)
      }
      await until(() => edge.counters.streamsRefused === 8 && sockets.length === most, 'the others are refused')
      for (const socket of sockets) socket.destroy()
      server.close()
    })
  })
})
