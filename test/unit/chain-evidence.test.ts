import { describe, expect, test } from 'vitest'
import { fromUtf8, toHex } from '../../src/base/bytes.ts'
import { parseHash, parseNationId } from '../../src/base/ids.ts'
import { buildCosignature, parseWitnessKey, verifyCosignature } from '../../src/chain/checkpoint.ts'
import {
  buildCheckpointEvidence,
  onePerWitness,
  verifyCheckpointEvidence,
} from '../../src/chain/checkpoint-evidence.ts'
import { parseProof, verifyProof } from '../../src/chain/proof.ts'
import { buildSamePosition, buildSameSeq, encodeProof } from '../../src/chain/proof-build.ts'
import { largestQuorate, type WitnessRegistry, type WitnessRules, witnessRegistryOf } from '../../src/chain/quorum.ts'
import { type Evidence, type ProofEffect, proofsInEffect, standingOf } from '../../src/chain/standing.ts'
import { buildTreeGraph, TREES_PER_LOG_MAX } from '../../src/chain/tree-graph.ts'
import {
  alliance,
  bytesOf,
  checkpointOf,
  contextOf,
  envelopeOf,
  logOf,
  openLog,
  signerOf,
} from '../support/chain-fixture.ts'

const log = logOf(9)
const fork = logOf(9, 'fork', 3)
const genesis = log.entries[0]!
const context = { ...contextOf(log), isWitness: () => true, postQuantumKeys: () => [] }

describe('a checkpoint', () => {
  test('is a C2SP note under the origin of its log', () => {
    const [origin, size, , empty, line] = fromUtf8(checkpointOf(log).note).split('\n')
    const name = `tocsin/${toHex(alliance).slice(0, 16)}/log/${toHex(log.identity.logId)}`
    expect([origin, size, empty]).toEqual([name, '9', ''])
    expect(line).toMatch(new RegExp(`^— ${name} [A-Za-z0-9+/]+=*$`))
  })

  test('keeps one cosignature a witness, the same of two whichever came first', () => {
    const checkpoint = checkpointOf(log)
    const cosign = (name: string, seconds: number) =>
      verifyCosignature(buildCosignature(alliance, checkpoint, signerOf(name), seconds), checkpoint, alliance)
    const three = [cosign('B', 100), cosign('B', 50), cosign('C', 70)]
    expect(onePerWitness(three)).toEqual(onePerWitness(three.toReversed()))
    expect(
      onePerWitness(three)
        .map(({ timeSeconds }) => timeSeconds)
        .sort(),
    ).toEqual([50, 70])
    const parts = { checkpoint, genesis: envelopeOf(genesis) }
    const message = buildCheckpointEvidence({ ...parts, cosignatures: three })
    expect(buildCheckpointEvidence({ ...parts, cosignatures: three.toReversed() })).toEqual(message)
    expect(verifyCheckpointEvidence(message, context).cosignatures).toHaveLength(2)
  })

  test('tells a witness’s key before anything is verified', () => {
    const line = buildCosignature(alliance, checkpointOf(log), signerOf('B'), 100)
    expect(parseWitnessKey(line, alliance)).toEqual(signerOf('B').publicKey)
  })
})

