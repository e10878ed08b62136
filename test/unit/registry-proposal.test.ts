import { describe, expect, it, test } from 'vitest'
import { encodeProposalFile, parseProposalFile } from '../../src/node/ceremonies/proposal-file.ts'
import { encodeSignatureFile, parseSignatureFile } from '../../src/node/ceremonies/signature-file.ts'
import { toRootKey } from '../../src/registry/build-registry.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { documentsOf, type EvidenceSet } from '../../src/registry/evidence.ts'
import type { RegistryChange } from '../../src/registry/next-registry.ts'
import {
  addSignature,
  allianceFieldOf,
  completeProposal,
  draftOf,
  type OpenProposal,
  openProposal,
  type Proposal,
  type ProposalSignature,
} from '../../src/registry/proposal.ts'
import { DOC_TYPE, signDoc } from '../../src/registry/signed-doc.ts'
import { decodeLoose, encode } from '../../src/wire/codec.ts'
import { RegistryDoc } from '../../src/wire/gen/tocsin.ts'
import { directoryOf, enact, foundLife, nextDoc, plan, request, withDocs } from '../support/alliance-life.ts'
import { firstNation, firstRegistry, nation, rootSigner, signNation, T0 } from '../support/registry-world.ts'

const life = foundLife()
const coded = (code: string) => expect.objectContaining({ code })
const renew: RegistryChange = { kind: 'renew' }
const newKey = rootSigner('root new')

const proposed = (changes: readonly RegistryChange[], base = life, nowMs = T0) =>
  draftOf(DOC_TYPE.REGISTRY, plan(base, changes, { nowMs }).docBytes, documentsOf(base))
const open = (proposal: Proposal, nowMs = T0) => openProposal(proposal, nowMs)

/** What the holder of a key hands back. */
function signature({ change, draft }: OpenProposal, signer: string): ProposalSignature {
  const { hash, sigs } = signDoc(change.type, allianceFieldOf(change), draft.docBytes, [rootSigner(signer)])
  return { type: change.type, docHash: hash, sig: sigs[0]! }
}

function sign(start: OpenProposal, ...signers: readonly string[]): OpenProposal {
  return signers.reduce((now, signer) => addSignature(now, signature(now, signer)).open, start)
}

const missingOf = ({ councils }: OpenProposal) => councils.map(({ missing }) => missing.map(({ name }) => name))

