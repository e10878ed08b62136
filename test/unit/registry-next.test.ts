import { describe, expect, it, test } from 'vitest'
import { logIdHex } from '../../src/base/ids.ts'
import { toRootKey } from '../../src/registry/build-registry.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import type { EvidenceSet } from '../../src/registry/evidence.ts'
import { planRegistry, type RegistryChange } from '../../src/registry/next-registry.ts'
import { registryBaseOf } from '../../src/registry/registry-base.ts'
import { parseRegistryDoc, RESET, ROLE, STATUS } from '../../src/registry/registry-doc.ts'
import { boundOf, directoryOf, enact, foundLife, nextDoc, plan, request, withDocs } from '../support/alliance-life.ts'
import { firstRegistry, governor, nation, rootSigner, seed, signRegistry, T0 } from '../support/registry-world.ts'

const AAA = nation('AAA')
const BBB = nation('BBB')
const [FRA, OTHER] = [nation('FRA'), nation('ZZZ')]
const life = foundLife()
const coded = (code: string) => expect.objectContaining({ code })

const governorKeys = (id: string, primary = `gov ${id}`) => ({ nation: nation(id), primary: rootSigner(primary).key })
const boundsOf = (set: EvidenceSet, id: string) =>
  [...directoryOf(set).member(nation(id))!.bounds.values()].map(({ size }) => size)
const expel: RegistryChange = { kind: 'expel', nation: BBB, bounds: [] }
const withoutBbb = enact(life, [{ kind: 'governor-remove', nation: BBB, threshold: 2 }])

describe('the next version', () => {
  it('follows the one before, carries all of it, and pins the newest document of each nation (R-1.6)', () => {
    const { before, after } = plan(life, [{ kind: 'renew' }], { nowMs: T0 + 5 })
    expect(after).toMatchObject({
      version: 2,
      prevHash: before.hash,
      issuedMs: T0 + 5,
      expiresMs: T0 + 5 + 400 * DAY_MS,
    })
    expect(after).toMatchObject({ name: before.name, threshold: 2, policy: before.policy })
    for (const member of directoryOf(life).members()) {
      const { pin, ...carried } = after.nations.get(member.nation)!
      expect(member).toMatchObject({ ...carried, pin: undefined })
      expect(pin).toEqual({ version: 1, hash: member.doc!.hash })
    }
  })

  it('is never dated before the one that it follows', () => {
    expect(plan(life, [{ kind: 'renew' }], { nowMs: 7 }).after.issuedMs).toBe(T0)
  })

  it('keeps a pin above the newest document that is held here', () => {
    const later = nextDoc(life, 'AAA', {}, ['root AAA'])
    const pinned = enact(withDocs(life, later), [{ kind: 'renew' }])
    const hash = directoryOf(pinned).registry.nations.get(AAA)!.pin!.hash
    const registries = [...pinned.registries.values()].map(({ doc }) => doc.signed)
    const bare = withDocs(life, ...registries)
    expect(plan(bare, [{ kind: 'renew' }]).after.nations.get(AAA)!.pin).toEqual({ version: 2, hash })
  })

  it('takes several changes, at once or one after the other', () => {
    const admit: RegistryChange = { kind: 'admit', request: request('DDD') }
    const ceiling: RegistryChange = { kind: 'ceiling', nation: nation('DDD'), maxTlp: 2 }
    const { docBytes } = plan(life, [admit])
    const { after } = plan(life, [ceiling], { draft: docBytes })
    expect(after.hash).toBe(plan(life, [admit, ceiling]).after.hash)
    expect(after).toMatchObject({ version: 2 })
    expect(after.nations.get(nation('DDD'))).toMatchObject({ status: STATUS.ACTIVE, maxTlp: 2 })
  })

  it('leads out of a split by building on the sibling that is chosen (R-1.5)', () => {
    const one = enact(life, [{ kind: 'renew' }], {}, ['gov AAA', 'gov BBB'])
    const split = enact(one, [{ kind: 'ceiling', nation: AAA, maxTlp: 1 }], { on: directoryOf(life).registry.hash })
    expect(directoryOf(split).registry.version).toBe(1)
    const [, chosen] = directoryOf(split).split!.siblings
    const out = enact(split, [{ kind: 'renew' }], { on: chosen!.hash })
    expect(directoryOf(out).registry).toMatchObject({ version: 3, prevHash: chosen!.hash })
    expect(registryBaseOf(out, seed('none') as never)).toBeUndefined()
  })
})

