import { describe, expect, test } from 'vitest'
import type { NationId } from '../../src/base/ids.ts'
import { largestQuorate, quorateTrees, quorumOf, type WitnessRules } from '../../src/chain/quorum.ts'
import { standingOf } from '../../src/chain/standing.ts'
import { buildTreeGraph } from '../../src/chain/tree-graph.ts'
import { sameTree } from '../../src/chain/tree-head.ts'
import { randomFrom } from '../support/seeded-random.ts'
import {
  anyContradict,
  contradict,
  quorateIn,
  runWorld,
  SUBJECT,
  type World,
  witness,
} from '../support/witness-world.ts'

/**
 * under attack: an author that signs two branches, liars among the witnesses that cosign both, and a
 * network that helps them. `SIM_SEED` gives the same runs again.
 */
const SEED = Number(process.env['SIM_SEED'] ?? Date.now() % 1_000_000)
const RUNS = 12
const STEPS = 220
const WITNESSES = [4, 5, 6, 7, 8, 9, 10, 11]

interface Run {
  readonly seed: number
  readonly random: () => number
}

/** Many runs, each with a seed of its own that a failure names. */
function* runs(count: number, offset = 0): Generator<Run> {
  for (let i = 0; i < count; i++) {
    const seed = SEED + offset * 1000 + i
    yield { seed, random: randomFrom(seed) }
  }
}

function nations(from: number, count: number): NationId[] {
  return Array.from({ length: count }, (_, i) => witness(from + i))
}

function rules(witnesses: readonly NationId[], version = 1, byzantineNations?: number): WitnessRules {
  return { version, witnesses: new Set(witnesses), byzantineNations }
}

function faultsOf(n: number): number {
  return Math.floor((n - 1) / 3)
}

/** Two quorums have at least this many nations in common. */
function overlapOf(n: number, byzantineNations?: number): number {
  return 2 * quorumOf(n, byzantineNations)! - n
}

function result({ evidence, registry }: Pick<World, 'evidence' | 'registry'>) {
  return largestQuorate(buildTreeGraph(evidence), SUBJECT, registry)
}

describe(`Byzantine witnesses (seed ${SEED})`, () => {
  test('an honest witness never states two trees that contradict each other, nor a smaller one after a larger', () => {
    let cosigned = 0
    for (const { seed, random } of runs(RUNS * 4)) {
      const all = nations(0, 7)
      const { honest } = runWorld({ random, steps: STEPS, versions: [rules(all)], liars: new Set(all.slice(0, 2)) })
      for (const said of honest) {
        cosigned += said.length
        expect(anyContradict(said), `seed ${seed}`).toBe(false)
        expect(said, `seed ${seed}`).toEqual(said.toSorted((a, b) => a.size - b.size))
      }
    }
    expect(cosigned).toBeGreaterThan(RUNS * 20)
  })

  test.each(WITNESSES)('of %i witnesses f may lie: no two trees that contradict each other are quorate', n => {
    let quorate = 0
    for (const { seed, random } of runs(RUNS, n)) {
      const all = nations(0, n)
      const byzantineNations = random() < 0.3 ? Math.floor(random() * (faultsOf(n) + 1)) : undefined
      // As many as two quorums could still bear; at least f.
      const count = overlapOf(n, byzantineNations) - 1
      expect(count).toBeGreaterThanOrEqual(byzantineNations ?? faultsOf(n))
      const version = rules(all, 1, byzantineNations)
      const world = runWorld({ random, steps: STEPS, versions: [version], liars: new Set(all.slice(0, count)) })
      const reached = quorateIn(world, version)
      quorate += reached.length
      expect(anyContradict(reached), `seed ${seed}`).toBe(false)
      expect(result(world).contradictory, `seed ${seed}`).toBe(false)
    }
    expect(quorate).toBeGreaterThan(0)
  })

  test.each(WITNESSES)(
    'of %i witnesses too many lie: two histories become quorate, neither counts, and it is told',
    n => {
      let broken = 0
      for (const { seed, random } of runs(RUNS, 100 + n)) {
        const all = nations(0, n)
        const liars = new Set(all.slice(0, overlapOf(n)))
        const world = runWorld({ random, steps: 2 * STEPS, versions: [rules(all)], liars })
        const { quorate, alarms } = standingOf(SUBJECT, {
          authority: { kind: 'active' },
          registry: world.registry,
          checkpoints: world.evidence,
          proofs: [],
        })
        const reached = quorateIn(world, rules(all))
        if (!anyContradict(reached)) continue
        broken++
        expect(alarms, `seed ${seed}`).toContain('contradictory-quorum')
        // What both histories share was witnessed all the same.
        if (quorate !== undefined)
          expect(
            reached.some(tree => contradict(tree, quorate)),
            `seed ${seed}`,
          ).toBe(false)
      }
      expect(broken).toBeGreaterThan(0)
    },
  )

  test.each([4, 7, 10])('of %i = 3f + 1 witnesses f + 1 liars are enough', n => {
    expect(overlapOf(n)).toBe(faultsOf(n) + 1)
  })

  test('while the registry changes, the higher version decides, whatever the order of the evidence', () => {
    let decided = 0
    for (const { seed, random } of runs(RUNS * 8, 200)) {
      const world = runWorld({ random, steps: 2 * STEPS, ...councils(random) })
      for (const version of world.registry.versions) {
        expect(anyContradict(quorateIn(world, version)), `seed ${seed}`).toBe(false)
      }
      const trees = quorateTrees(buildTreeGraph(world.evidence), SUBJECT, world.registry)
      const { quorate, contradictory } = result(world)
      expect(contradictory, `seed ${seed}`).toBe(false)
      const own = trees.find(({ tree }) => quorate !== undefined && sameTree(tree, quorate))
      const rivals = trees.filter(({ tree }) => quorate !== undefined && contradict(tree, quorate))
      for (const { version } of rivals) expect(version, `seed ${seed}`).toBeLessThan(own!.version)
      if (rivals.length > 0) decided++
      const shuffled = world.evidence.toSorted(() => random() - 0.5)
      expect(result({ ...world, evidence: shuffled }), `seed ${seed}`).toEqual({ quorate, contradictory })
    }
    expect(decided).toBeGreaterThan(0)
  })

  test('a nation whose two nodes witness apart counts as one that lies: with f of them all is well', () => {
    for (const { seed, random } of runs(RUNS, 300)) {
      const all = nations(0, 7)
      const version = rules(all)
      const twins = new Set(all.slice(0, faultsOf(7)))
      const world = runWorld({ random, steps: STEPS, versions: [version], liars: new Set(), twins })
      expect(anyContradict(quorateIn(world, version)), `seed ${seed}`).toBe(false)
    }
  })
})

/** Up to four versions, each with other witnesses or another policy, of whom no more lie than it reckons with. */
function councils(random: () => number): { versions: WitnessRules[]; liars: ReadonlySet<NationId> } {
  const liars = new Set<NationId>([witness(0), witness(7)])
  const versions = Array.from({ length: 2 + Math.floor(random() * 3) }, (_, i) => {
    const first = Math.floor(random() * 8)
    const witnesses = nations(first, 4 + Math.floor(random() * 4))
    const count = witnesses.filter(nation => liars.has(nation)).length
    const missing = count > faultsOf(witnesses.length)
    return rules(missing ? witnesses.filter(nation => !liars.has(nation)) : witnesses, i + 1)
  })
  return { versions, liars }
}