describe('a proposal for a registry', () => {
  it('needs a threshold of the governors before and after it (R-1.2)', () => {
    const changes: readonly RegistryChange[] = [
      { kind: 'admit', request: request('DDD') },
      { kind: 'governor-add', governor: { nation: nation('DDD'), primary: rootSigner('gov DDD').key }, threshold: 3 },
    ]
    const draft = open(proposed(changes))
    expect(draft.councils.map(({ version, threshold, seats }) => [version, threshold, seats.length])).toEqual([
      [1, 2, 3],
      [2, 3, 4],
    ])
    const two = sign(draft, 'gov AAA', 'gov BBB')
    expect(two.isComplete).toBe(false)
    expect(two.councils.map(({ isComplete }) => isComplete)).toEqual([true, false])
    expect(missingOf(two)).toEqual([['CCC'], ['CCC', 'DDD']])
    expect(() => completeProposal(two)).toThrow(coded('proposal-incomplete'))
    expect(() => completeProposal(two)).toThrow('2 of 3 who must sign for version 2 have; 1 more of CCC, DDD')
    const set = completeProposal(sign(two, 'gov DDD'))
    expect(directoryOf(set).registry).toMatchObject({ version: 2, threshold: 3 })
  })

  it('counts a governor once, by the primary or the recovery key', () => {
    const one = sign(open(proposed([renew])), 'recovery AAA')
    expect(missingOf(one)[0]).toEqual(['BBB', 'CCC'])
    const { open: same, outcome } = addSignature(one, signature(one, 'gov AAA'))
    expect(outcome).toEqual({ kind: 'again', name: 'AAA' })
    expect(same).toBe(one)
    expect(sign(one, 'gov BBB').isComplete).toBe(true)
  })

  it('lets a governor whose keys it replaces sign with the old and with the new ones', () => {
    const governor = { nation: nation('AAA'), primary: rootSigner('gov new').key }
    const draft = open(proposed([{ kind: 'governor-rotate', governor }]))
    const old = sign(draft, 'recovery AAA', 'gov CCC')
    expect(old.councils.map(({ isComplete }) => isComplete)).toEqual([true, false])
    const both = sign(old, 'gov new')
    expect(directoryOf(completeProposal(both)).registry.governors[0]!.keys).toHaveLength(1)
  })

  it('may be a founding, on which nothing is built', () => {
    const docBytes = encode(RegistryDoc, firstRegistry())
    const signed = sign(open(draftOf(DOC_TYPE.REGISTRY, docBytes, [])), 'gov AAA', 'gov CCC')
    expect(signed.councils).toHaveLength(1)
    expect(directoryOf(completeProposal(signed)).registry.version).toBe(1)
    const { docBytes: second } = proposed([renew])
    expect(() => open(draftOf(DOC_TYPE.REGISTRY, second, []))).toThrow(coded('alliance-incomplete'))
  })

  it('keeps of the signatures in its file those that count', () => {
    const draft = open(proposed([renew]))
    const foreign = signature(draft, 'gov ZZZ').sig
    const broken = { ...signature(draft, 'gov BBB').sig, mldsa65: new Uint8Array(3309) }
    const sigs = [foreign, broken, signature(draft, 'gov AAA').sig]
    const again = open({ ...draft.proposal, sigs })
    expect(again.draft.sigs).toHaveLength(1)
    expect(missingOf(again)[0]).toEqual(['BBB', 'CCC'])
  })

  it('may be signed for 30 days from the date in its signed bytes', () => {
    const proposal = proposed([renew])
    expect(open(proposal, T0 + 30 * DAY_MS).isComplete).toBe(false)
    expect(() => open(proposal, T0 + 30 * DAY_MS + 1)).toThrow(coded('proposal-expired'))
    expect(() => open(proposal, T0 - DAY_MS - 1)).toThrow(coded('clock-skew'))
  })

  it('is refused where another version has come since, or a document is missing', () => {
    const proposal = proposed([{ kind: 'ceiling', nation: nation('AAA'), maxTlp: 1 }])
    const later = enact(life, [renew])
    expect(() => open({ ...proposal, base: documentsOf(later) })).toThrow(coded('proposal-outdated'))
    const next = proposed([renew], later)
    expect(() => open({ ...next, base: documentsOf(life) })).toThrow(coded('alliance-incomplete'))
  })

  it('is refused on the documents of another alliance', () => {
    const other = foundLife({ name: 'Other' })
    expect(() => open({ ...proposed([renew]), base: documentsOf(other) })).toThrow(coded('doc-alliance'))
  })

  test.each<readonly [string, (doc: RegistryDoc) => RegistryDoc, string]>([
    ['a version is left out', doc => ({ ...doc, version: 3 }), 'doc-version'],
    ['it is dated before the one that it follows', doc => ({ ...doc, issuedMs: T0 - 1 }), 'doc-period'],
    ['it is no majority', doc => ({ ...doc, threshold: 1 }), 'doc-threshold-range'],
  ])('is refused where %s', (_, change, code) => {
    const { docBytes } = plan(life, [renew])
    const changed = encode(RegistryDoc, change(decodeLoose(RegistryDoc, docBytes, false)))
    expect(() => open(draftOf(DOC_TYPE.REGISTRY, changed, documentsOf(life)))).toThrow(coded(code))
  })

  it('is refused where its bytes are not canonical', () => {
    const { docBytes } = plan(life, [renew])
    const doubled = Uint8Array.from([8, 1, ...docBytes])
    expect(() => open(draftOf(DOC_TYPE.REGISTRY, doubled, documentsOf(life)))).toThrow(coded('wire-not-canonical'))
  })
})

describe('a signature', () => {
  const draft = open(proposed([renew]))

  it('is refused where it is for another proposal, for another document type, or of a key without a say', () => {
    const other = open(proposed([{ kind: 'ceiling', nation: nation('AAA'), maxTlp: 1 }]))
    expect(() => addSignature(draft, signature(other, 'gov AAA'))).toThrow(coded('signature-other-proposal'))
    const typed = { ...signature(draft, 'gov AAA'), type: DOC_TYPE.NATION }
    expect(() => addSignature(draft, typed)).toThrow(coded('signature-other-proposal'))
    expect(() => addSignature(draft, signature(draft, 'root AAA'))).toThrow(coded('signature-not-asked'))
  })

  it('is refused where one half of it does not verify', () => {
    const good = signature(draft, 'gov AAA')
    for (const half of ['ed25519', 'mldsa65'] as const) {
      const sig = { ...good.sig, [half]: good.sig[half].map((byte, i) => (i === 9 ? byte ^ 1 : byte)) }
      expect(() => addSignature(draft, { ...good, sig })).toThrow(coded('signature-invalid'))
    }
  })
})

