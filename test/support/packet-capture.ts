import { concat, utf8 } from '../../src/base/bytes.ts'

/** Captures as tcpdump writes them, made by hand: raw IPv4, checksums left out. */

const CLIENT = [192, 0, 2, 10]
const LINKTYPE_RAW = 101
const SYN = 0x02
const ACK = 0x10
const PUSH = 0x08
const FIN = 0x01

export interface Conversation {
  readonly server: readonly number[]
  readonly port: number
  /** What the client says, then what the server answers. */
  readonly request: Uint8Array
  readonly response?: Uint8Array
}

/** One packet each. */
export function udpPackets({ server, port, request }: Conversation): Uint8Array[] {
  const header = concat(u16(40_000), u16(port), u16(8 + request.length), u16(0))
  return [ipv4(17, CLIENT, server, concat(header, request))]
}

/** From the handshake to the end. */
export function tcpPackets({ server, port, request, response = new Uint8Array(0) }: Conversation): Uint8Array[] {
  const packets: Uint8Array[] = []
  const next = { client: 1000, server: 5000 }
  const source = 30_000 + (port % 1000)
  const send = (from: 'client' | 'server', flags: number, data: Uint8Array = new Uint8Array(0)) => {
    const to = from === 'client' ? 'server' : 'client'
    const ports = from === 'client' ? [source, port] : [port, source]
    const header = concat(
      ...ports.map(u16),
      u32(next[from]),
      u32(flags & ACK ? next[to] : 0),
      Uint8Array.of(0x50, flags),
      u16(0xffff),
      u16(0),
      u16(0),
    )
    const ends = from === 'client' ? [CLIENT, server] : [server, CLIENT]
    packets.push(ipv4(6, ends[0]!, ends[1]!, concat(header, data)))
    next[from] += data.length + (flags & (SYN | FIN) ? 1 : 0)
  }
  send('client', SYN)
  send('server', SYN | ACK)
  send('client', ACK)
  send('client', ACK | PUSH, request)
  send('server', ACK | PUSH, response)
  send('client', ACK)
  send('client', ACK | FIN)
  send('server', ACK | FIN)
  send('client', ACK)
  return packets
}

export function pcapOf(packets: readonly Uint8Array[]): Uint8Array {
  const header = concat(le32(0xa1b2c3d4), le16(2), le16(4), le32(0), le32(0), le32(65_535), le32(LINKTYPE_RAW))
  const records = packets.map((packet, i) =>
    concat(le32(1_700_000_000), le32(i * 1000), le32(packet.length), le32(packet.length), packet),
  )
  return concat(header, ...records)
}

export function dnsQuery(name: string): Uint8Array {
  const labels = name.split('.').map(label => concat(Uint8Array.of(label.length), utf8(label)))
  return concat(u16(0x1234), u16(0x0100), u16(1), u16(0), u16(0), u16(0), ...labels, Uint8Array.of(0), u16(1), u16(1))
}

export function tlsClientHello(serverName: string): Uint8Array {
  const name = utf8(serverName)
  const sni = concat(u16(name.length + 3), Uint8Array.of(0), u16(name.length), name)
  const extensions = concat(u16(0), u16(sni.length), sni)
  const hello = concat(
    u16(0x0303),
    new Uint8Array(32),
    Uint8Array.of(0),
    u16(2),
    u16(0x1301),
    Uint8Array.of(1, 0),
    u16(extensions.length),
    extensions,
  )
  const handshake = concat(Uint8Array.of(1, 0), u16(hello.length), hello)
  return concat(Uint8Array.of(0x16, 3, 1), u16(handshake.length), handshake)
}

function ipv4(protocol: number, source: readonly number[], target: readonly number[], payload: Uint8Array): Uint8Array {
  const header = concat(
    Uint8Array.of(0x45, 0),
    u16(20 + payload.length),
    u16(1),
    u16(0x4000),
    Uint8Array.of(64, protocol),
    u16(0),
    Uint8Array.from([...source, ...target]),
  )
  return concat(header, payload)
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff)
}

function u32(value: number): Uint8Array {
  return concat(u16(value >>> 16), u16(value & 0xffff))
}

function le16(value: number): Uint8Array {
  return u16(value).reverse()
}

function le32(value: number): Uint8Array {
  return u32(value).reverse()
}
