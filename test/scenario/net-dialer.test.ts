import { afterEach, describe, expect, it } from 'vitest'
import type { Host } from '../../src/net/host.ts'
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