describe('a nation', () => {
  it('is admitted with the roles of a member', () => {
    const admitted = enact(life, [{ kind: 'admit', request: request('DDD') }])
    const member = directoryOf(admitted).member(nation('DDD'))!
    expect([...member.roles]).toEqual([ROLE.PUBLISH, ROLE.RECEIVE, ROLE.WITNESS])
    expect(member).toMatchObject({ status: STATUS.ACTIVE, label: 'Nation DDD', maxTlp: 0, pin: undefined })
  })

  it('is cut by a suspension, and no longer when that ends (R-1.8)', () => {
    const log = boundOf('BBB', 7)
    const suspended = enact(life, [{ kind: 'suspend', nation: BBB, bounds: [log] }])
    const renewed = enact(suspended, [{ kind: 'renew' }])
    expect(boundsOf(renewed, 'BBB')).toEqual([7])
    const resumed = enact(renewed, [{ kind: 'resume', nation: BBB }])
    expect(boundsOf(resumed, 'BBB')).toEqual([])
    const history = registryBaseOf(resumed, directoryOf(resumed).registry.hash)!.nations.get(BBB)!.history
    expect(history.bounds.size).toBe(0)
  })

  it('stays cut by an expulsion for good, and no later bound raises the first (R-1.8)', () => {
    const expelled = enact(withoutBbb, [{ ...expel, bounds: [boundOf('BBB', 7)] }])
    const returned = enact(expelled, [{ kind: 'readmit', nation: BBB, request: undefined }])
    expect(boundsOf(returned, 'BBB')).toEqual([7])
    const again = enact(returned, [{ kind: 'suspend', nation: BBB, bounds: [boundOf('BBB', 9), boundOf('new', 3)] }])
    expect(boundsOf(again, 'BBB')).toEqual([7, 3])
    expect(boundsOf(enact(again, [{ kind: 'resume', nation: BBB }]), 'BBB')).toEqual([7])
    const lower = enact(returned, [{ kind: 'suspend', nation: BBB, bounds: [boundOf('BBB', 4)] }])
    expect(boundsOf(lower, 'BBB')).toEqual([4])
  })

  it('has a bound corrected, whether it was too low or too high', () => {
    const expelled = enact(withoutBbb, [{ ...expel, bounds: [boundOf('BBB', 7)] }])
    for (const size of [5, 9]) {
      const corrected = enact(expelled, [{ kind: 'bounds', nation: BBB, bounds: [boundOf('BBB', size)] }])
      const { history } = registryBaseOf(corrected, directoryOf(corrected).registry.hash)!.nations.get(BBB)!
      expect(history.bounds.get(logIdHex(boundOf('BBB', 7).logId))).toMatchObject({ size })
    }
  })

  it('keeps the bound of its suspension when it is expelled', () => {
    const suspended = enact(withoutBbb, [{ kind: 'suspend', nation: BBB, bounds: [boundOf('BBB', 7)] }])
    const expelled = enact(suspended, [expel])
    const { history } = registryBaseOf(expelled, directoryOf(expelled).registry.hash)!.nations.get(BBB)!
    expect(history.bounds.get(logIdHex(boundOf('BBB', 7).logId))).toMatchObject({ size: 7 })
  })

  it('comes back with the keys that it had, or at once with others', () => {
    const expelled = enact(withoutBbb, [expel])
    const same = enact(expelled, [{ kind: 'readmit', nation: BBB, request: request('BBB') }])
    expect(directoryOf(same).member(BBB)).toMatchObject({ status: STATUS.ACTIVE, reset: RESET.NONE })
    const other = enact(expelled, [{ kind: 'readmit', nation: BBB, request: request('BBB', 'root new') }])
    expect(directoryOf(other).member(BBB)).toMatchObject({
      status: STATUS.ACTIVE,
      reset: RESET.COMPROMISED,
      docMinVersion: 2,
    })
    const withDoc = withDocs(
      other,
      nextDoc(other, 'BBB', { roots: [toRootKey(rootSigner('root new').key)] }, ['root new']),
    )
    expect(directoryOf(withDoc).member(BBB)?.doc?.version).toBe(2)
  })

  it('does not come back while its document is expired (R-1.9)', () => {
    const nowMs = T0 + 365 * DAY_MS
    const expelled = enact(withoutBbb, [expel], { nowMs })
    const suspended = enact(life, [{ kind: 'suspend', nation: BBB, bounds: [] }], { nowMs })
    const back: RegistryChange = { kind: 'readmit', nation: BBB, request: undefined }
    expect(() => plan(expelled, [back], { nowMs })).toThrow(coded('nation-doc-expired'))
    expect(() => plan(suspended, [{ kind: 'resume', nation: BBB }], { nowMs })).toThrow(coded('nation-doc-expired'))
  })

  it('has of several documents the one that the governors name (R-1.6)', () => {
    const [one, two] = [1, 2].map(days => nextDoc(life, 'BBB', { issuedMs: T0 + days }, ['root BBB']))
    const torn = withDocs(life, one!, two!)
    expect(directoryOf(torn).member(BBB)?.siblings).toHaveLength(2)
    const hash = directoryOf(torn).member(BBB)!.siblings[1]!.hash
    const named = enact(torn, [{ kind: 'pin', nation: BBB, hash }])
    expect(directoryOf(named).member(BBB)?.doc?.hash).toBe(hash)
    const old = directoryOf(life).member(BBB)!.doc!.hash
    expect(() => plan(named, [{ kind: 'pin', nation: BBB, hash: old }])).toThrow(coded('change-value'))
  })
})

