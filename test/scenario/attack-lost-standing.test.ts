import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import type { Standing } from '../../src/net/gater.ts'
import { connectedPeers, openTestHost, until } from './net-alliance.ts'
import { startRawNode } from './net-raw-node.ts'

const SYNC = '/tocsin/sync/1'
const CAPS = { streamsMaxPerPeer: 4, streamsMaxTotal: 8 }

test.each<Standing>(['refused', 'limbo'])(
  'a peer that is %s from now on and reads nothing of the stream under way is hung up at once',
  async next => {
    let standing: Standing = 'member'
    await using host = await openTestHost({ standingOf: () => standing })
    let written = 0
    await host.handleStream(
      SYNC,
      async frames => {
        for (;;) {
          await frames.write(new Uint8Array(256 * 1024))
          written++
        }
      },
      CAPS,
    )
    const raw = await startRawNode()
    const connection = await raw.dial(host.addresses.map(address => multiaddr(address)))
    await until(() => connectedPeers(host).length === 1, 'the peer is a member')
    const stream = await connection.newStream(SYNC)
    stream.pause()
    let before = -1
    await until(() => {
      const isStuck = written > 0 && written === before
      before = written
      return isStuck
    }, 'nothing more can be written')
    standing = next
    host.reconsider()
    await until(() => connection.status !== 'open', 'the connection is closed', 3_000)
    expect(host.peers().filter(({ status }) => status === 'connected')).toEqual([])
    await raw.stop()
  },
)
