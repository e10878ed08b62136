import { generateKeyPairSync } from 'node:crypto'
import { silentLogger } from '../../src/base/ports.ts'
import { type Host, type HostOptions, openHost } from '../../src/net/host.ts'
import { type PeerKeyHex, peerKeyBytes } from '../../src/net/peer-key.ts'

export const ALLIANCE = 'ab'.repeat(32)

/** A fresh Ed25519 seed. */
export function newSeed(): Uint8Array {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
}

/** A host on a free loopback port that admits everybody, unless `options` say otherwise. */
export function openTestHost(options: Partial<HostOptions> = {}): Promise<Host> {
  return openHost({
    seed: newSeed(),
    alliance: ALLIANCE,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    agent: 'tocsin/test',
    standingOf: () => 'member',
    logger: silentLogger,
    ...options,
  })
}

export function targetOf(host: Host) {
  return { publicKey: peerKeyBytes(host.self), addresses: host.addresses }
}

/** Every host keeps a connection with every other. Resolves when all are up. */
export async function connectAll(hosts: readonly Host[]): Promise<void> {
  for (const host of hosts) host.setPeers(hosts.filter(each => each !== host).map(targetOf))
  const isConnected = (a: Host, b: Host) => a === b || connectedPeers(a).includes(b.self)
  await until(() => hosts.every(a => hosts.every(b => isConnected(a, b))), 'all hosts are connected')
}

export function connectedPeers(host: Host): readonly PeerKeyHex[] {
  return host
    .peers()
    .filter(each => each.status === 'connected')
    .map(each => each.peer)
}

export async function until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await sleep(10)
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

export async function closeAll(hosts: readonly Host[]): Promise<void> {
  await Promise.all(hosts.map(host => host[Symbol.asyncDispose]()))
}