describe("a proposal for a nation's document", () => {
  const threshold = (roots: readonly string[], rootThreshold: number) => ({
    roots: roots.map(name => toRootKey(rootSigner(name).key)),
    rootThreshold,
  })
  const proposedNation = (set: EvidenceSet, docBytes: Uint8Array) =>
    draftOf(DOC_TYPE.NATION, docBytes, documentsOf(set))

  it('needs a threshold of its roots before and after it, named by their ids', () => {
    const { docBytes } = nextDoc(life, 'BBB', threshold(['root BBB', 'root new'], 2), ['root BBB'])
    const one = sign(open(proposedNation(life, docBytes), T0 + DAY_MS), 'root BBB')
    expect(one.councils.map(({ isComplete }) => isComplete)).toEqual([true, false])
    expect(missingOf(one)[1]).toEqual([`BBB root ${newKey.key.idHex.slice(0, 8)}`])
    const set = completeProposal(sign(one, 'root new'))
    expect(directoryOf(set).member(nation('BBB'))?.doc?.version).toBe(2)
  })

  it('needs the new roots alone after a reset (R-1.7), though the old ones have signed another since', () => {
    const voided = withDocs(life, nextDoc(life, 'BBB', {}, ['root BBB']))
    const { docBytes } = nextDoc(life, 'BBB', threshold(['root new'], 1), ['root new'])
    const early = proposedNation(voided, docBytes)
    expect(() => open(early, T0 + DAY_MS)).toThrow(coded('proposal-outdated'))
    const reset = enact(voided, [
      {
        kind: 'reset',
        nation: nation('BBB'),
        reset: 'COMPROMISED',
        request: request('BBB', 'root new'),
        fromVersion: 2,
        bounds: [],
      },
    ])
    const draft = open(proposedNation(reset, docBytes), T0 + DAY_MS)
    expect(draft.councils).toHaveLength(1)
    const set = completeProposal(sign(draft, 'root new'))
    expect(directoryOf(set).member(nation('BBB'))?.doc?.roots[0]?.idHex).toBe(newKey.key.idHex)
  })

  it('is refused where it is the first and names other roots than the registry, or drops a node', () => {
    const admitted = enact(life, [{ kind: 'admit', request: request('DDD', 'root new') }])
    const first = signNation(firstNation(life.allianceId, 'DDD', { nodes: [] })).signed.docBytes
    expect(() => open(proposedNation(admitted, first))).toThrow(coded('nation-unbound'))
    const own = firstNation(life.allianceId, 'DDD', { nodes: [], ...threshold(['root new'], 1) })
    const good = signNation(own, ['root new']).signed.docBytes
    expect(sign(open(proposedNation(admitted, good)), 'root new').isComplete).toBe(true)
    const dropped = nextDoc(life, 'BBB', { nodes: [] }, []).docBytes
    expect(() => open(proposedNation(life, dropped), T0 + DAY_MS)).toThrow(coded('nation-key-dropped'))
  })
})

describe('the files', () => {
  const draft = sign(open(proposed([renew])), 'gov AAA')

  it('read back as they were written', () => {
    const proposal = parseProposalFile(Buffer.from(encodeProposalFile(draft.proposal)), 'p')
    expect(proposal).toEqual(draft.proposal)
    expect(missingOf(open(proposal))).toEqual(missingOf(draft))
    const one = signature(draft, 'gov BBB')
    expect(parseSignatureFile(Buffer.from(encodeSignatureFile(one)), 's')).toEqual(one)
  })

  test.each([
    'hello',
    'null',
    '[]',
    '{"format":"tocsin-proposal/2"}',
    '{"format":"tocsin-proposal/1","draft":"AA==","base":[]}',
    '{"format":"tocsin-proposal/1","draft":"*","base":[]}',
  ])('are refused as proposals: %s', text => {
    expect(() => parseProposalFile(Buffer.from(text), 'x')).toThrow(coded('proposal-malformed'))
  })

  it('are refused as signatures when a field is missing, too short or not in base64', () => {
    const good = JSON.parse(encodeSignatureFile(signature(draft, 'gov BBB')))
    const files = [
      'hello',
      '{}',
      ...Object.keys(good).map(name => JSON.stringify({ ...good, [name]: undefined })),
      JSON.stringify({ ...good, ed25519: 'AAAA' }),
      JSON.stringify({ ...good, mldsa65: `*${good.mldsa65.slice(1)}` }),
      JSON.stringify({ ...good, keyId: `${good.keyId}0` }),
    ]
    for (const file of files) {
      expect(() => parseSignatureFile(Buffer.from(file), 'x'), file).toThrow(coded('signature-file-malformed'))
    }
  })
})
