import { connect, type Socket } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CALLER_LIMITS } from '../../src/net/callers.ts'
import { LIMBO } from '../../src/net/gater.ts'
import type { Host } from '../../src/net/host.ts'
import { peerKeyHexOf } from '../../src/net/peer-key.ts'
import { closeAll, connectAll, connectedPeers, newSeed, openTestHost, sleep, targetOf, until } from './net-alliance.ts'
import { startRawNode } from './net-raw-node.ts'

const HANDSHAKE_MS = 1_500
/** One that no site shares: only 127.0.0.1 is exempt from what one address may do. */
const OUTSIDER = '127.0.0.7'

const lp = (text: string) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)])
const MULTISTREAM = lp('/multistream/1.0.0\n')
const NOISE = lp('/noise\n')

const BABBLE: readonly (readonly [string, Buffer])[] = [
  ['says nothing', Buffer.alloc(0)],
  ['asks for a page of HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: node.example\r\n\r\n')],
  ['greets by TLS', Buffer.from('16030100c8010000c40303', 'hex')],
  ['sends garbage', Buffer.alloc(4_096, 0xff)],
  ['stops within multistream', MULTISTREAM.subarray(0, 7)],
  ['stops after multistream', MULTISTREAM],
  ['stops before the first Noise message', Buffer.concat([MULTISTREAM, NOISE])],
  ['announces the first Noise message', Buffer.concat([MULTISTREAM, NOISE, Buffer.of(0xff, 0xff)])],
  ['stops after the first Noise message', Buffer.concat([MULTISTREAM, NOISE, Buffer.of(0, 32), Buffer.alloc(32, 7)])],
]

