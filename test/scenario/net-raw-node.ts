import { silentLogger } from '../../src/base/ports.ts'
import { CALLER_LIMITS, Callers } from '../../src/net/callers.ts'
import { createNetCounters } from '../../src/net/counters.ts'
import { Gater, LIMBO, LimboConnections } from '../../src/net/gater.ts'
import { createNode, HOST_LIMITS, type Node } from '../../src/net/libp2p-node.ts'
import { ALLIANCE, newSeed } from './net-alliance.ts'

/** The libp2p node alone, without what a host adds: no watchdog, no dialer, no pacing. For peers that misbehave. */
export async function startRawNode(seed: Uint8Array = newSeed(), alliance = ALLIANCE): Promise<Node> {
  const gater = new Gater({
    standingOf: () => 'member',
    isCut: () => false,
    counters: createNetCounters(),
    limbo: LIMBO,
    callers: new Callers(CALLER_LIMITS, new Set(['127.0.0.1']), createNetCounters()),
    onCrowd: () => {},
    logger: silentLogger,
  })
  const options = { seed, alliance, listen: ['/ip4/127.0.0.1/tcp/0'], agent: 'tocsin/raw' }
  const node = await createNode(options, {
    limits: HOST_LIMITS,
    gater,
    limbo: new LimboConnections(LIMBO),
    onOffence: () => {},
  })
  await node.start()
  return node
}