describe('a reset of root keys (R-1.7)', () => {
  const lost: RegistryChange = {
    kind: 'reset',
    nation: BBB,
    reset: 'LOST',
    request: request('BBB', 'root new'),
    fromVersion: undefined,
    bounds: [],
  }
  const compromised: RegistryChange = { ...lost, reset: 'COMPROMISED', bounds: [boundOf('BBB', 7)] }
  const newRoots = { roots: [toRootKey(rootSigner('root new').key)] }
  const brought = enact(life, [lost])

  it('of lost keys is carried on until it is in effect, 14 days later, and then no more', () => {
    const carried = enact(brought, [{ kind: 'renew' }], { nowMs: T0 + 13 * DAY_MS })
    expect(directoryOf(carried).member(BBB)).toMatchObject({ reset: RESET.LOST, docMinVersion: 2 })
    const inEffect = enact(carried, [{ kind: 'renew' }], { nowMs: T0 + 14 * DAY_MS })
    expect(directoryOf(inEffect).member(BBB)).toMatchObject({ reset: RESET.LOST, docMinVersion: 2 })
    const after = enact(inEffect, [{ kind: 'renew' }], { nowMs: T0 + 15 * DAY_MS })
    expect(directoryOf(after).member(BBB)).toMatchObject({ reset: RESET.NONE, docMinVersion: 2 })
    const withDoc = withDocs(after, nextDoc(after, 'BBB', newRoots, ['root new']))
    expect(directoryOf(withDoc).member(BBB)?.doc?.version).toBe(2)
  })

  it('pins no document that it would void', () => {
    const objection = nextDoc(brought, 'BBB', {}, ['root BBB'])
    const carried = plan(withDocs(brought, objection), [{ kind: 'renew' }], { nowMs: T0 + 14 * DAY_MS })
    expect(carried.after.nations.get(BBB)!.pin).toMatchObject({ version: 1 })
  })

  it('is withdrawn when the nation objects', () => {
    const withdrawn = enact(brought, [{ kind: 'reset-withdraw', nation: BBB }])
    const before = directoryOf(life).registry.nations.get(BBB)!
    expect(directoryOf(withdrawn).member(BBB)).toMatchObject({
      reset: RESET.NONE,
      roots: before.roots,
      docMinVersion: 0,
    })
    expect(() => plan(withdrawn, [{ kind: 'reset-withdraw', nation: BBB }])).toThrow(coded('change-status'))
  })

  it('of compromised keys is in effect at once, from the first document of the thief on', () => {
    const thief = withDocs(life, nextDoc(life, 'BBB', {}, ['root BBB']))
    const reset = enact(thief, [{ ...compromised, fromVersion: 2 }])
    expect(directoryOf(reset).member(BBB)).toMatchObject({ reset: RESET.COMPROMISED, pin: { version: 1 } })
    expect(directoryOf(reset).member(BBB)?.doc?.version).toBe(1)
    expect(boundsOf(reset, 'BBB')).toEqual([7])
    expect(directoryOf(enact(reset, [{ kind: 'renew' }])).member(BBB)).toMatchObject({
      reset: RESET.NONE,
      docMinVersion: 2,
    })
  })

  test.each([
    ['to the keys that it has', { ...lost, request: request('BBB') }, 'change-void'],
    ['to the keys of another nation', { ...lost, request: request('BBB', 'root AAA') }, 'change-key-taken'],
    ['to a key of a governor', { ...lost, request: request('BBB', 'gov CCC') }, 'change-key-taken'],
    ['by the request of another nation', { ...lost, request: request('DDD') }, 'change-other-nation'],
    ['from a version that cannot come next', { ...lost, fromVersion: 3 }, 'change-value'],
    ['of an unknown nation', { ...lost, nation: OTHER }, 'change-not-member'],
  ] as const)('is refused %s', (_, change, code) => {
    expect(() => plan(life, [change])).toThrow(coded(code))
  })
})

