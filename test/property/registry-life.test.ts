import fc from 'fast-check'
import { expect, it } from 'vitest'
import { UserError } from '../../src/base/errors.ts'
import { addDocument } from '../../src/registry/add-document.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import type { EvidenceSet } from '../../src/registry/evidence.ts'
import { planRegistry, type RegistryChange } from '../../src/registry/next-registry.ts'
import { registryBaseOf } from '../../src/registry/registry-base.ts'
import type { ParsedRegistryDoc } from '../../src/registry/registry-doc.ts'
import type { KeyIdHex } from '../../src/registry/root-key.ts'
import { DOC_TYPE, type RootSigner, signDoc } from '../../src/registry/signed-doc.ts'
import { boundOf, directoryOf, foundLife, request } from '../support/alliance-life.ts'
import { nation, rootSigner, T0 } from '../support/registry-world.ts'

const IDS = ['AAA', 'BBB', 'CCC', 'DDD']
const KEYS = IDS.flatMap(id => [`gov ${id}`, `recovery ${id}`])
const SIGNERS: ReadonlyMap<KeyIdHex, RootSigner> = new Map(
  KEYS.map(name => [rootSigner(name).key.idHex, rootSigner(name)]),
)

const id = fc.constantFrom(...IDS)
const size = fc.nat(20)
const threshold = fc.integer({ min: 1, max: 4 })
const bounds = fc.array(fc.tuple(fc.constantFrom('one', 'two'), size), { minLength: 1, maxLength: 2 })
const logsOf = (name: string, given: readonly (readonly [string, number])[]) =>
  [...new Map(given)].map(([log, at]) => boundOf(`${name} ${log}`, at))

/** Of two nations, so that one often follows another. */
const reset: fc.Arbitrary<RegistryChange> = fc
  .tuple(
    fc.constantFrom('LOST' as const, 'COMPROMISED' as const),
    fc.constantFrom('AAA', 'BBB'),
    fc.constantFrom('later root', 'last root'),
    bounds,
  )
  .map(
    ([reset, name, key, given]): RegistryChange => ({
      kind: 'reset',
      nation: nation(name),
      reset,
      request: request(name, `${key} ${name}`),
      fromVersion: undefined,
      bounds: reset === 'LOST' ? [] : logsOf(name, given),
    }),
  )

const change: fc.Arbitrary<RegistryChange> = fc.oneof(
  { arbitrary: reset, weight: 5 },
  id.map((name): RegistryChange => ({ kind: 'admit', request: request(name) })),
  fc
    .tuple(fc.constantFrom('suspend' as const, 'expel' as const), id, bounds)
    .map(([kind, name, given]): RegistryChange => ({ kind, nation: nation(name), bounds: logsOf(name, given) })),
  id.map((name): RegistryChange => ({ kind: 'resume', nation: nation(name) })),
  id.map((name): RegistryChange => ({ kind: 'readmit', nation: nation(name), request: undefined })),
  fc.tuple(id, threshold).map(([name, needed]): RegistryChange => {
    const governor = { nation: nation(name), primary: rootSigner(`gov ${name}`).key }
    return { kind: 'governor-add', governor, threshold: needed }
  }),
  fc.tuple(id, threshold).map(
    ([name, needed]): RegistryChange => ({
      kind: 'governor-remove',
      nation: nation(name),
      threshold: needed,
    }),
  ),
  threshold.map((needed): RegistryChange => ({ kind: 'threshold', threshold: needed })),
  fc.constant<RegistryChange>({ kind: 'renew' }),
)

const founded = foundLife()

/** One change after `days`; the same set where it is refused, and that must be by a sentence. */
function live(set: EvidenceSet, step: RegistryChange, nowMs: number): EvidenceSet {
  const base = registryBaseOf(set, directoryOf(set).registry.hash)!
  let docBytes: Uint8Array
  let after: ParsedRegistryDoc
  try {
    ;({ docBytes, after } = planRegistry(base, [step], { nowMs, validDays: 400 }))
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return set
  }
  const keys = [base.before, after].flatMap(doc => doc.governors.flatMap(governor => governor.keys))
  const signers = new Set(keys.map(key => SIGNERS.get(key.idHex)!))
  const added = addDocument(set, signDoc(DOC_TYPE.REGISTRY, set.allianceId, docBytes, [...signers]))
  expect(added.outcome).toEqual({ kind: 'added' })
  return added.set
}

it('every change that is not refused makes a version that nodes accept, loses no nation and raises no lasting bound', () => {
  const steps = fc.array(fc.tuple(change, fc.integer({ min: 0, max: 20 })), { minLength: 4, maxLength: 10 })
  fc.assert(
    fc.property(steps, changes => {
      let set = founded
      let nowMs = T0
      for (const [step, days] of changes) {
        nowMs += days * DAY_MS
        const before = registryBaseOf(set, directoryOf(set).registry.hash)!
        set = live(set, step, nowMs)
        const after = registryBaseOf(set, directoryOf(set).registry.hash)!
        for (const [name, { history }] of before.nations) {
          expect(after.before.nations.has(name)).toBe(true)
          for (const [log, { size: lasting }] of history.bounds) {
            expect(after.nations.get(name)!.history.bounds.get(log)!.size).toBeLessThanOrEqual(lasting)
          }
          // what waits for its 14 days is not forgotten on the way
          const { pendingReset, resets } = after.nations.get(name)!.history
          const isReset = step.kind === 'reset' && step.nation === name
          if (history.pendingReset !== undefined && !isReset) {
            expect(pendingReset ?? resets.at(-1)).toMatchObject({ roots: history.pendingReset.roots })
          }
        }
      }
    }),
    { numRuns: 50 },
  )
})
