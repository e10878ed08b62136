import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { buildCosignature, verifyCosignature } from '../../src/chain/checkpoint.ts'
import {
  buildCheckpointEvidence,
  type VerifiedCheckpointEvidence,
  verifyCheckpointEvidence,
} from '../../src/chain/checkpoint-evidence.ts'
import { factsOfContradiction } from '../../src/chain/contradiction.ts'
import { PROOF_TYPE, parseProof, verifyProof } from '../../src/chain/proof.ts'
import {
  buildBadLeaf,
  buildBrokenPrev,
  buildCheckpointConflict,
  buildSameSeq,
  encodeProof,
} from '../../src/chain/proof-build.ts'
import type { WitnessRegistry } from '../../src/chain/quorum.ts'
import { type Evidence, standingOf } from '../../src/chain/standing.ts'
import { buildOpenConsistency } from '../../src/merkle/consistency.ts'
import { buildInclusion } from '../../src/merkle/inclusion.ts'
import { type Change, createLogEvidence } from '../../src/node/knowledge/log-evidence.ts'
import type { EvidenceItem } from '../../src/wire/gen/tocsin.ts'
import {
  alliance,
  batchOf,
  checkpointOf,
  contextOf,
  envelopeOf,
  grow,
  hashAtOf,
  logOf,
  nextEntry,
  REGISTRY_VERSION,
  signerOf,
  type TestLog,
  withBadSignature,
} from '../support/chain-fixture.ts'

/** All that can be said against the author of one log, and by its witnesses, each of it signed. */

const SIZE = 8
const main = logOf(SIZE)
const forks = Array.from({ length: SIZE - 1 }, (_, i) => logOf(SIZE, `fork ${i + 1}`, i + 1))
const rotten = { ...main, entries: [...main.entries.slice(0, 5), withBadSignature(main.entries[5]!)] }
const genesis = main.entries[0]!

const witnesses = ['BBB', 'CCC', 'DDD'].map(name => ({
  nation: parseNationId(name),
  signer: signerOf(`witness ${name}`),
}))
const nations = new Map(witnesses.map(({ nation, signer }) => [toHex(signer.publicKey), nation]))
const registry: WitnessRegistry = {
  versions: [{ version: REGISTRY_VERSION, witnesses: new Set(nations.values()), byzantineNations: 0 }],
  nationsOf: pk => [nations.get(pk) ?? []].flat(),
}
const context = { ...contextOf(main), isWitness: () => true, postQuantumKeys: () => [] }

const proof = (body: Uint8Array): EvidenceItem => ({ type: 2, body })

/** Links between trees are made anew by whoever holds the log, so that none is needed here. */
function checkpoint(log: TestLog, size: number, by: readonly number[]): EvidenceItem {
  const of = checkpointOf(log, size)
  const cosignatures = by.map(i =>
    verifyCosignature(buildCosignature(alliance, of, witnesses[i]!.signer, 1), of, alliance),
  )
  return {
    type: 3,
    body: buildCheckpointEvidence({ checkpoint: of, cosignatures, genesis: envelopeOf(genesis) }),
  }
}

const POOL: readonly EvidenceItem[] = [
  ...forks.map((fork, i) => proof(encodeProof(buildSameSeq(main.entries[i + 1]!, fork.entries[i + 1]!, genesis)))),
  // The same place, shown by other entries.
  proof(encodeProof(buildSameSeq(forks[2]!.entries[3]!, forks[0]!.entries[3]!, genesis))),
  proof(encodeProof(buildBrokenPrev(main.entries[4]!, forks[0]!.entries[5]!, genesis))),
  proof(
    encodeProof(
      buildBadLeaf(rotten.entries[5]!, checkpointOf(rotten), buildInclusion(hashAtOf(rotten), 5, 6), genesis),
    ),
  ),
  proof(
    encodeProof(
      buildCheckpointConflict(
        checkpointOf(forks[2]!, 5),
        checkpointOf(main, 7),
        buildOpenConsistency(hashAtOf(main), 5, 7),
        genesis,
      ),
    ),
  ),
  proof(encodeProof(buildCheckpointConflict(checkpointOf(forks[4]!, 6), checkpointOf(main, 6), [], genesis))),
  checkpoint(main, 3, [0]),
  checkpoint(main, 4, [1]),
  checkpoint(main, 4, [0, 1]),
  checkpoint(main, 8, []),
  checkpoint(forks[3]!, 7, [2]),
  checkpoint(forks[3]!, 6, []),
]

