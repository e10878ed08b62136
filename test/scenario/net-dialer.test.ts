import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import type { Host, PeerEvent } from '../../src/net/host.ts'
import { peerKeyBytes, peerKeyHex } from '../../src/net/peer-key.ts'
import { closeAll, connectAll, connectedPeers, newSeed, openTestHost, sleep, targetOf, until } from './net-alliance.ts'

describe('the dialer', () => {
  const open: Host[] = []

  afterEach(() => closeAll(open.splice(0)))

  async function host(...args: Parameters<typeof openTestHost>): Promise<Host> {
    const opened = await openTestHost(...args)
    open.push(opened)
    return opened
  }

  const portOf = (of: Host) => /\/tcp\/(\d+)\//.exec(of.addresses[0]!)?.[1]

  it('connects two that call each other, over one connection', async () => {
    const [a, b] = [await host(), await host()]
    await connectAll([a, b])
    await sleep(1_200)
    expect(a.counters.connectionsOpened).toBe(1)
    expect(b.counters.connectionsOpened).toBe(1)
    expect(a.peers()).toHaveLength(1)
    expect(a.peers()[0]).toMatchObject({ peer: b.self, status: 'connected', static: true, fault: null })
  })

  it('reconnects after the other side has restarted on the same port', async () => {
    const seed = newSeed()
    const a = await host()
    const b = await openTestHost({ seed })
    const listen = [`/ip4/127.0.0.1/tcp/${portOf(b)}`]
    a.setPeers([targetOf(b)])
    await until(() => connectedPeers(a).length === 1, 'the first connection')
    await b[Symbol.asyncDispose]()
    await until(() => connectedPeers(a).length === 0, 'the loss is noticed')
    await until(() => a.peers()[0]?.fault?.code === 'net-unreachable', 'a dial fails')
    const again = await host({ seed, listen })
    await until(() => connectedPeers(a).includes(again.self), 'the second connection')
  })

  it('tries all addresses of a peer, with and without its id, by name too', async () => {
    const [a, b] = [await host(), await host()]
    const addresses = ['/ip4/127.0.0.1/tcp/1', `/dns4/localhost/tcp/${portOf(b)}`]
    a.setPeers([{ publicKey: peerKeyBytes(b.self), addresses }])
    await until(() => connectedPeers(a).includes(b.self), 'the second address is tried')
    expect(a.peers()[0]?.addresses[0]).toContain('localhost')
  })

  it('does not call itself', async () => {
    const a = await host()
    a.setPeers([targetOf(a)])
    await sleep(1_000)
    expect(a.counters.dials).toBe(0)
    expect(a.peers()).toEqual([])
  })

  it('says when another key answers at the address', async () => {
    const [a, b, c] = [await host(), await host(), await host()]
    const address = `/ip4/127.0.0.1/tcp/${portOf(c)}`
    a.setPeers([{ publicKey: peerKeyBytes(b.self), addresses: [address] }])
    await until(() => a.peers()[0]?.fault !== null, 'the dial fails')
    expect(a.peers()[0]?.fault?.code).toBe('net-wrong-key')
    expect(connectedPeers(a)).toEqual([])
  })

  it('says when an address is unusable or missing, and tries the others', async () => {
    const [a, b] = [await host(), await host()]
    const publicKey = peerKeyBytes(b.self)
    a.setPeers([{ publicKey, addresses: [] }])
    expect(a.peers()[0]?.fault?.code).toBe('net-address-invalid')
    const foreign = `/ip4/127.0.0.1/tcp/1/p2p/${a.addresses[0]?.split('/').at(-1)}`
    a.setPeers([{ publicKey, addresses: ['nonsense', foreign] }])
    expect(a.peers()[0]?.fault).toMatchObject({
      code: 'net-address-invalid',
      message: expect.stringContaining('nonsense'),
    })
    a.setPeers([{ publicKey, addresses: ['nonsense', ...b.addresses] }])
    await until(() => connectedPeers(a).includes(b.self), 'the usable address is used')
  })

  it('calls a peer at its new address at once, and no longer at the old one', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const [a, b] = [await host(), await host()]
    const publicKey = peerKeyBytes(b.self)
    const { port } = silent.address() as AddressInfo
    a.setPeers([{ publicKey, addresses: [`/ip4/127.0.0.1/tcp/${port}`] }])
    const [socket] = await once(silent, 'connection')
    let oldEnded = false
    socket.on('error', () => {}).on('close', () => (oldEnded = true))
    a.setPeers([targetOf(b)])
    await until(() => connectedPeers(a).includes(b.self), 'it answers at the new address', 2_000)
    await until(() => oldEnded, 'the call to the old address is given up', 2_000)
    expect(a.peers()[0]?.addresses).toEqual([expect.stringContaining(String(portOf(b)))])
    silent.close()
  })

  it('keeps the connection of a peer whose document changes its address', async () => {
    const [a, b] = [await host(), await host()]
    a.setPeers([targetOf(b)])
    await until(() => connectedPeers(a).includes(b.self), 'connected')
    a.setPeers([{ publicKey: peerKeyBytes(b.self), addresses: ['/ip4/127.0.0.1/tcp/1'] }])
    await sleep(300)
    expect(connectedPeers(a)).toEqual([b.self])
    expect(a.counters.dials).toBe(1)
  })

  describe('where another key answers than the one that is called', () => {
    const LIMBO = { timeMs: 500, bytesMax: 100_000, connectionsMax: 1, connectionsMaxPerAddress: 1 }

    it('gives whoever answers a try in limbo, by its address alone', async () => {
      const events: PeerEvent[] = []
      const [a, c] = [await host({ standingOf: () => 'limbo', limits: { limbo: LIMBO } }), await host()]
      a.onPeer(event => events.push(event))
      const before = peerKeyHex(newSeed())
      a.setPeers([{ publicKey: peerKeyBytes(before), addresses: [`/ip4/127.0.0.1/tcp/${portOf(c)}`] }])
      await until(() => events.length > 0, 'it is in limbo')
      expect(events).toEqual([{ kind: 'limbo', peer: c.self }])
      expect(a.peers().find(each => each.peer === before)?.fault?.code).toBe('net-wrong-key')
      await until(() => a.counters.limboExceeded === 1, 'its time is over')
      await until(() => a.counters.dialsFailed >= 3, 'the peer is called again')
      expect(a.counters.limboOpened).toBe(1)
    })

    it('is not kept from it by strangers who call', async () => {
      const a = await host({ standingOf: () => 'limbo', limits: { limbo: { ...LIMBO, timeMs: 5_000 } } })
      const [stranger, c] = [await host(), await host()]
      stranger.setPeers([targetOf(a)])
      await until(() => a.counters.limboOpened === 1, 'a stranger has the only place of those who call')
      const before = newSeed()
      a.setPeers([{ publicKey: before, addresses: [`/ip4/127.0.0.1/tcp/${portOf(c)}`] }])
      await until(() => a.peers().some(({ peer, status }) => peer === c.self && status === 'limbo'), 'both are there')
    })

    it('keeps one connection with a member that answers at an address of another', async () => {
      const [a, c] = [await host(), await host()]
      a.setPeers([targetOf(c)])
      await until(() => connectedPeers(a).includes(c.self), 'connected')
      const other = { publicKey: newSeed(), addresses: [`/ip4/127.0.0.1/tcp/${portOf(c)}`] }
      a.setPeers([targetOf(c), other])
      await until(() => a.counters.connectionsOpened === 2, 'whoever answers there is called')
      await until(() => a.counters.connectionsClosed === 1, 'the second connection is closed')
      expect(connectedPeers(a)).toEqual([c.self])
      expect(connectedPeers(c)).toEqual([a.self])
    })

    it('still connects with the true peer as soon as that answers at another address', async () => {
      const seed = newSeed()
      const b = await openTestHost({ seed })
      const listen = [`/ip4/127.0.0.1/tcp/${portOf(b)}`]
      const publicKey = peerKeyBytes(b.self)
      await b[Symbol.asyncDispose]()
      const a = await host({ standingOf: key => (equalBytes(key, publicKey) ? 'member' : 'limbo') })
      const stranger = await host()
      a.setPeers([{ publicKey, addresses: [`/ip4/127.0.0.1/tcp/${portOf(stranger)}`, ...listen] }])
      await until(() => a.peers().some(({ status }) => status === 'limbo'), 'the stranger is in limbo')
      await host({ seed, listen })
      await until(() => connectedPeers(a).includes(b.self), 'the true peer is back', 5_000)
    })
  })

  it('stops calling a peer that it is no longer told to', async () => {
    const a = await host()
    a.setPeers([
      { publicKey: peerKeyBytes(peerKeyHex(new Uint8Array(32).fill(2))), addresses: ['/ip4/127.0.0.1/tcp/1'] },
    ])
    await until(() => a.counters.dialsFailed === 1, 'a dial fails')
    a.setPeers([])
    const { dials } = a.counters
    await sleep(1_500)
    expect(a.counters.dials).toBe(dials)
    expect(a.peers()).toEqual([])
  })

  it('counts a peer as its own that called first', async () => {
    const [a, b] = [await host(), await host()]
    a.setPeers([targetOf(b)])
    await until(() => connectedPeers(b).includes(a.self), 'a calls b')
    expect(b.peers()[0]).toMatchObject({ static: false, direction: 'inbound', status: 'connected' })
    b.setPeers([targetOf(a)])
    await sleep(1_000)
    expect(b.counters.dials).toBe(0)
    expect(b.peers()[0]).toMatchObject({ static: true, status: 'connected' })
  })
})
