import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { type NationId, parseNationId } from '../../src/base/ids.ts'
import { quorumOf, type WitnessRegistry } from '../../src/chain/quorum.ts'
import { type Evidence, type ProofEffect, proofsInEffect, standingOf } from '../../src/chain/standing.ts'
import { buildTreeGraph, type CheckpointEvidence } from '../../src/chain/tree-graph.ts'
import { sameTree, type TreeHead } from '../../src/chain/tree-head.ts'
import { bytesOf } from '../support/chain-fixture.ts'

const SIZE_MAX = 20
/** Both branches are one log up to here. */
const COMMON = 6
const witnesses = Array.from({ length: 7 }, (_, i) => ({ nation: parseNationId(`W${i}`), pk: bytesOf(`witness ${i}`) }))
const nations = new Map(witnesses.map(({ nation, pk }) => [toHex(pk), nation]))
const author = parseNationId('AAA')
const log = { nation: author, genesisRegistryVersion: 1 }
const registry: WitnessRegistry = {
  versions: [
    { version: 1, witnesses: new Set<NationId>([author, ...nations.values()]), byzantineNations: undefined },
    { version: 2, witnesses: new Set<NationId>([...nations.values()].slice(0, 4)), byzantineNations: 0 },
  ],
  nationsOf: key => [nations.get(key) ?? []].flat(),
}

type Branch = 'main' | 'fork'

function tree(size: number, branch: Branch): TreeHead {
  return { size, root: bytesOf(`root ${size <= COMMON ? 'main' : branch} ${size}`) }
}

const branch = fc.constantFrom<Branch>('main', 'fork')
const size = fc.integer({ min: 1, max: SIZE_MAX })
const cosigners = fc.subarray(witnesses).map(chosen => chosen.map(({ pk }) => pk))

function checkpointOn(on: fc.Arbitrary<Branch>): fc.Arbitrary<CheckpointEvidence> {
  return fc.tuple(on, size, fc.option(size), cosigners).map(([of, at, from, by]) => {
    const evidence = { ...tree(at, of), cosigners: by }
    return from !== null && from < at ? { ...evidence, continues: tree(from, of) } : evidence
  })
}

const proof: fc.Arbitrary<ProofEffect> = fc.oneof(
  fc.record({ kind: fc.constant('conflict' as const), at: fc.nat(SIZE_MAX), trees: fc.constant([]) }),
  fc.tuple(branch, size, fc.nat(SIZE_MAX - 1)).map(([of, at, leaf]) => ({
    kind: 'bad-leaf' as const,
    at: leaf % at,
    tree: tree(at, of),
  })),
)

const bound = fc.option(
  fc.tuple(branch, size).map(([of, at]) => ({ logId: bytesOf('log') as never, ...tree(at, of) })),
  { nil: undefined },
)
const authority: fc.Arbitrary<Evidence['authority']> = fc.oneof(
  fc.constant({ kind: 'active' as const }),
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constantFrom('bounded' as const, 'suspended' as const), governors: bound, own: bound }),
)

function evidenceOf(of: fc.Arbitrary<Branch>): fc.Arbitrary<Evidence> {
  return fc.record({
    authority,
    registry: fc.constant(registry),
    checkpoints: fc.array(checkpointOn(of), { maxLength: 8 }),
    proofs: fc.array(proof, { maxLength: 5 }),
  })
}

const honest = evidenceOf(fc.constant<Branch>('main'))
const forked = evidenceOf(branch)
const active = { kind: 'active' } as const

