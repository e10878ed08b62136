import { describe, expect, it } from 'vitest'
import { EMPTY, toHex } from '../../src/base/bytes.ts'
import { type LogId, parseLogId } from '../../src/base/ids.ts'
import { addDocuments } from '../../src/registry/add-document.ts'
import { buildEdgeNode } from '../../src/registry/build-nation.ts'
import { describeNation, describeRegistry } from '../../src/registry/describe.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { emptyEvidence } from '../../src/registry/evidence.ts'
import { checkExpiry } from '../../src/registry/expiry.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { DEFAULT_POLICY } from '../../src/registry/policy.ts'
import type { NationEntry, RegistryDoc } from '../../src/wire/gen/tocsin.ts'
import {
  edSigner,
  entry,
  firstNation,
  foundRegistry,
  innerNode,
  kemKeys,
  nation,
  nextNation,
  nextRegistry,
  type SignedNation,
  type SignedRegistry,
  signNation,
  signRegistry,
  T0,
} from '../support/registry-world.ts'

const first = foundRegistry()
const { allianceId } = first
const AAA = nation('AAA')
const BBB = nation('BBB')
const kems = kemKeys('AAA', 2)
const a1 = signNation(firstNation(allianceId, 'AAA', { kems }))
const b1 = signNation(firstNation(allianceId, 'BBB', { kems: kemKeys('BBB', 12) }))
const signA = edSigner('node AAA sign').publicKey
const peerA = edSigner('node AAA peer').publicKey
const witnessA = edSigner('node AAA witness').publicKey
const logA: LogId = parseLogId(new Uint8Array(32).fill(0xa1))
const root = new Uint8Array(32).fill(0x77)

function directoryOf(...docs: readonly (SignedRegistry | SignedNation)[]) {
  const all = [first, ...docs].map(doc => doc.signed)
  return openDirectory(addDocuments(emptyEvidence(allianceId), all), [])!
}

/** A line of registries, each with another entry for AAA. */
function line(...entries: readonly Partial<NationEntry>[]): SignedRegistry[] {
  const registries: SignedRegistry[] = [first]
  for (const fields of entries) {
    registries.push(signRegistry(nextRegistry(registries.at(-1)!, { nations: [entry('AAA', fields), entry('BBB')] })))
  }
  return registries.slice(1)
}

const bound = (size: number) => ({ logId: logA, size, root })
const origin = (registryVersion = 1) => ({ logId: logA, nation: AAA, signPk: signA, registryVersion })
const standing = (docs: readonly (SignedRegistry | SignedNation)[], registryVersion?: number) =>
  directoryOf(a1, ...docs).logStanding(origin(registryVersion))