describe('an outsider', () => {
  const sockets: Socket[] = []
  let victim: Host
  let member: Host
  let port: number
  let closed: number
  let heard: number

  beforeEach(async () => {
    ;[closed, heard] = [0, 0]
    const limits = { handshakeMs: HANDSHAKE_MS, callers: { ...CALLER_LIMITS, calls: { burst: 200, perSecond: 20 } } }
    member = await openTestHost()
    victim = await openTestHost({
      listen: ['/ip4/0.0.0.0/tcp/0'],
      limits,
      standingOf: key => (Buffer.from(key).toString('hex') === member.self ? 'member' : 'limbo'),
    })
    port = Number(/\/tcp\/(\d+)/.exec(victim.addresses[0]!)?.[1])
    victim.subscribe('entries', async () => {
      heard++
      return 'accept'
    })
  })

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await closeAll([victim, member])
  })

  function call(from: string, bytes: Uint8Array = Buffer.alloc(0)): Socket {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    socket
      .on('error', () => {})
      .on('close', () => closed++)
      .on('connect', () => socket.write(bytes))
    sockets.push(socket)
    return socket
  }

  async function memberIsServed(): Promise<number> {
    const startMs = Date.now()
    member.setPeers([{ ...targetOf(victim), addresses: [`/ip4/127.0.0.1/tcp/${port}`] }])
    await until(() => connectedPeers(victim).includes(member.self), 'the member is let in')
    await until(() => {
      void member.publish('entries', newSeed())
      return heard > 0
    }, 'the member is heard')
    return Date.now() - startMs
  }

  test.each(BABBLE)('that %s many times over is hung up on, counted and named by its address', async (_, bytes) => {
    const calls = CALLER_LIMITS.handshakesMaxPerAddress + 10
    for (let i = 0; i < calls; i++) call(OUTSIDER, bytes)
    await memberIsServed()
    await until(() => closed === calls, 'all are hung up on', 4 * HANDSHAKE_MS)
    expect(victim.counters.callsTurnedAway).toBe(calls)
    expect(victim.worstCaller()).toMatchObject({ address: OUTSIDER })
    expect(victim.counters.connectionsOpened).toBe(1)
  })

  test('that asks without end before it has shown a key is hung up on after a few kilobytes', async () => {
    const socket = call(OUTSIDER, Buffer.concat([MULTISTREAM, Buffer.from('\x03ls\n'.repeat(10_000))]))
    await until(() => closed === 1, 'it is hung up on', HANDSHAKE_MS / 2)
    expect(socket.bytesRead).toBeLessThan(200_000)
    expect(victim.counters.callsTurnedAway).toBe(1)
  })

  test('at hundreds of addresses does not keep a member out: the oldest of its handshakes makes room', async () => {
    const addresses = Array.from({ length: 40 }, (_, i) => `127.0.1.${i + 1}`)
    const flood = setInterval(() => {
      for (const address of addresses) call(address)
    }, 100)
    await sleep(1_000)
    const tookMs = await memberIsServed().finally(() => clearInterval(flood))
    expect(tookMs).toBeLessThan(5_000)
    expect(victim.counters.callsTurnedAway).toBeGreaterThan(0)
  })

  test('with a key of its own each time takes up few places, and leaves nothing behind', async () => {
    await memberIsServed()
    const strangers = await Promise.all(Array.from({ length: 12 }, () => startRawNode()))
    for (const each of strangers) await each.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`)).catch(() => {})
    await until(() => victim.peers().filter(({ status }) => status === 'limbo').length === 12, 'they are in limbo')
    expect(victim.counters.limboOpened).toBeLessThanOrEqual(LIMBO.connectionsMax)
    await Promise.all(strangers.map(each => each.stop()))
    await until(() => victim.peers().every(({ peer }) => peer === member.self), 'they are forgotten')
  })
})

describe('a member', () => {
  const hosts: Host[] = []

  afterEach(() => closeAll(hosts.splice(0)))

  test('that calls thousands of times has few connections, is named, and keeps nobody out', async () => {
    const [victim, other] = [await openTestHost(), await openTestHost()]
    hosts.push(victim, other)
    const seed = newSeed()
    const callers = await Promise.all(Array.from({ length: 10 }, () => startRawNode(seed)))
    const address = multiaddr(victim.addresses[0]!)
    const key = peerKeyHexOf(callers[0]!.peerId)
    for (let round = 0; round < 15; round++) {
      await Promise.all(callers.map(each => each.dial(address, { force: true }).catch(() => {})))
    }
    await until(
      () => victim.peers().find(({ peer }) => peer === key)?.offence?.code === 'net-flood-connections',
      'named',
    )
    const { connectionsOpened, connectionsClosed } = victim.counters
    expect(connectionsOpened - connectionsClosed).toBeLessThanOrEqual(4)
    await connectAll([victim, other])
    expect(victim.peers().find(({ peer }) => peer === other.self)?.offence).toBeNull()
    await Promise.all(callers.map(each => each.stop()))
  })

  test('that leaves streams half open has few of them, and is named', async () => {
    const victim = await openTestHost()
    hosts.push(victim)
    const caps = { streamsMaxPerPeer: 4, streamsMaxTotal: 256, idleTimeoutMs: 800 }
    await victim.handleStream('/tocsin/sync/1', async frames => void (await frames.read()), caps)
    const hostile = await startRawNode()
    const connection = await hostile.dial(multiaddr(victim.addresses[0]!))
    const streams = await Promise.all(
      Array.from({ length: 12 }, () => connection.newStream('/tocsin/sync/1').catch(() => null)),
    )
    const open = () => streams.filter(stream => stream?.status === 'open').length
    await until(() => open() <= 4, 'only four are left')
    const key = peerKeyHexOf(hostile.peerId)
    expect(victim.peers().find(({ peer }) => peer === key)?.offence).toMatchObject({
      code: 'net-flood-streams',
      cut: false,
    })
    await until(() => open() === 0, 'those that say nothing end', 4_000)
    expect(victim.counters.streamsRefused).toBe(8)
    await hostile.stop()
  })
})