describe('the governors', () => {
  it('are added and removed with a threshold that fits', () => {
    const admit: RegistryChange = { kind: 'admit', request: request('DDD') }
    const add: RegistryChange = { kind: 'governor-add', governor: governorKeys('DDD'), threshold: 3 }
    const added = enact(life, [admit, add], {}, ['gov AAA', 'gov BBB', 'gov CCC'])
    expect(directoryOf(added).registry).toMatchObject({ threshold: 3, governors: { length: 4 } })
    const removed = plan(added, [{ kind: 'governor-remove', nation: nation('DDD'), threshold: 2 }])
    expect(removed.after).toMatchObject({ threshold: 2, governors: { length: 3 } })
  })

  it('get other keys, both of them', () => {
    const { after } = plan(life, [{ kind: 'governor-rotate', governor: governorKeys('AAA', 'gov new') }])
    expect(after.governors[0]!.keys.map(key => key.idHex)).toEqual([rootSigner('gov new').key.idHex])
  })

  test.each<readonly [string, readonly RegistryChange[], string]>([
    ['a threshold of half', [{ kind: 'threshold', threshold: 1 }], 'change-threshold'],
    ['a threshold that cannot be met', [{ kind: 'threshold', threshold: 4 }], 'change-threshold'],
    ['the threshold that is in force', [{ kind: 'threshold', threshold: 2 }], 'change-void'],
    [
      'the removal of the last',
      (['CCC', 'BBB', 'AAA'] as const).map((id, i) => ({
        kind: 'governor-remove',
        nation: nation(id),
        threshold: [2, 1, 1][i]!,
      })),
      'change-last-governor',
    ],
    [
      'a removal that leaves too few for the threshold',
      [
        { kind: 'threshold', threshold: 3 },
        { kind: 'governor-remove', nation: BBB },
      ],
      'change-threshold',
    ],
    ['a governor who is one', [{ kind: 'governor-add', governor: governorKeys('AAA') }], 'change-governor'],
    ['a governor who is no member', [{ kind: 'governor-add', governor: governorKeys('DDD') }], 'change-not-member'],
    ['the removal of who is none', [{ kind: 'governor-remove', nation: OTHER }], 'change-governor'],
    ['other keys for who is none', [{ kind: 'governor-rotate', governor: governorKeys('DDD') }], 'change-governor'],
    [
      'a key of another governor',
      [{ kind: 'governor-rotate', governor: governorKeys('AAA', 'gov CCC') }],
      'change-key-taken',
    ],
    [
      'one key as primary and recovery',
      [
        {
          kind: 'governor-rotate',
          governor: { ...governorKeys('AAA', 'gov new'), recovery: rootSigner('gov new').key },
        },
      ],
      'change-key-taken',
    ],
    ['a root key', [{ kind: 'governor-rotate', governor: governorKeys('AAA', 'root BBB') }], 'change-key-taken'],
  ])('refuse %s', (_, changes, code) => {
    expect(() => plan(life, changes)).toThrow(coded(code))
  })

  it('are 31 at most', () => {
    const governors = Array.from({ length: 31 }, (_, i) => governor(`G${i}`))
    const { signed } = signRegistry(firstRegistry({ governors, threshold: 16 }), [])
    const before = parseRegistryDoc(signed)
    const add: RegistryChange = { kind: 'governor-add', governor: governorKeys('AAA') }
    const base = { before, line: [before], nations: new Map() }
    expect(() => planRegistry(base, [add], { nowMs: T0, validDays: 400 })).toThrow(coded('change-too-many'))
  })
})