describe('what the documents say of a log (R-1.8, R-2.6)', () => {
  it('is active for the active key of an active nation', () => {
    expect(standing([])).toEqual({ kind: 'active' })
  })

  it('is nothing for a key or a nation that no document in force names', () => {
    const directory = directoryOf(a1, b1)
    expect(directory.logStanding({ ...origin(), nation: BBB })).toEqual({ kind: 'none' })
    expect(directory.logStanding({ ...origin(), nation: nation('ZZZ') })).toEqual({ kind: 'none' })
    expect(directory.logStanding({ ...origin(), signPk: peerA })).toEqual({ kind: 'none' })
    expect(directory.mayOpenLog(AAA, peerA)).toBe(false)
  })

  it('is bounded for an expelled nation, by the bound that came with it or by none', () => {
    expect(standing(line({ status: 3 }))).toEqual({ kind: 'bounded', governors: undefined, own: undefined })
    expect(standing(line({ status: 3, bounds: [bound(7)] }))).toMatchObject({ kind: 'bounded', governors: { size: 7 } })
  })

  it('is bounded for a nation that a version leaves out', () => {
    const without = signRegistry(nextRegistry(first, { nations: [entry('BBB')] }))
    expect(standing([without])).toMatchObject({ kind: 'bounded' })
    expect(directoryOf(a1, without).peerStanding(peerA)).toBe('refused')
  })

  it('stays bounded by the newest bound when later versions do not repeat it', () => {
    const versions = line({ status: 3, bounds: [bound(7)] }, { status: 3, bounds: [bound(9)] }, { status: 3 })
    expect(standing(versions)).toMatchObject({ kind: 'bounded', governors: { size: 9 } })
  })

  it('stays bounded for logs from before an expulsion, and is active for those from after the return', () => {
    const versions = line({ status: 3 }, {})
    expect(standing(versions, 2)).toMatchObject({ kind: 'bounded' })
    expect(standing(versions, 3)).toEqual({ kind: 'active' })
  })

  it('is suspended while a suspension lasts, and its bounds end with it', () => {
    const suspended = line({ status: 2, bounds: [bound(4)] })
    expect(standing(suspended)).toMatchObject({ kind: 'suspended', governors: { size: 4 } })
    expect(standing(line({ status: 2, bounds: [bound(4)] }, {}))).toEqual({ kind: 'active' })
    expect(standing(line({ status: 2, bounds: [bound(4)] }, { status: 3 }))).toMatchObject({
      kind: 'bounded',
      governors: { size: 4 },
    })
  })

  it('is not raised by a suspension above a lasting bound', () => {
    expect(standing(line({ bounds: [bound(4)] }, { status: 2, bounds: [bound(9)] }))).toMatchObject({
      kind: 'suspended',
      governors: { size: 4 },
    })
  })

  it('is bounded for a retired or compromised key, with the own bound of its nation', () => {
    const [node] = a1.message.nodes
    for (const status of [2, 3]) {
      const a2 = signNation(nextNation(a1, { nodes: [{ ...node!, status }], bounds: [bound(5)] }))
      expect(standing([a2])).toMatchObject({ kind: 'bounded', governors: undefined, own: { size: 5 } })
      expect(directoryOf(a1, a2).nationOfSignKey(signA)).toBe(AAA)
    }
  })

  it('takes no bound from another nation', () => {
    const b2 = signNation(nextNation(b1, { bounds: [bound(1)] }))
    expect(standing([b1, b2])).toEqual({ kind: 'active' })
    const foreign = [entry('AAA'), entry('BBB', { bounds: [bound(1)] })]
    expect(standing([signRegistry(nextRegistry(first, { nations: foreign }))])).toEqual({ kind: 'active' })
  })
})

describe('who may connect (R-5.4)', () => {
  it('is a member with an active key, also while suspended', () => {
    expect(directoryOf(a1).peerStanding(peerA)).toBe('member')
    expect(directoryOf(a1, ...line({ status: 2 })).peerStanding(peerA)).toBe('member')
  })

  it('is refused once expelled or with a retired key, and in limbo when unknown', () => {
    const [node] = a1.message.nodes
    const retired = signNation(nextNation(a1, { nodes: [{ ...node!, status: 2 }] }))
    expect(directoryOf(a1, ...line({ status: 3 })).peerStanding(peerA)).toBe('refused')
    expect(directoryOf(a1, retired).peerStanding(peerA)).toBe('refused')
    expect(directoryOf(a1, retired).peers()).toEqual([])
    expect(directoryOf(a1).peerStanding(edSigner('stranger').publicKey)).toBe('limbo')
  })

  it('counts a peer key without its proof for nothing (R-1.12)', () => {
    const [node] = a1.message.nodes
    const unproved = signNation(firstNation(allianceId, 'AAA', { nodes: [{ ...node!, peerPop: EMPTY }] }))
    expect(directoryOf(unproved).peerStanding(peerA)).toBe('limbo')
    expect(directoryOf(unproved).mayOpenLog(AAA, signA)).toBe(true)
  })

  it('takes no proof that was made for another nation or alliance (R-1.12)', () => {
    const foreignId = foundRegistry({ name: 'Foreign' }).allianceId
    for (const node of [innerNode(allianceId, 'BBB', 'node AAA'), innerNode(foreignId, 'AAA', 'node AAA')]) {
      const doc = signNation(firstNation(allianceId, 'AAA', { nodes: [node] }))
      expect(directoryOf(doc).mayOpenLog(AAA, signA)).toBe(false)
    }
  })

  it('names the nation and the addresses of each node, an EDGE node among them', () => {
    const edge = buildEdgeNode(allianceId, AAA, edSigner('edge AAA'), ['/ip6/2001:db8::1/tcp/4001'])
    const directory = directoryOf(signNation(firstNation(allianceId, 'AAA', { nodes: [...a1.message.nodes, edge] })))
    expect(directory.peers().map(({ nation, addresses, use }) => ({ nation, addresses, use }))).toEqual([
      { nation: AAA, addresses: ['/ip4/192.0.2.1/tcp/4001'], use: 1 },
      { nation: AAA, addresses: ['/ip6/2001:db8::1/tcp/4001'], use: 2 },
    ])
    expect(directory.nationOfPeer(edSigner('edge AAA').publicKey)).toBe(AAA)
    expect(directory.nationOfPeer(edSigner('stranger').publicKey)).toBeUndefined()
  })
})

