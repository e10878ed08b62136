import { randomBytes } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it } from 'vitest'
import { topicText } from '../../src/net/gossip-options.ts'
import type { Host } from '../../src/net/host.ts'
import type { Node } from '../../src/net/libp2p-node.ts'
import { publicKeyOf } from '../../src/net/peer-key.ts'
import { ALLIANCE, openTestHost, sleep, until } from './net-alliance.ts'
import { startRawNode } from './net-raw-node.ts'

const TOPIC = topicText(ALLIANCE, 'entries')
const TIMES = { checkEveryMs: 100, startMs: 5_000, goneMs: 300 }

describe('the gossip watchdog', () => {
  let host: Host
  let raw: Node
  let heardByHost = 0
  let heardByRaw = 0

  afterEach(async () => {
    await Promise.all([host[Symbol.asyncDispose](), raw.stop()])
  })

  /** A host that keeps calling a bare gossipsub node, with gossip flowing both ways. */
  async function openPair(): Promise<void> {
    heardByHost = heardByRaw = 0
    host = await openTestHost({ limits: { watchdog: TIMES } })
    raw = await startRawNode()
    host.subscribe('entries', async () => {
      heardByHost++
      return 'accept'
    })
    raw.services.gossip.subscribe(TOPIC)
    raw.services.gossip.addEventListener('gossipsub:message', () => heardByRaw++)
    host.setPeers([{ publicKey: publicKeyOf(raw.peerId)!, addresses: raw.getMultiaddrs().map(String) }])
    await gossipFlows()
    await sleep(2 * TIMES.checkEveryMs)
  }

  async function gossipFlows(): Promise<void> {
    const [fromRaw, fromHost] = [heardByHost, heardByRaw]
    await until(() => {
      void host.publish('entries', randomBytes(50))
      void raw.services.gossip.publish(TOPIC, randomBytes(50))
      return heardByHost > fromRaw && heardByRaw > fromHost
    }, 'gossip flows both ways')
  }

  function gossipStream(direction: 'inbound' | 'outbound'): Stream {
    const streams = raw.getConnections().flatMap(connection => connection.streams)
    const stream = streams.find(each => each.direction === direction && each.protocol.startsWith('/meshsub/'))
    if (stream === undefined) throw new Error('there is no gossip stream')
    return stream
  }

  it('leaves a healthy connection alone', async () => {
    await openPair()
    const connection = raw.getConnections()[0]
    await sleep(5 * TIMES.goneMs)
    expect(raw.getConnections()).toEqual([connection])
    expect(host.counters.watchdogRedials).toBe(0)
  })

  it.each(['inbound', 'outbound'] as const)(
    'reconnects when the %s gossip stream of the other side dies',
    async direction => {
      await openPair()
      const before = raw.getConnections()[0]
      gossipStream(direction).abort(new Error('killed'))
      await sleep(TIMES.goneMs / 3)
      expect(before?.status).toBe('open')
      await until(() => host.counters.watchdogRedials === 1, 'the watchdog notices')
      await until(() => raw.getConnections().some(connection => connection !== before), 'a new connection is made')
      await gossipFlows()
      expect(before?.status).not.toBe('open')
    },
  )

  it('reconnects after the other side dropped us for an RPC over its limit', async () => {
    await openPair()
    const tooMuch = Buffer.alloc(6 * 1024 * 1024, 1)
    tooMuch.writeUInt32BE(0x81808003, 0)
    gossipStream('outbound').send(tooMuch)
    await until(() => host.counters.watchdogRedials === 1, 'the watchdog notices')
    await gossipFlows()
  })

  it('stays silent about peers that do not gossip at all', async () => {
    await openPair()
    raw.services.gossip.unsubscribe(TOPIC)
    await sleep(3 * TIMES.goneMs)
    expect(host.counters.watchdogRedials).toBe(0)
    await raw.dial(host.addresses.map(address => multiaddr(address)))
  })
})
