import type { GossipSub } from '@libp2p/gossipsub'
import type { RPC } from '@libp2p/gossipsub/message'
import type { PeerId } from '@libp2p/interface'
import type { Offence } from './conduct.ts'
import { FairShare } from './fair-share.ts'
import { isSigned, RpcMeter, rpcCost } from './rpc-meter.ts'

/** One RPC as it came. */
interface Chunk {
  subarray(): Uint8Array
}

/** What of gossipsub stands between the stream of a neighbour and what its RPCs set off. */
export interface RpcReader extends GossipSub {
  decodeRpc(bytes: Uint8Array): RPC
  pipePeerReadStream(peer: PeerId, source: AsyncIterable<Chunk>): Promise<void>
}

const NOTHING: RPC = { subscriptions: [], messages: [] }

export interface RpcGuardOptions {
  readonly isTopic: (topic: string) => boolean
  readonly onOffence: (peer: PeerId, offence: Offence) => void
}

/**
 * Holds neighbours to what their RPCs may cost. Gossipsub by itself decodes and carries out whatever comes as fast as it
 * comes, forgets what it cannot decode, and names nobody.
 */
export function guardRpcs(router: RpcReader, { isTopic, onOffence }: RpcGuardOptions): void {
  const senders = new WeakMap<Uint8Array, PeerId>()
  const meter = new RpcMeter<PeerId>()
  let before = performance.eventLoopUtilization()
  const utilisation = () => {
    const last = before
    before = performance.eventLoopUtilization()
    return performance.eventLoopUtilization(before, last).utilization
  }
  const share = new FairShare<PeerId>(utilisation, Date.now())
  const read = router.pipePeerReadStream.bind(router)
  const decode = router.decodeRpc.bind(router)

  router.pipePeerReadStream = (peer, source) => read(peer, marked(peer, source))

  router.decodeRpc = bytes => {
    const peer = senders.get(bytes)
    if (peer === undefined) return decode(bytes)
    const rpc = decoded(peer, bytes)
    if (!meter.take(peer, rpcCost(rpc, isTopic), Date.now())) {
      onOffence(peer, 'net-flood-control')
      return NOTHING
    }
    if (rpc.messages.length > 0 && !share.take(peer, rpc.messages.length, Date.now())) {
      onOffence(peer, 'net-flood-messages')
      return { ...rpc, messages: [] }
    }
    if (!rpc.messages.some(isSigned)) return rpc
    onOffence(peer, 'net-malformed-rpc')
    return { ...rpc, messages: rpc.messages.filter(message => !isSigned(message)) }
  }

  function decoded(peer: PeerId, bytes: Uint8Array): RPC {
    try {
      return decode(bytes)
    } catch (error) {
      onOffence(peer, 'net-malformed-rpc')
      throw error
    }
  }

  /** `decodeRpc` is not told whose bytes it is given. */
  async function* marked(peer: PeerId, source: AsyncIterable<Chunk>): AsyncIterable<Chunk> {
    try {
      for await (const chunk of source) {
        const bytes = chunk.subarray()
        senders.set(bytes, peer)
        yield { subarray: () => bytes }
      }
    } catch (error) {
      if (error instanceof Error && OVER_LENGTH.has(error.name)) onOffence(peer, 'net-malformed-rpc')
      throw error
    }
  }
}

/** Of an RPC whose announced length is over the limit, or none. */
const OVER_LENGTH: ReadonlySet<string> = new Set(['InvalidDataLengthError', 'InvalidDataLengthLengthError'])
