/** A node of plain gossipsub in a process of its own: dials who it is told, and tells when its count of messages changes. */
import { multiaddr } from '@multiformats/multiaddr'
import type { Seen } from './member-process.ts'
import { startRawGossip } from './raw-gossip.ts'

const POLL_MS = 1

const node = await startRawGossip()
let count = 0
let told = 0
node.services.gossip.addEventListener('message', () => count++)
setInterval(() => {
  if (count === told) return
  told = count
  process.send?.({ indicators: count, atMs: performance.timeOrigin + performance.now() } satisfies Seen)
}, POLL_MS)
process.on('message', async (addresses: readonly string[]) => {
  for (const address of addresses) await node.dial(multiaddr(address))
})
process.on('disconnect', () => process.exit())
process.send?.(node.getMultiaddrs().map(String))