describe('a proof', () => {
  test('has the same bytes whichever entry was seen first', () => {
    const [a, b] = [log.entries[5]!, fork.entries[5]!]
    expect(encodeProof(buildSameSeq(a, b, genesis))).toEqual(encodeProof(buildSameSeq(b, a, genesis)))
    const other = openLog({ genesis: { nonce: bytesOf('other').subarray(0, 16) } }).entries[0]!
    expect(encodeProof(buildSamePosition(genesis, other))).toEqual(encodeProof(buildSamePosition(other, genesis)))
  })

  test('of two GENESIS at one position limits both logs to nothing', () => {
    const other = openLog({ genesis: { nonce: bytesOf('other').subarray(0, 16) } })
    const proof = parseProof(encodeProof(buildSamePosition(genesis, other.entries[0]!)))
    const { logs, effect } = verifyProof(proof, contextOf(log))
    expect(logs.map(({ logId }) => toHex(logId)).sort()).toEqual(
      [log, other].map(({ identity }) => toHex(identity.logId)).sort(),
    )
    expect(standingOf(log.identity, { ...evidence, proofs: [effect] }).limit).toBe(0)
  })

  test('is kept while it is the lowest, also where it limits nothing before a suspension ends', () => {
    const at = (seq: number): ProofEffect => ({ kind: 'conflict', at: seq, trees: [] })
    const keeps = (of: Evidence, ...proofs: ProofEffect[]) => proofsInEffect(log.identity, { ...of, proofs })
    const [five, six, four] = [at(5), at(6), at(4)]
    expect(keeps(evidence, five, at(5))).toEqual([five])
    expect(keeps(evidence, five, six)).toEqual([five])
    expect(keeps(evidence, five, four)).toEqual([four])
    const suspended: Evidence = { ...evidence, authority: { kind: 'suspended', governors: undefined, own: undefined } }
    expect(standingOf(log.identity, { ...suspended, proofs: [five] }).limit).toBe(0)
    expect(keeps(suspended, five)).toEqual([five])
  })
})

const evidence: Evidence = {
  authority: { kind: 'active' },
  registry: { versions: [], nationsOf: () => [] },
  checkpoints: [],
  proofs: [],
}

test('a quorum is judged by every version of the chain in force, with its own policy', () => {
  const witnesses = new Map([[1, new Set([parseNationId('BBB')])]])
  const chain = [
    { version: 1, policy: { byzantineNations: 0 } },
    { version: 2, policy: { byzantineNations: undefined } },
  ] as unknown as Parameters<typeof witnessRegistryOf>[0]['chain']
  const registry = witnessRegistryOf({
    chain,
    witnesses: version => witnesses.get(version),
    nationsOfWitness: pk => (toHex(pk) === toHex(bytesOf('B')) ? [parseNationId('BBB')] : []),
  })
  const expected: WitnessRules[] = [
    { version: 1, witnesses: new Set([parseNationId('BBB')]), byzantineNations: 0 },
    { version: 2, witnesses: new Set(), byzantineNations: undefined },
  ]
  expect(registry.versions).toEqual(expected)
  expect(registry.nationsOf(toHex(bytesOf('B')))).toEqual(['BBB'])
  expect(registry.nationsOf(toHex(bytesOf('C')))).toEqual([])
})

test('no more trees of one log are looked at than the cap', () => {
  const trees = Array.from({ length: TREES_PER_LOG_MAX + 1 }, (_, i) => ({
    size: i + 1,
    root: bytesOf(`${i}`),
    cosigners: [],
  }))
  expect(() => buildTreeGraph(trees)).toThrow(RangeError)
  expect(buildTreeGraph(trees.slice(1)).trees).toHaveLength(TREES_PER_LOG_MAX)
})

test('a witness key speaks for each nation that proves it: a thief who claims it takes nobody a voice', () => {
  const tree = { size: 5, root: parseHash(new Uint8Array(32)), cosigners: ['b', 'c', 'd'].map(bytesOf) }
  const subject = { nation: parseNationId('AAA'), genesisRegistryVersion: 1 }
  const witnesses = new Set(['AAA', 'BBB', 'CCC', 'DDD'].map(parseNationId))
  const versions = [{ version: 1, witnesses, byzantineNations: undefined }]
  const nations = new Map(
    ['b', 'c', 'd'].map(each => [toHex(bytesOf(each)), parseNationId(each.toUpperCase().repeat(3))]),
  )
  const ofKey = (key: string) => nations.get(key)!
  const q = (nationsOf: WitnessRegistry['nationsOf']) =>
    largestQuorate(buildTreeGraph([tree]), subject, { versions, nationsOf }).quorate?.size
  expect(q(key => [ofKey(key)])).toBe(5)
  expect(q(key => [parseNationId('AAA'), ofKey(key)])).toBe(5)
  expect(q(() => [parseNationId('AAA'), parseNationId('BBB')])).toBeUndefined()
})
