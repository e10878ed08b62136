import { expect, test, vi } from 'vitest'
import { verifyEachOnce } from '../support/deterministic-crypto.ts'
import { measureQuiet } from '../support/virtual-cost.ts'
import { MINUTE_MS, SECOND_MS, simulate } from '../support/virtual-run.ts'

/**
 * Whole nodes, in one process and in virtual time; a seed gives the same run to the byte.
 *   SIM_SEED=7 SIM_RUNS=50 SIM_NATIONS=40  other alliances through times of faults
 *   SIM_COST=8,32,200 SIM_MINUTES=60        prints what a quiet time costs each node
 */

vi.mock('../../src/net/host.ts', async () => ({
  openHost: (await import('../support/virtual-network.ts')).openVirtualHost,
}))
vi.mock('../../src/crypto/ed25519-native.ts', async original => ({
  ...(await original<object>()),
  verifyEd25519Async: (await import('../support/deterministic-crypto.ts')).verifyInTurn,
}))
vi.mock('../../src/crypto/xwing.ts', async original => ({
  ...(await original<object>()),
  encapsulateXWing: (await import('../support/deterministic-crypto.ts')).encapsulateDeterministic,
}))
vi.mock('../../src/crypto/mldsa-signer.ts', async () => {
  const { deterministicMlDsa } = await import('../support/deterministic-crypto.ts')
  return { createMlDsa44Signer: deterministicMlDsa[44], createMlDsa65Signer: deterministicMlDsa[65] }
})

const { SIM_SEED, SIM_RUNS, SIM_NATIONS, SIM_COST, SIM_MINUTES, CI } = process.env
const FIRST_SEED = Number(SIM_SEED ?? (CI === 'true' ? 1 : Date.now() % 1_000_000))
const RUNS = Number(SIM_RUNS ?? 1)
const NATIONS = Number(SIM_NATIONS ?? 7)
const MINUTES = Number(SIM_MINUTES ?? 20)
const LONG = { timeout: 30 * MINUTE_MS }

verifyEachOnce()

for (const seed of Array.from({ length: RUNS }, (_, i) => FIRST_SEED + i)) {
  test(
    `honest nodes end equal and lose nothing, whatever links, disks and members do (seed ${seed})`,
    LONG,
    async () => {
      const hostile = Math.floor((NATIONS - 1) / 3)
      const plan = { seed, nations: NATIONS, hostile, faultsMs: 2 * MINUTE_MS, healMs: 10 * MINUTE_MS }
      const { equal, states, lost, faults, published } = await simulate(plan)
      expect(faults).toEqual([])
      expect(equal, states.join('\n')).toBe(true)
      expect(lost).toEqual([])
      expect(published).toBeGreaterThan(0)
    },
  )
}

test('the same seed gives the same run', LONG, async () => {
  const plan = { seed: 4711, nations: 4, hostile: 1, faultsMs: 20 * SECOND_MS, healMs: 5 * MINUTE_MS }
  const [first, again] = [await simulate(plan), await simulate(plan)]
  expect(again.trace).toBe(first.trace)
  expect(again.deliveries).toBe(first.deliveries)
  const other = await simulate({ ...plan, seed: 4712 })
  expect(other.trace).not.toBe(first.trace)
})

test.runIf(SIM_COST !== undefined)('what a quiet time costs each node', LONG, async () => {
  for (const nations of SIM_COST!.split(',').map(Number)) {
    const cost = await measureQuiet(nations, MINUTES * MINUTE_MS, FIRST_SEED)
    process.stdout.write(`${JSON.stringify({ nations, minutes: MINUTES, ...cost })}\n`)
    expect(cost.equal).toBe(true)
  }
})
