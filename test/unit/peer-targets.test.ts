import { describe, expect, it } from 'vitest'
import { type EdgeAddress, parseEdgeAddress } from '../../src/net/edge-address.ts'
import { peerIdText, peerKeyHex } from '../../src/net/peer-key.ts'
import { RELAY_CAPS } from '../../src/net/relay.ts'
import { addressesToRelay, checkEdge, peerTargets } from '../../src/node/network/peer-targets.ts'
import type { Directory, PeerNode } from '../../src/registry/directory.ts'
import { KEY_STATUS, USE } from '../../src/registry/node-key.ts'
import { edSigner, nation } from '../support/registry-world.ts'

const AAA = nation('AAA')
const BBB = nation('BBB')

function peer(name: string, fields: Partial<PeerNode> = {}): PeerNode {
  const peerPk = edSigner(name).publicKey
  return {
    nation: AAA,
    peerPk,
    addresses: [`/dns4/${name}.example/tcp/1`],
    use: USE.INNER,
    status: KEY_STATUS.ACTIVE,
    ...fields,
  }
}

const inner = peer('inner', { addresses: [] })
const edge = peer('edge', { use: USE.EDGE })
const otherEdge = peer('other-edge', { use: USE.EDGE })
const foreign = peer('foreign', { nation: BBB })
const foreignEdge = peer('foreign-edge', { nation: BBB, use: USE.EDGE })
const foreignInner = peer('foreign-inner', { nation: BBB, addresses: [] })
const everybody = [inner, edge, otherEdge, foreign, foreignEdge, foreignInner]

function directoryOf(members: readonly PeerNode[], refused: readonly PeerNode[] = []): Directory {
  const isAmong = (list: readonly PeerNode[], key: Uint8Array) =>
    list.some(({ peerPk }) => peerKeyHex(peerPk) === peerKeyHex(key))
  const standing = (key: Uint8Array) => (isAmong(members, key) ? 'member' : isAmong(refused, key) ? 'refused' : 'limbo')
  return { peers: () => members, peerStanding: standing } as unknown as Directory
}

function addressOf({ peerPk }: PeerNode): EdgeAddress {
  return parseEdgeAddress(`/ip4/10.0.0.1/tcp/7117/p2p/${peerIdText(peerPk)}`)!
}

function placeOf(edges: readonly PeerNode[], members = everybody, refused: readonly PeerNode[] = []) {
  const self = peerKeyHex(inner.peerPk)
  return { directory: directoryOf(members, refused), nation: AAA, self, edges: edges.map(addressOf) }
}

describe('an inner node (R-5.9)', () => {
  it('without edges calls everybody else at the addresses of the documents', () => {
    const targets = peerTargets(placeOf([]))
    expect(targets.map(({ publicKey }) => publicKey)).toEqual(everybody.slice(1).map(({ peerPk }) => peerPk))
    expect(targets[2]).toMatchObject({ addresses: foreign.addresses, sameNation: false })
  })

  it('with edges calls them where its configuration says, and whoever has an address through all of them', () => {
    const targets = peerTargets(placeOf([edge, otherEdge]))
    expect(targets.map(({ publicKey }) => publicKey)).toEqual(
      [edge, otherEdge, foreign, foreignEdge].map(p => p.peerPk),
    )
    expect(targets[0]).toMatchObject({ addresses: [addressOf(edge).address], sameNation: true })
    const through = [edge, otherEdge].map(
      each => `/p2p/${peerIdText(each.peerPk)}/p2p-circuit/p2p/${peerIdText(foreign.peerPk)}`,
    )
    expect(targets[2]!.addresses.toSorted()).toEqual(through.toSorted())
  })

  it('calls an edge that no document names yet, and none that is given up or something else', () => {
    const members = everybody.filter(each => each !== edge)
    expect(peerTargets(placeOf([edge], members))[0]).toMatchObject({ publicKey: edge.peerPk })
    expect(peerTargets(placeOf([edge], members, [edge])).map(({ publicKey }) => publicKey)).not.toContain(edge.peerPk)
    for (const each of [foreignEdge, foreign, peer('plain')]) {
      const place = placeOf([each], [...everybody, peer('plain')])
      expect(checkEdge(place, addressOf(each))).toBe('other')
      expect(peerTargets(place).map(({ publicKey }) => publicKey)).not.toContain(each.peerPk)
    }
  })

  it('asks for no more than an edge relays, and for a node of each nation first', () => {
    const second = peer('second', { nation: BBB })
    const many = Array.from({ length: 100 }, (_, i) => peer(`n${i}`, { nation: nation(`N${i}`) }))
    const targets = peerTargets(placeOf([edge], [inner, edge, foreign, second, ...many]))
    expect(targets.length).toBeLessThan(RELAY_CAPS.streamsMaxPerPeer)
    const keys = targets.map(({ publicKey }) => publicKey)
    expect(keys).toContain(foreign.peerPk)
    expect(keys).not.toContain(second.peerPk)
  })
})

describe('an edge', () => {
  const relay = (caller: PeerNode, target: PeerNode, members = everybody) =>
    addressesToRelay(directoryOf(members), AAA, peerKeyHex(caller.peerPk), peerKeyHex(target.peerPk))

  it('calls any member for an inner node of its nation', () => {
    expect(relay(inner, foreign)).toEqual(foreign.addresses)
    expect(relay(inner, otherEdge)).toEqual(otherEdge.addresses)
    expect(relay(inner, foreignInner)).toEqual([])
  })

  it('calls nobody for others, nor for an inner node that is given up, nor whom no document names', () => {
    for (const caller of [foreign, foreignEdge, otherEdge, peer('stranger')]) expect(relay(caller, foreign)).toEqual([])
    const without = everybody.filter(each => each !== inner)
    expect(relay(inner, foreign, without)).toEqual([])
    expect(relay(inner, peer('stranger'))).toEqual([])
  })
})

describe('the address of an edge', () => {
  it('names a host, a port and a key', () => {
    expect(addressOf(edge)).toMatchObject({ peer: peerKeyHex(edge.peerPk), id: peerIdText(edge.peerPk) })
    for (const text of [
      '',
      '/ip4/10.0.0.1/tcp/1',
      '/ip4/10.0.0.1/tcp/1/p2p/Qm',
      '/ip4/300.0.0.1/tcp/1/p2p/Qm',
      'x'.repeat(300),
    ]) {
      expect(parseEdgeAddress(text)).toBeUndefined()
    }
  })
})