describe('what stands of a log', () => {
  test('is the same whatever the order of the evidence, and however often a piece of it came', () => {
    const shuffled = forked.chain(evidence =>
      fc.tuple(
        fc.constant(evidence),
        fc.shuffledSubarray(evidence.checkpoints.slice(), { minLength: evidence.checkpoints.length }),
        fc.shuffledSubarray(evidence.proofs.slice(), { minLength: evidence.proofs.length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([evidence, checkpoints, proofs]) => {
        const other = {
          ...evidence,
          checkpoints: [...checkpoints, ...evidence.checkpoints],
          proofs: [...proofs, ...proofs],
        }
        expect(standingOf(log, other)).toEqual(standingOf(log, evidence))
      }),
    )
  })

  test('never grows by a proof', () => {
    fc.assert(
      fc.property(forked, proof, (evidence, more) => {
        const { limit } = standingOf(log, evidence)
        expect(standingOf(log, { ...evidence, proofs: [...evidence.proofs, more] }).limit).toBeLessThanOrEqual(limit)
      }),
    )
  })

  test('never falls below what is witnessed, but for a bad leaf of the witnessed branch itself', () => {
    fc.assert(
      fc.property(honest, evidence => {
        const graph = buildTreeGraph(evidence.checkpoints)
        const { quorate } = standingOf(log, { ...evidence, authority: active, proofs: [] })
        const ofWitnessed = (effect: ProofEffect) =>
          effect.kind === 'bad-leaf' && quorate !== undefined && graph.onOneBranch(effect.tree, quorate)
        const stray = evidence.proofs.filter(effect => !ofWitnessed(effect))
        const { limit } = standingOf(log, { ...evidence, authority: active, proofs: stray })
        expect(limit).toBeGreaterThanOrEqual(quorate?.size ?? 0)
      }),
    )
  })

  test('loses nothing witnessed by a further checkpoint of the same branch', () => {
    fc.assert(
      fc.property(honest, checkpointOn(fc.constant<Branch>('main')), (evidence, more) => {
        const before = standingOf(log, evidence).quorate?.size ?? 0
        const after = standingOf(log, { ...evidence, checkpoints: [...evidence.checkpoints, more] })
        expect(after.quorate?.size ?? 0).toBeGreaterThanOrEqual(before)
        expect(after.alarms).not.toContain('contradictory-quorum')
      }),
    )
  })

  test('is at most the bound, on the branch of a bound or of what is witnessed, and nothing without authority', () => {
    fc.assert(
      fc.property(forked, evidence => {
        const { limit, branch, quorate } = standingOf(log, evidence)
        if (evidence.authority.kind === 'none') expect(limit).toBe(0)
        if (evidence.authority.kind !== 'bounded') return
        const { governors, own } = evidence.authority
        const candidates = [governors, own, quorate].filter(candidate => candidate !== undefined)
        if (governors !== undefined) expect(limit).toBeLessThanOrEqual(governors.size)
        if (branch === undefined) expect(limit).toBe(0)
        else expect(candidates.some(candidate => sameTree(candidate, branch))).toBe(true)
      }),
    )
  })
})

test('the proofs that are not in effect can go: what stands stays, with the key in full force too, and few are left', () => {
  fc.assert(
    fc.property(forked, evidence => {
      const proofs = proofsInEffect(log, evidence)
      expect(proofs.length).toBeLessThanOrEqual(3)
      for (const authority of [evidence.authority, active]) {
        const limitBy = (kept: Evidence['proofs']) => standingOf(log, { ...evidence, authority, proofs: kept }).limit
        expect(limitBy(proofs)).toBe(limitBy(evidence.proofs))
      }
    }),
  )
})

test('two contradictory trees are never both quorate while no more than f nations lie', () => {
  const f = Math.floor((witnesses.length - 1) / 3)
  const sides = fc.array(branch, { minLength: witnesses.length, maxLength: witnesses.length })
  const lies = fc.subarray(witnesses, { maxLength: f })
  fc.assert(
    fc.property(sides, lies, (side, liars) => {
      const by = (of: Branch) =>
        witnesses.filter((witness, i) => side[i] === of || liars.includes(witness)).map(({ pk }) => pk)
      const needed = quorumOf(witnesses.length, undefined) as number
      expect(by('main').length >= needed && by('fork').length >= needed).toBe(false)
      const checkpoints = [
        { ...tree(10, 'main'), cosigners: by('main') },
        { ...tree(10, 'fork'), cosigners: by('fork') },
      ]
      const first = { ...registry, versions: registry.versions.slice(0, 1) }
      const { alarms } = standingOf(log, { authority: active, registry: first, checkpoints, proofs: [] })
      expect(alarms).not.toContain('contradictory-quorum')
    }),
  )
})
