import { describe, expect, test } from 'vitest'
import type { AllianceId } from '../../src/base/ids.ts'
import { toRootKey } from '../../src/registry/build-registry.ts'
import { describeNationChange, describeRegistryChange } from '../../src/registry/describe-change.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { parseNationDoc } from '../../src/registry/nation-doc.ts'
import { buildPolicy, DEFAULT_POLICY } from '../../src/registry/policy.ts'
import { parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import type { Governor, NationDoc, NationEntry, NodeKey, Policy, RegistryDoc } from '../../src/wire/gen/tocsin.ts'
import {
  entry,
  firstNation,
  foundRegistry,
  governor,
  innerNode,
  kemKeys,
  nextNation,
  nextRegistry,
  rootSigner,
  type SignedNation,
  seed,
  signNation,
  signRegistry,
  T0,
} from '../support/registry-world.ts'

const founded = foundRegistry({
  nations: [
    entry('AAA'),
    entry('BBB', { bounds: [{ logId: seed('log of BBB'), size: 812, root: seed('root') }] }),
    entry('CCC', { pinVersion: 3, pinHash: seed('pin') }),
  ],
  policy: buildPolicy(DEFAULT_POLICY),
})

function registry(message: RegistryDoc) {
  return parseRegistryDoc(signRegistry(message, []).signed)
}

/** The sentences on the next version, with the same content but for `fields`. */
function registryChange(fields: Partial<RegistryDoc> = {}): readonly string[] {
  return describeRegistryChange(parseRegistryDoc(founded.signed), registry(nextRegistry(founded, fields)))
}

/** The sentences that a change of one nation's entry adds to those of a version that changes nothing. */
function entryChange(id: string, fields: Partial<NationEntry>): readonly string[] {
  const { nations } = founded.message
  const changed = nations.map(each => (each.nation === id ? { ...each, ...fields } : each))
  return added(registryChange({ nations: changed }))
}

function added(sentences: readonly string[]): readonly string[] {
  return sentences.filter(sentence => !registryChange().includes(sentence))
}

const anotherGovernor = governor('EEE')

/** Fields of the message whose change is told, and a change of each. The type names every field there is. */
const REGISTRY_FIELDS: Record<
  Exclude<keyof RegistryDoc, 'format' | 'allianceId' | 'prevHash'>,
  Partial<RegistryDoc>
> = {
  version: { version: 3 },
  issuedMs: { issuedMs: T0 + 3 * DAY_MS },
  expiresMs: { expiresMs: T0 + 300 * DAY_MS },
  threshold: { threshold: 3 },
  governors: { governors: [...founded.message.governors, anotherGovernor], threshold: 3 },
  nations: { nations: [...founded.message.nations, entry('DDD')] },
  policy: { policy: buildPolicy({ ...DEFAULT_POLICY, epochMaxDays: 7 }) },
  name: { name: 'Other Alliance' },
}

const ENTRY_FIELDS: Record<Exclude<keyof NationEntry, 'nation'>, Partial<NationEntry>> = {
  label: { label: 'Another name' },
  status: { status: 2 },
  roles: { roles: [1, 2, 3, 4] },
  rootThreshold: { rootThreshold: 1, rootKeyIds: [rootSigner('root BBB').key.id, seed('second')] },
  rootKeyIds: { rootKeyIds: [seed('another')] },
  reset: { reset: 1, docMinVersion: 2, rootKeyIds: [seed('another')] },
  docMinVersion: { docMinVersion: 2 },
  bounds: { bounds: [] },
  maxTlp: { maxTlp: 3 },
  pinVersion: { pinVersion: 4, pinHash: seed('pin') },
  pinHash: { pinVersion: 3, pinHash: seed('another pin') },
}

const POLICY_FIELDS: Record<keyof Policy, Partial<Policy>> = {
  byzantineFPlus1: { byzantineFPlus1: 1 },
  epochMaxDays: { epochMaxDays: 1 },
  epochMaxMessages: { epochMaxMessages: 1 },
  dailyBytesPerNation: { dailyBytesPerNation: 1 },
  dailyEntriesPerNation: { dailyEntriesPerNation: 1 },
  bodyRetentionDays: { bodyRetentionDays: 1 },
  suites: { suites: [1, 2] },
  skewSeconds: { skewSeconds: 1 },
}

const GOVERNOR_FIELDS: Record<keyof Governor, readonly Governor[]> = {
  nation: [{ ...governor('AAA', true), nation: 'EEE' }, governor('BBB'), governor('CCC')],
  primary: [governor('AAA', true), { ...governor('BBB'), primary: anotherGovernor.primary }, governor('CCC')],
  recovery: [governor('AAA', false), governor('BBB'), governor('CCC')],
}

describe('of a registry', () => {
  test.each(Object.entries(REGISTRY_FIELDS))('a change of %s is told', (_, fields) => {
    expect(added(registryChange(fields))).not.toEqual([])
  })

  test.each(Object.entries(GOVERNOR_FIELDS))('a change of the %s of a governor is told', (_, governors) => {
    expect(added(registryChange({ governors: [...governors] }))).not.toEqual([])
  })

  test.each(Object.entries(ENTRY_FIELDS))('a change of the %s of a nation is told', (_, fields) => {
    const id = 'pinVersion' in fields || 'pinHash' in fields ? 'CCC' : 'BBB'
    expect(entryChange(id, fields).join('\n')).toContain(id)
  })

  test.each(Object.entries(POLICY_FIELDS))('a change of the policy %s is told', (_, fields) => {
    const policy = { ...buildPolicy(DEFAULT_POLICY), ...fields }
    expect(added(registryChange({ policy })).join('\n')).toContain('Policy: ')
  })

  test('a version that changes nothing says which it is and until when it holds', () => {
    expect(registryChange()).toEqual([
      'Registry version 2 of "Test Alliance": issued 2026-01-02 00:00:00 UTC, valid until 2027-01-02 00:00:00 UTC (365 days).',
    ])
  })

  test('a founding tells who governs, who is a member, and by which keys', () => {
    expect(describeRegistryChange(undefined, parseRegistryDoc(founded.signed))).toMatchInlineSnapshot(`
      [
        "The alliance "Test Alliance" is founded: registry version 1, issued 2026-01-01 00:00:00 UTC, valid until 2027-01-01 00:00:00 UTC (365 days).",
        "2 of 3 governors must sign a change of the registry.",
        "AAA governs: its key is b606 d43f cc04 30c6 93e8 7a25 4c56 f1c0, its recovery key is 3ec8 10f1 fd81 fbde d55b 40c2 2745 5da9.",
        "BBB governs: its key is c83d e773 8d51 0bcd 9fcc c80e 92cc e347, it has no recovery key.",
        "CCC governs: its key is f40f 830e 3ba6 e8b9 8388 7c66 6704 4168, it has no recovery key.",
        "AAA ("Nation AAA") is admitted: may publish, receive and witness; it may be sent everything; its root key is 708c 028d ce93 26de e901 55f6 1e0d 45df.",
        "BBB ("Nation BBB") is admitted: may publish, receive and witness; it may be sent everything; its root key is 0452 ceda 73af a506 afcb d62a edb1 627d.",
        "Of BBB's log 7260a351e718c8f8… the first 812 entries stay trusted, on the branch with root c7bb986e5549e3bf….",
        "ATTENTION: what BBB wrote in these logs beyond the bounds is set aside everywhere, for good. Whether witnesses have seen more of it cannot be known from this document.",
        "CCC ("Nation CCC") is admitted: may publish, receive and witness; it may be sent everything; its root key is c527 b478 aba3 60a1 b953 830f 2e26 245d.",
        "Document 3 of CCC is pinned (hash 3e114c8d4acfcd16…).",
        "A quorum of witnesses holds though 0 of 3 nations lie.",
      ]
    `)
  })

  test('an admission names the root key to compare', () => {
    const [sentence] = registryChange({
      nations: [...founded.message.nations, entry('FRA', { label: 'France', maxTlp: 4 })],
    }).slice(1)
    expect(sentence).toMatch(
      /^FRA \("France"\) is admitted: may publish, receive and witness; it is sent nothing above TLP:AMBER\+STRICT; its root key is (?:[0-9a-f]{4} ){7}[0-9a-f]{4}\.$/,
    )
  })

  test('an expulsion says up to where its logs stay trusted', () => {
    const bounds = [{ logId: seed('log of AAA'), size: 1, root: seed('root') }]
    expect(entryChange('AAA', { status: 3, bounds })).toMatchInlineSnapshot(`
      [
        "ATTENTION: AAA governs though it is no active member.",
        "AAA is EXPELLED. Its connections close, nothing more is sealed to it, and its logs never grow again.",
        "Of AAA's log 43bf43a1e1ebc723… the first entry stays trusted, on the branch with root c7bb986e5549e3bf….",
        "ATTENTION: what AAA wrote in these logs beyond the bounds is set aside everywhere, for good. Whether witnesses have seen more of it cannot be known from this document.",
        "A quorum of witnesses holds though 0 of 2 nations lie; before: 0 of 3.",
      ]
    `)
  })

  test('whoever ends a membership, or resets stolen keys, without a bound is told what counts then', () => {
    const warning = expect.stringContaining('ATTENTION: no bound is given for a log of AAA')
    expect(entryChange('AAA', { status: 3 })).toContainEqual(warning)
    const reset = { reset: 2, docMinVersion: 2, rootKeyIds: [seed('new root')] }
    expect(entryChange('AAA', reset)).toContainEqual(warning)
    const without = founded.message.nations.filter(each => each.nation !== 'AAA')
    expect(registryChange({ nations: without })).toContainEqual(warning)
  })

  test('a falling threshold and a governor who goes are dangers', () => {
    const three = foundRegistry({ threshold: 3 })
    const two = nextRegistry(three, { threshold: 2, governors: three.message.governors.slice(0, 2) })
    const dangers = describeRegistryChange(parseRegistryDoc(three.signed), registry(two)).filter(isDanger)
    expect(dangers).toEqual([
      "ATTENTION: the governors' threshold falls from 3 of 3 to 2 of 2: fewer can change the registry.",
      'ATTENTION: CCC governs no longer: its governor keys sign nothing after this version.',
    ])
  })

  test('whoever joins or leaves the witnesses changes what a quorum withstands', () => {
    const ids = ['DDD', 'EEE']
    const sentences = registryChange({ nations: [...founded.message.nations, ...ids.map(id => entry(id))] })
    expect(sentences.at(-1)).toBe('A quorum of witnesses holds though 1 of 5 nations lie; before: 0 of 3.')
  })

  test('a LOST reset says from when it counts, and a COMPROMISED one that it counts at once', () => {
    const roots = { docMinVersion: 5, rootKeyIds: [seed('new root')] }
    const lost = entryChange('AAA', { reset: 1, ...roots })
    expect(lost[0]).toMatch(/^ATTENTION: AAA's root keys are reset as LOST: from version 5 of its document on/)
    expect(lost[1]).toContain('the first version issued 14 days after this one, on 2026-01-16 00:00:00 UTC or later')
    expect(entryChange('AAA', { reset: 2, ...roots })[0]).toContain('reset as COMPROMISED, in effect at once')
  })

  test('a LOST reset that is carried on is told again', () => {
    const reset = entry('AAA', { reset: 1, docMinVersion: 5, rootKeyIds: [seed('new root')] })
    const first = foundRegistry({ nations: [reset] })
    const soon = registry(nextRegistry(first))
    const later = registry(nextRegistry(first, { issuedMs: T0 + 14 * DAY_MS }))
    const before = parseRegistryDoc(first.signed)
    expect(describeRegistryChange(before, soon).at(-1)).toContain('carried on: it takes effect with')
    expect(describeRegistryChange(before, later).at(-1)).toContain('carried on: it is in effect with this version')
  })

  test('a pin that goes back, or to a sibling, is a danger', () => {
    expect(entryChange('CCC', { pinVersion: 2, pinHash: seed('older') }).filter(isDanger)).toHaveLength(1)
    expect(entryChange('CCC', { pinVersion: 3, pinHash: seed('sibling') }).filter(isDanger)).toHaveLength(1)
    expect(entryChange('CCC', { pinVersion: 4, pinHash: seed('next') }).filter(isDanger)).toEqual([])
  })

  test('what others wrote cannot pose as a sentence of ours', () => {
    const label = 'x".\nATTENTION: \u202eall is well'
    const [, sentence] = registryChange({ nations: [...founded.message.nations, entry('FRA', { label })] })
    expect(sentence).toContain('FRA ("x\\".\\nATTENTION: \\u202eall is well") is admitted')
  })

  test('a version that is not the next one of this alliance is a danger', () => {
    const other = foundRegistry({ name: 'Other' })
    const sentences = describeRegistryChange(parseRegistryDoc(founded.signed), registry(nextRegistry(other)))
    expect(sentences).toContain('ATTENTION: it is of another alliance.')
    expect(sentences).toContain('ATTENTION: it builds on another version 1 than the one here.')
  })

  test('a time beyond all calendars is told too', () => {
    const issuedMs = Number.MAX_SAFE_INTEGER - DAY_MS
    expect(registryChange({ issuedMs, expiresMs: issuedMs + 1 })[0]).toContain('+275760-09-13')
  })
})

function isDanger(sentence: string): boolean {
  return sentence.startsWith('ATTENTION: ')
}

const allianceId: AllianceId = founded.allianceId
const first: SignedNation = signNation(
  firstNation(allianceId, 'AAA', {
    kems: kemKeys('AAA', 2),
    bounds: [{ logId: seed('log of AAA'), size: 12, root: seed('root') }],
    contacts: [{ name: 'Duty officer', duty: 'round the clock', reach: 'duty@aaa.example' }],
  }),
  [],
)

function nationChange(fields: Partial<NationDoc> = {}): readonly string[] {
  return describeNationChange(
    parseNationDoc(first.signed),
    parseNationDoc(signNation(nextNation(first, fields), []).signed),
  )
}

function nodeChange(fields: Partial<NodeKey>): readonly string[] {
  return nationChange({ nodes: first.message.nodes.map(node => ({ ...node, ...fields })) }).slice(1)
}

const NATION_FIELDS: Record<Exclude<keyof NationDoc, 'allianceId' | 'nation' | 'prevHash'>, Partial<NationDoc>> = {
  version: { version: 3 },
  issuedMs: { issuedMs: T0 + 3 * DAY_MS },
  expiresMs: { expiresMs: T0 + 300 * DAY_MS },
  rootThreshold: {
    rootThreshold: 2,
    roots: [...first.message.roots, toRootKey(rootSigner('root 2 AAA').key)],
  },
  roots: { roots: [toRootKey(rootSigner('root 2 AAA').key)] },
  nodes: { nodes: [...first.message.nodes, innerNode(allianceId, 'AAA', 'second node')] },
  kems: { kems: kemKeys('AAA', 3) },
  bounds: { bounds: [] },
  contacts: { contacts: [] },
}

describe('of a nation', () => {
  test.each(Object.entries(NATION_FIELDS))('a change of %s is told', (_, fields) => {
    const same = nationChange()
    expect(nationChange(fields).filter(sentence => !same.includes(sentence))).not.toEqual([])
  })

  test('the first document tells all that it says', () => {
    expect(describeNationChange(undefined, parseNationDoc(first.signed))).toMatchInlineSnapshot(`
      [
        "Document 1 of AAA: issued 2026-01-01 00:00:00 UTC, valid until 2027-01-01 00:00:00 UTC (365 days).",
        "Root key 708c 028d ce93 26de e901 55f6 1e0d 45df speaks for AAA.",
        "1 of 1 root keys must sign each document of AAA.",
        "AAA's node 8e07e101867e52ca… joins: it signs and reads, reached at /ip4/192.0.2.1/tcp/4001; sign key 8e07e101867e52ca…, witness key fde606618da0d2ba…, peer key fc0b7ef915e2d4d1….",
        "2 KEM keys of AAA are added, to be sealed to one after the other from 2026-01-01 00:00:00 UTC: a5b922aeb82b26a7… until 2026-02-01, ad7c572e1e5c8a83… until 2026-03-04.",
        "Of AAA's log 43bf43a1e1ebc723… the first 12 entries stay trusted, on the branch with root c7bb986e5549e3bf….",
        "ATTENTION: what AAA wrote in these logs beyond the bounds is set aside everywhere, for good. Whether witnesses have seen more of it cannot be known from this document.",
        "A contact is named: "Duty officer", "round the clock", reached at "duty@aaa.example".",
      ]
    `)
  })

  test('a change of the status, addresses or proofs of a node is told', () => {
    expect(nodeChange({ status: 2 })[0]).toContain('is RETIRED')
    expect(nodeChange({ status: 3 })[0]).toMatch(/^ATTENTION: .* is COMPROMISED/)
    expect(nodeChange({ addresses: [] })[0]).toContain(
      'is now reached at no address; before: reached at /ip4/192.0.2.1/tcp/4001',
    )
    for (const proof of ['signPop', 'witnessPop', 'peerPop'] as const)
      expect(nodeChange({ [proof]: new Uint8Array(64) })[0]).toMatch(/^ATTENTION: .* key WITHOUT PROOF/)
  })

  test('a nation that gives its last node up is told of', () => {
    const last = 'ATTENTION: no node of AAA is active any more: nobody connects with it, and it publishes nothing.'
    expect(nodeChange({ status: 2 })).toContain(last)
    expect(nodeChange({ addresses: [] })).not.toContain(last)
  })

  test('a node with other keys is another node, and the one left out a danger', () => {
    const nodes = [innerNode(allianceId, 'AAA', 'second node')]
    const sentences = nationChange({ nodes })
    expect(sentences[1]).toMatch(/^AAA's node [0-9a-f]{16}… joins: it signs and reads/)
    expect(sentences[2]).toMatch(/^ATTENTION: AAA's node [0-9a-f]{16}… is left out, so nobody will accept/)
  })

  test('KEM keys of one ceremony are told in one sentence, each with the end of its window', () => {
    const [, sentence] = nationChange({ kems: [...kemKeys('AAA', 2), ...kemKeys('BBB', 3, T0 + 62 * DAY_MS)] })
    expect(sentence).toMatch(
      /^3 KEM keys of AAA are added, to be sealed to one after the other from 2026-03-04 00:00:00 UTC: [0-9a-f]{16}… until 2026-04-04, [0-9a-f]{16}… until 2026-05-05, [0-9a-f]{16}… until 2026-06-05\.$/,
    )
  })

  test('a KEM key that changes its status or window, or goes, is told', () => {
    const [one, two] = kemKeys('AAA', 2)
    expect(nationChange({ kems: [{ ...one!, status: 2 }, two!] })[1]).toContain(
      'is RETIRED: nothing more is sealed to it',
    )
    expect(nationChange({ kems: [{ ...one!, fromMs: T0 - DAY_MS }, two!] })[1]).toContain('from 2025-12-31')
    expect(nationChange({ kems: [two!] })[1]).toContain('is left out')
    expect(nationChange({ kems: [] }).at(-1)).toContain('ATTENTION: AAA has no KEM key left')
  })

  test('a lower root threshold is a danger', () => {
    const roots = [...first.message.roots, toRootKey(rootSigner('root 2 AAA').key)]
    const before = signNation({ ...first.message, roots, rootThreshold: 2 }, [])
    const after = signNation(nextNation(before, { rootThreshold: 1 }), [])
    expect(describeNationChange(parseNationDoc(before.signed), parseNationDoc(after.signed)).at(-1)).toBe(
      'ATTENTION: 1 of 2 root keys must sign the next document; until now 2 of 2 root keys.',
    )
  })
})
