import { describe, expect, it } from 'vitest'
import { peerKeyHex } from '../../src/net/peer-key.ts'
import { checkOwnStanding } from '../../src/node/problems/own-standing.ts'
import { addDocuments } from '../../src/registry/add-document.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { emptyEvidence } from '../../src/registry/evidence.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import type { NationDoc } from '../../src/wire/gen/tocsin.ts'
import {
  edSigner,
  entry,
  firstNation,
  foundRegistry,
  innerNode,
  nation,
  nextNation,
  nextRegistry,
  type SignedNation,
  signNation,
  signRegistry,
  T0,
} from '../support/registry-world.ts'

const world = foundRegistry()
const peer = peerKeyHex(edSigner('node AAA peer').publicKey)

function nodeAt(addresses: readonly string[], status = 1): Partial<NationDoc> {
  return { nodes: [innerNode(world.allianceId, 'AAA', 'node AAA', { addresses: [...addresses], status })] }
}

const other = signNation(firstNation(world.allianceId, 'BBB'))

/** The checks that fail, by code. */
function faults(
  docs: readonly SignedNation[],
  id = 'AAA',
  nowMs = T0 + DAY_MS,
  registries = [world],
  others = [other],
) {
  const signed = [...registries, ...docs, ...others].map(each => each.signed)
  const directory = openDirectory(addDocuments(emptyEvidence(world.allianceId), signed), [])!
  const checks = checkOwnStanding({ directory, nation: nation(id), peer, nowMs })
  return checks.flatMap(({ check, result, code }) => (result === 'failed' ? [`${check}: ${code}`] : []))
}

const signed = (fields: Partial<NationDoc> = {}) => signNation(firstNation(world.allianceId, 'AAA', fields))

describe('the standing of this node', () => {
  it('is well with a document in force that names its key', () => {
    expect(faults([signed()])).toEqual([])
  })

  it('fails where the registry does not name its nation, or expels it', () => {
    expect(faults([signed()], 'ZZZ')).toEqual(['own nation: registry-not-member'])
    const expelled = signRegistry(nextRegistry(world, { nations: [entry('AAA', { status: 3 }), entry('BBB')] }))
    expect(
      faults([signed()], 'AAA', T0 + 2 * DAY_MS, [world, { ...expelled, allianceId: world.allianceId }]),
    ).toContain('own nation: registry-not-member')
  })

  it('fails without a document, with two of one version, and with one that has expired', () => {
    expect(faults([])).toEqual(['own document: nation-doc-missing', 'own peer key: peer-key-unlisted'])
    const first = signed()
    const twice = [2, 3].map(days => signNation(nextNation(first, { issuedMs: T0 + days * DAY_MS })))
    expect(faults([first, ...twice], 'AAA', T0 + 4 * DAY_MS)).toEqual(['own document: nation-split'])
    expect(faults([signed()], 'AAA', T0 + 366 * DAY_MS)).toEqual([
      'own registry: registry-expired',
      'own document: nation-doc-expired',
    ])
  })

  it('fails with a key that is given up, and with one that is another nation’s', () => {
    expect(faults([signed(nodeAt(['/ip4/192.0.2.1/tcp/1'], 2))])).toEqual(['own peer key: peer-key-unlisted'])
    expect(faults([signed()], 'BBB')).toEqual(['own peer key: peer-key-unlisted'])
  })

  it.each([
    ['/ip4/0.0.0.0/tcp/7117'],
    ['/ip6/::/tcp/7117'],
    ['/ip4/127.0.0.1/tcp/7117'],
    ['/dns4/localhost/tcp/7117'],
    ['/nonsense/1'],
  ])('fails with the address %s, where nobody else reaches it', address => {
    expect(faults([signed(nodeAt(['/ip4/192.0.2.1/tcp/1', address]))])).toEqual(['own addresses: net-address-invalid'])
  })

  it('fails where no node of another nation is known', () => {
    expect(faults([signed()], 'AAA', T0 + DAY_MS, [world], [])).toEqual(['other nodes: net-nobody-known'])
  })

  it('is well without any address: it calls', () => {
    expect(faults([signed(nodeAt([]))])).toEqual([])
  })
})