/** As a node keeps evidence of logs, and names it to others. */
function createNode() {
  const held = createLogEvidence()
  const pieces = new Map<string, EvidenceItem>()
  const evidenceOf = (): Evidence => ({ authority: { kind: 'active' }, registry, ...held.of(main.identity) })

  function keep(change: Change | undefined): void {
    for (const { name } of change?.removed ?? []) pieces.delete(toHex(name))
    for (const { name, item } of change?.added ?? []) pieces.set(toHex(name), item)
  }

  /** What came together is judged together, as a node does. */
  function take(items: readonly EvidenceItem[]): void {
    const facts: VerifiedCheckpointEvidence[] = []
    for (const item of items) {
      if (item.type === 3) facts.push(verifyCheckpointEvidence(item.body, context))
      else takeProof(item)
    }
    keep(held.addCheckpoints(facts, evidenceOf))
  }

  function takeProof(item: EvidenceItem): void {
    const message = parseProof(item.body)
    const verified = verifyProof(message, context)
    const isOfTrees = verified.type === PROOF_TYPE.CHECKPOINTS
    keep(
      isOfTrees
        ? held.addCheckpoints(factsOfContradiction(message, verified, context), evidenceOf)
        : held.addProof(item, verified, evidenceOf),
    )
  }

  return { take, pieces, standing: () => standingOf(main.identity, evidenceOf()) }
}

type Node = ReturnType<typeof createNode>

function pull(to: Node, from: Node): void {
  to.take([...from.pieces].flatMap(([name, item]) => (to.pieces.has(name) ? [] : [item])))
}

test('whatever each heard in whatever order, after two rounds of sync all hold the same and set the same limit', () => {
  const hearing = fc.shuffledSubarray(POOL.map((_, i) => i))
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 })
  fc.assert(
    fc.property(fc.array(hearing, { minLength: 4, maxLength: 4 }), order, order, (heard, first, second) => {
      const nodes = heard.map(items => {
        const node = createNode()
        for (const i of items) node.take([POOL[i]!])
        return node
      })
      for (const round of [first, second]) {
        for (const i of round) for (const j of round) if (i !== j) pull(nodes[i]!, nodes[j]!)
      }
      // Who had heard all of it from the beginning comes to the same.
      const whole = createNode()
      whole.take([...new Set(heard.flat())].map(i => POOL[i]!))
      const [expected, ...others] = [whole, ...nodes].map(node => node.standing())
      for (const standing of others) {
        expect(standing.limit).toBe(expected!.limit)
        expect(standing.branch?.size).toBe(expected!.branch?.size)
      }
      const names = nodes.map(node => [...node.pieces.keys()].sort().join())
      expect(new Set(names).size).toBe(1)
    }),
    { numRuns: 60 },
  )
})

test('of forks at ever lower positions one proof is kept, whatever the order', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(
        forks.map((_, i) => i),
        { minLength: 1 },
      ),
      order => {
        const node = createNode()
        for (const i of order) node.take([POOL[i]!])
        expect(node.pieces.size).toBe(1)
        expect(node.standing().limit).toBe(Math.min(...order) + 1)
      },
    ),
    { numRuns: 40 },
  )
})

test('a stolen key that signs another entry at seq 1 changes nothing that a quorum has witnessed', () => {
  const node = createNode()
  node.take([checkpoint(main, SIZE, [0, 1]), POOL[0]!])
  expect(node.standing()).toMatchObject({ limit: SIZE, branch: { size: SIZE } })
  const other = grow({ ...main, entries: [genesis] }, batchOf('of the thief'))
  node.take([
    proof(encodeProof(buildSameSeq(main.entries[1]!, other.entries[1]!, genesis))),
    proof(encodeProof(buildBrokenPrev(main.entries[1]!, nextEntry(other, batchOf('more')), genesis))),
  ])
  expect(node.standing().limit).toBe(SIZE)
})
