import { randomBytes } from 'node:crypto'
import { RPC } from '@libp2p/gossipsub/message'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/base/errors.ts'
import { messageId, topicText } from '../../src/net/gossip-options.ts'
import type { Host } from '../../src/net/host.ts'
import type { Verdict } from '../../src/net/verdict.ts'
import { ALLIANCE, closeAll, connectAll, openTestHost, sleep, targetOf, until } from './net-alliance.ts'
import { startRawNode } from './net-raw-node.ts'

const FULL_SIZE = 66 * 1024
const BURST = 40

interface Listener {
  readonly host: Host
  readonly received: Map<string, number>
}

type Judge = (data: Uint8Array) => Promise<Verdict>

const accept: Judge = async () => 'accept'
function controlOf(parts: Partial<RPC.ControlMessage>): RPC.ControlMessage {
  return { ihave: [], iwant: [], graft: [], prune: [], idontwant: [], ...parts }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Uint8Array.from([...bytes, rest])
}

const hex = (data: Uint8Array) => Buffer.from(data.subarray(0, 16)).toString('hex')

describe('gossip among three nations', () => {
  const open: Host[] = []

  afterEach(() => closeAll(open.splice(0)))

  async function openTriangle(judge: Judge = accept): Promise<[Listener, Listener, Listener]> {
    const hosts = await Promise.all([openTestHost(), openTestHost(), openTestHost()])
    open.push(...hosts)
    const listeners = hosts.map(host => listen(host, judge)) as [Listener, Listener, Listener]
    await connectAll(hosts)
    await settled(listeners)
    return listeners
  }

  function listen(host: Host, judge: Judge): Listener {
    const received = new Map<string, number>()
    host.subscribe('entries', data => {
      received.set(hex(data), (received.get(hex(data)) ?? 0) + 1)
      return judge(data)
    })
    return { host, received }
  }

  /** Until a message from each reaches all others: subscriptions have arrived everywhere. */
  async function settled(listeners: readonly Listener[]): Promise<void> {
    const hears = async (from: Listener) => {
      const others = listeners.filter(each => each !== from)
      await until(() => {
        void from.host.publish('entries', randomBytes(40))
        return others.every(each => each.received.size > 0)
      }, 'a first message arrives')
    }
    for (const each of listeners) await hears(each)
    await sleep(100)
    for (const each of listeners) each.received.clear()
  }

  async function burst(from: Listener, others: readonly Listener[], size: number): Promise<void> {
    const messages = Array.from({ length: BURST }, () => randomBytes(size))
    await Promise.all(messages.map(data => from.host.publish('entries', data)))
    const all = messages.map(hex)
    await until(
      () => others.every(each => all.every(id => each.received.has(id))),
      `${BURST} messages reach all others`,
    )
    for (const each of others) expect(Math.max(...each.received.values())).toBe(1)
  }

  async function expectNobodyDeaf(listeners: readonly Listener[]): Promise<void> {
    for (const from of listeners) {
      const data = randomBytes(500)
      await from.host.publish('entries', data)
      const others = listeners.filter(each => each !== from)
      await until(() => others.every(each => each.received.has(hex(data))), 'a message after the burst arrives')
    }
    for (const { host } of listeners) expect(host.counters.watchdogRedials).toBe(0)
    for (const { host } of listeners) expect(host.counters.topics.entries.overCap).toBe(0)
  }

  it('brings a burst of 40 full-size messages to everybody, and nobody goes deaf', async () => {
    const [a, b, c] = await openTriangle()
    await burst(a, [b, c], FULL_SIZE)
    await expectNobodyDeaf([a, b, c])
  })

  it('does so when everybody bursts at once', async () => {
    const all = await openTriangle()
    await Promise.all(
      all.map(from =>
        burst(
          from,
          all.filter(each => each !== from),
          FULL_SIZE,
        ),
      ),
    )
    await expectNobodyDeaf(all)
  })

  it('does so with messages of 244 KB', async () => {
    const [a, b, c] = await openTriangle()
    await burst(a, [b, c], 244_000)
    await expectNobodyDeaf([a, b, c])
  })

  it('does so when every validator is slow, and messages pass through a node in the middle', async () => {
    const slow: Judge = async () => {
      await sleep(700)
      return 'accept'
    }
    const [a, b, c] = (await Promise.all([1, 2, 3].map(() => openTestHost()))) as [Host, Host, Host]
    open.push(a, b, c)
    const listeners = [a, b, c].map(host => listen(host, slow)) as [Listener, Listener, Listener]
    a.setPeers([targetOf(b)])
    c.setPeers([targetOf(b)])
    await until(() => b.peers().filter(peer => peer.status === 'connected').length === 2, 'the middle is connected')
    await settled(listeners)
    await burst(listeners[0], listeners.slice(1), FULL_SIZE)
    await expectNobodyDeaf(listeners)
  })

  it('always sends to the other nodes of the own nation', async () => {
    const [a, b, c] = await openTriangle()
    a.host.setPeers([{ ...targetOf(b.host), sameNation: true }, targetOf(c.host)])
    b.host.setPeers([{ ...targetOf(a.host), sameNation: true }, targetOf(c.host)])
    await burst(a, [b, c], FULL_SIZE)
    await expectNobodyDeaf([a, b, c])
  })

  it('tolerates publishing the same twice, and publishing to nobody', async () => {
    const alone = await openTestHost()
    open.push(alone)
    alone.subscribe('entries', accept)
    await alone.publish('entries', Buffer.from('again'))
    await alone.publish('entries', Buffer.from('again'))
    await alone.publish('alerts', Buffer.from('help'))
    expect(alone.counters.topics.entries.unheard).toBe(2)
  })

  it('refuses to publish what is over the cap', async () => {
    const alone = await openTestHost()
    open.push(alone)
    await expect(alone.publish('entries', new Uint8Array(2 * 1024 * 1024))).rejects.toMatchObject({
      code: 'wire-too-large',
    })
  })

  it('gives up on a verdict that does not come while it is of use', async () => {
    const verdict = Promise.withResolvers<Verdict>()
    let slow = false
    const [a, b, c] = await openTriangle(() => (slow ? verdict.promise : accept(new Uint8Array())))
    slow = true
    await a.host.publish('entries', randomBytes(100))
    await until(() => b.host.counters.topics.entries.late === 1, 'the verdict is late')
    expect(b.host.counters.topics.entries.verdicts.ignore).toBe(1)
    verdict.resolve('reject')
    await sleep(50)
    expect(c.host.counters.topics.entries.verdicts.reject).toBe(0)
  })

  it('answers a request for everything at once with no more than the other side can take', async () => {
    const host = await openTestHost()
    open.push(host)
    const { received } = listen(host, accept)
    const greedy = await startRawNode()
    const topic = topicText(ALLIANCE, 'entries')
    const connection = await greedy.dial(host.addresses.map(address => multiaddr(address)))
    await until(() => connection.streams.some(stream => stream.protocol.startsWith('/meshsub/')), 'gossip is open')
    const messages = Array.from({ length: 2 * BURST }, () => randomBytes(FULL_SIZE))
    for (const data of messages) await host.publish('entries', data)
    greedy.services.gossip.subscribe(topic)
    let answered = 0
    greedy.services.gossip.addEventListener('gossipsub:message', () => answered++)
    const wanted = messages.map(data => messageId(topic, data))
    const rpc = RPC.encode({ subscriptions: [], messages: [], control: controlOf({ iwant: [{ messageIDs: wanted }] }) })
    const stream = await connection.newStream('/meshsub/1.2.0')
    stream.send(Buffer.concat([varint(rpc.length), rpc]))
    await until(() => answered > 0, 'an answer comes')
    await sleep(200)
    expect(answered).toBeLessThanOrEqual((3 * 1024 * 1024) / FULL_SIZE)
    await until(() => {
      void host.publish('entries', randomBytes(100))
      void greedy.services.gossip.publish(topic, randomBytes(100))
      return answered > BURST + 20 && received.size > 0
    }, 'both still hear each other')
    await greedy.stop()
  })

  it('keeps delivering while a member floods with invalid messages, and cuts that member off', async () => {
    const rubbish = Buffer.alloc(1_000, 0xff)
    const judge: Judge = async data => {
      if (data[0] === 0xff) throw new ProtocolError('wire-undecodable', 'rubbish')
      return 'accept'
    }
    const [a, b, c] = await openTriangle(async data => (data[0] === 0xff ? judge(data) : 'accept'))
    const flooder = await startRawNode()
    const topic = topicText(ALLIANCE, 'entries')
    flooder.services.gossip.subscribe(topic)
    for (const { host } of [a, b]) await flooder.dial(host.addresses.map(address => multiaddr(address)))
    await until(() => flooder.services.gossip.getSubscribers(topic).length === 2, 'the flooder is heard')
    const flood = async () => {
      for (let i = 0; i < 3_000; i++) {
        rubbish.writeUInt32BE(i, 500)
        await flooder.services.gossip.publish(topic, Uint8Array.from(rubbish))
        if (i % 100 === 0) await sleep(1)
      }
    }
    const flooding = flood()
    const messages = Array.from({ length: BURST }, () => Buffer.concat([Buffer.of(0), randomBytes(2_000)]))
    for (const data of messages) {
      await a.host.publish('entries', data)
      await sleep(5)
    }
    await until(
      () => [b, c].every(each => messages.every(data => each.received.has(hex(data)))),
      'all honest messages arrive',
    )
    await flooding
    await until(() => a.host.counters.peersCut === 1 && b.host.counters.peersCut === 1, 'the flooder is cut off')
    await until(() => flooder.getConnections().length === 0, 'the flooder is hung up on')
    const again = await flooder.dial(a.host.addresses.map(address => multiaddr(address))).catch(() => null)
    await until(() => again === null || again.status !== 'open', 'the flooder is not let in again')
    expect(c.host.counters.topics.entries.verdicts.reject).toBe(0)
    await flooder.stop()
  })
})
