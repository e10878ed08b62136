import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { RPC } from '@libp2p/gossipsub/message'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Node } from '../../src/net/libp2p-node.ts'
import { startRawNode } from '../scenario/net-raw-node.ts'

/** A member with a valid key whose software does what it wants, below and beside gossipsub. */
export interface HostilePeer extends AsyncDisposable {
  readonly node: Node
  readonly connection: Connection
  /** Writes bytes to the encrypted connection, where the muxer's frames are; waits while much is unsent. */
  sendFrames(bytes: Uint8Array): Promise<void>
  /** Writes an RPC to a gossip stream of its own, as often as it is called. */
  sendRpc(rpc: Uint8Array): Promise<void>
}

const UNSENT_BYTES_HIGH = 2 * 1024 * 1024
const HEADER_BYTES = 12

export async function startHostilePeer(seed: Uint8Array, address: string): Promise<HostilePeer> {
  const node = await startRawNode(seed)
  const connection = await node.dial(multiaddr(address))
  const { muxer, maConn } = connection as unknown as {
    readonly muxer: { send(bytes: Uint8Array): void }
    readonly maConn: { readonly writeBufferLength: number }
  }
  const stream = await connection.newStream('/meshsub/1.2.0')

  async function whileOpen(send: () => void): Promise<void> {
    await turn()
    while (connection.status === 'open' && maConn.writeBufferLength > UNSENT_BYTES_HIGH) await sleep(2)
    if (connection.status !== 'open') return
    try {
      send()
    } catch {
      // The other side has closed it meanwhile: what was to be shown.
    }
  }

  return {
    node,
    connection,
    sendFrames: bytes => whileOpen(() => muxer.send(bytes)),
    sendRpc: rpc => whileOpen(() => stream.send(Buffer.concat([varint(rpc.length), rpc]))),
    async [Symbol.asyncDispose]() {
      connection.abort(new Error('the attack is over'))
      await node.stop()
    },
  }
}

export const FRAME = { DATA: 0, WINDOW: 1, PING: 2 } as const
export const FLAG = { NONE: 0, SYN: 1, RST: 8 } as const

/** A yamux header. */
export function frame(type: number, flags: number, streamId: number, length: number): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(type, 1)
  header.writeUInt16BE(flags, 2)
  header.writeUInt32BE(streamId, 4)
  header.writeUInt32BE(length, 8)
  return header
}

export function many<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i))
}

export function encodeRpc(parts: Partial<RPC>): Uint8Array {
  return RPC.encode({ subscriptions: [], messages: [], ...parts })
}

export function controlRpc(parts: Partial<RPC.ControlMessage>): Uint8Array {
  return encodeRpc({ control: { ihave: [], iwant: [], graft: [], prune: [], idontwant: [], ...parts } })
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Uint8Array.from([...bytes, rest])
}