describe('who may be sealed to (R-3.6)', () => {
  const audience = (docs: readonly (SignedRegistry | SignedNation)[], nowMs = T0 + DAY_MS) => {
    const { recipients, withheld } = directoryOf(...docs).audience(nowMs)
    return { recipients: recipients.map(({ nation }) => nation), withheld }
  }

  it('is every active nation with the role RECEIVE and a KEM key whose window runs', () => {
    const { recipients, withheld } = directoryOf(a1, b1).audience(T0 + 40 * DAY_MS)
    expect(recipients.map(({ nation, kemKeyId }) => [nation, toHex(kemKeyId)])).toEqual([
      ['AAA', toHex(kems[1]!.keyId)],
      ['BBB', toHex(kemKeys('BBB', 2)[1]!.keyId)],
    ])
    expect(withheld).toEqual([])
  })

  it('leaves out, with the reason, who has no document or no key for the time', () => {
    expect(audience([b1]).withheld).toEqual([{ nation: AAA, reason: 'no-document' }])
    expect(audience([a1, b1], T0 + 62 * DAY_MS).withheld).toEqual([{ nation: AAA, reason: 'no-kem-key' }])
    const revoked = signNation(nextNation(a1, { kems: kems.map(kem => ({ ...kem, status: 3 })) }))
    expect(audience([a1, b1, revoked]).withheld).toEqual([{ nation: AAA, reason: 'no-kem-key' }])
  })

  it('leaves out who is suspended, expelled or has no role to receive', () => {
    expect(audience([a1, b1, ...line({ status: 2 })])).toEqual({
      recipients: [BBB],
      withheld: [{ nation: AAA, reason: 'suspended' }],
    })
    expect(audience([a1, b1, ...line({ status: 3 })])).toEqual({ recipients: [BBB], withheld: [] })
    expect(audience([a1, b1, ...line({ roles: [4] })])).toEqual({ recipients: [BBB], withheld: [] })
  })

  it('leaves out who any open branch of a split excludes (R-1.5)', () => {
    const [expels] = line({ status: 3 })
    const [other] = line({ label: 'Other' })
    expect(audience([a1, b1, expels!, other!])).toEqual({
      recipients: [BBB],
      withheld: [{ nation: AAA, reason: 'split' }],
    })
  })

  it('ends 30 days after the nation document expired (R-1.9)', () => {
    const fields = { kems: kemKeys('AAA', 16), expiresMs: T0 + 100 * DAY_MS }
    const doc = signNation(firstNation(allianceId, 'AAA', fields))
    expect(audience([doc, b1], T0 + 130 * DAY_MS - 1).withheld).toEqual([])
    expect(audience([doc, b1], T0 + 130 * DAY_MS).withheld).toEqual([{ nation: AAA, reason: 'document-expired' }])
  })

  it('seals with no suite that the policy leaves out (R-3.1)', () => {
    const policy: RegistryDoc['policy'] = {
      ...{ byzantineFPlus1: 0, epochMaxDays: 0, epochMaxMessages: 0, dailyBytesPerNation: 0 },
      ...{ dailyEntriesPerNation: 0, bodyRetentionDays: 0, suites: [2], skewSeconds: 0 },
    }
    const { recipients } = directoryOf(a1, b1, signRegistry(nextRegistry(first, { policy }))).audience(T0 + DAY_MS)
    expect(recipients).toEqual([])
  })
})

