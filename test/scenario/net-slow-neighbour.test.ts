import { randomBytes } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { topicText } from '../../src/net/gossip-options.ts'
import { ALLIANCE, closeAll, connectAll, openTestHost, until } from './net-alliance.ts'
import { startRawNode } from './net-raw-node.ts'

const TOPIC = topicText(ALLIANCE, 'entries')
const FULL_SIZE = 66 * 1024
const COUNT = 700

it('does not let a neighbour that stopped reading hold up the others for long, and gives up its connection', async () => {
  const hosts = await Promise.all([openTestHost(), openTestHost(), openTestHost()])
  const publisher = hosts[0]!
  const received = hosts.map(() => 0)
  for (const [i, host] of hosts.entries()) {
    host.subscribe('entries', async () => {
      received[i]!++
      return 'accept'
    })
  }
  await connectAll(hosts)
  const stuck = await startRawNode()
  const inboundGossip = () =>
    stuck
      .getConnections()
      .flatMap(connection => connection.streams)
      .find(stream => stream.direction === 'inbound' && stream.protocol.startsWith('/meshsub/'))
  stuck.services.gossip.subscribe(TOPIC)
  await stuck.dial(publisher.addresses.map(address => multiaddr(address)))
  await until(
    () => inboundGossip() !== undefined && stuck.services.gossip.getSubscribers(TOPIC).length === 1,
    'it is heard',
  )
  inboundGossip()?.pause()

  const startMs = Date.now()
  for (let i = 0; i < COUNT; i++) await publisher.publish('entries', randomBytes(FULL_SIZE))
  await until(() => received.slice(1).every(count => count === COUNT), 'the others have all')
  expect(publisher.counters.publishWaits).toBeGreaterThan(0)
  expect(Date.now() - startMs).toBeLessThan(15_000)
  await until(() => stuck.getConnections().length === 0, 'its connection is given up')
  expect(publisher.counters.watchdogRedials).toBe(1)
  await Promise.all([closeAll(hosts), stuck.stop()])
})