test.each<readonly [string, RegistryChange, string]>([
  ['to admit a member', { kind: 'admit', request: request('AAA') }, 'change-member-already'],
  ['to admit with the key of another', { kind: 'admit', request: request('DDD', 'root AAA') }, 'change-key-taken'],
  ['to suspend who is no member', { kind: 'suspend', nation: FRA, bounds: [] }, 'change-not-member'],
  ['to resume who is active', { kind: 'resume', nation: AAA }, 'change-status'],
  ['to readmit who is active', { kind: 'readmit', nation: AAA, request: undefined }, 'change-status'],
  ['to expel a governor', { kind: 'expel', nation: AAA, bounds: [] }, 'change-governor'],
  ['no role at all', { kind: 'roles', nation: AAA, roles: [] }, 'change-value'],
  ['a role that is none', { kind: 'roles', nation: AAA, roles: [9] }, 'change-value'],
  ['the roles that it has', { kind: 'roles', nation: AAA, roles: [3, 2, 1] }, 'change-void'],
  ['a ceiling that is none', { kind: 'ceiling', nation: AAA, maxTlp: 6 }, 'change-value'],
  ['a policy out of its range', { kind: 'policy', fields: { skewSeconds: 100_000 } }, 'change-value'],
  ['to take back no reset', { kind: 'reset-withdraw', nation: AAA }, 'change-status'],
])('it is refused %s', (_, change, code) => {
  expect(() => plan(life, [change])).toThrow(coded(code))
})

test('roles, a ceiling and the policy change as they are given', () => {
  const { after } = plan(life, [
    { kind: 'roles', nation: AAA, roles: [ROLE.OBSERVE] },
    { kind: 'ceiling', nation: AAA, maxTlp: 3 },
    { kind: 'policy', fields: { epochMaxDays: 7, byzantineNations: 0 } },
  ])
  expect([...after.nations.get(AAA)!.roles]).toEqual([ROLE.OBSERVE])
  expect(after.nations.get(AAA)!.maxTlp).toBe(3)
  expect(after.policy).toMatchObject({ epochMaxDays: 7, byzantineNations: 0, skewSeconds: 300 })
})