describe('who witnesses (R-2.7)', () => {
  it('is every active nation with the role, as each version of the chain says', () => {
    const directory = directoryOf(a1, ...line({ status: 2 }, { roles: [1, 2] }, {}))
    expect([1, 2, 3, 4, 5].map(version => directory.witnesses(version))).toEqual([
      new Set([AAA, BBB]),
      new Set([BBB]),
      new Set([BBB]),
      new Set([AAA, BBB]),
      undefined,
    ])
  })

  it('keeps the nation of a witness key whatever becomes of the key', () => {
    const [node] = a1.message.nodes
    const a2 = signNation(nextNation(a1, { nodes: [{ ...node!, status: 3 }] }))
    expect(directoryOf(a1, a2, ...line({ status: 3 })).nationsOfWitness(witnessA)).toEqual([AAA])
    expect(directoryOf(a1).nationsOfWitness(peerA)).toEqual([])
  })
})

describe('the expiry of a document (R-1.9)', () => {
  it.each([
    [61 * DAY_MS, { kind: 'valid', daysLeft: 61 }],
    [60 * DAY_MS, { kind: 'warn', daysLeft: 60, warnDays: 60 }],
    [30 * DAY_MS, { kind: 'warn', daysLeft: 30, warnDays: 30 }],
    [7 * DAY_MS - 1, { kind: 'warn', daysLeft: 6, warnDays: 7 }],
    [DAY_MS, { kind: 'warn', daysLeft: 1, warnDays: 1 }],
    [0, { kind: 'expired', daysPast: 0 }],
    [-30 * DAY_MS + 1, { kind: 'expired', daysPast: 29 }],
    [-30 * DAY_MS, { kind: 'lapsed', daysPast: 30 }],
  ])('with %i ms left is %o', (leftMs, expected) => {
    expect(checkExpiry(T0 + leftMs, T0)).toEqual(expected)
  })
})

describe('a description', () => {
  it('puts a registry into words', () => {
    const directory = directoryOf(a1, ...line({ status: 2, maxTlp: 3, roles: [2, 9], bounds: [bound(4)] }))
    expect(describeRegistry(directory.registry)).toMatchObject({
      name: 'Test Alliance',
      version: 2,
      threshold: 2,
      governors: ['AAA', 'BBB', 'CCC'],
      policy: DEFAULT_POLICY,
      nations: [
        {
          nation: 'AAA',
          status: 'SUSPENDED',
          maxTlp: 'AMBER',
          roles: ['RECEIVE', '9'],
          bounds: [{ size: 4 }],
          reset: '',
        },
        { nation: 'BBB', status: 'ACTIVE', maxTlp: '', roles: ['PUBLISH', 'RECEIVE', 'WITNESS'] },
      ],
    })
  })

  it('puts a nation into words', () => {
    const { doc } = directoryOf(a1).member(AAA)!
    expect(describeNation(doc!)).toMatchObject({
      nation: 'AAA',
      version: 1,
      nodes: [{ use: 'INNER', status: 'ACTIVE', signKey: toHex(signA), peerKey: toHex(peerA) }],
      kems: [{ suite: 1, status: 'ACTIVE', fromMs: T0 }, { status: 'ACTIVE' }],
    })
  })
})
