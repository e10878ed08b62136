import { describe, expect, it } from 'vitest'
import type { Hash, NationId } from '../../src/base/ids.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { type AuthoredGroup, foldGroups, type KnownGroup } from '../../src/indicator/group.ts'
import {
  ALLIANCE,
  type AudienceName,
  decodeAudienceName,
  encodeAudienceName,
  nationsAudience,
} from '../../src/policy/audience-name.ts'
import { checkGroupDoc } from '../../src/policy/group-change.ts'
import { checkHistory } from '../../src/policy/history.ts'
import { keysToDestroy } from '../../src/policy/kem-destruction.ts'
import { resolveAudience } from '../../src/policy/resolve-audience.ts'
import { ROLE, STATUS } from '../../src/registry/registry-doc.ts'
import { circleOf, createWorld, resolved } from '../support/audience-world.ts'

const nation = (id: string) => parseNationId(id)
const ID = new Uint8Array(16).fill(5)
const world = createWorld(6)
const [OWN, B, C] = world.map(each => each.nation) as [NationId, NationId, NationId]

describe('the name of an audience', () => {
  const names: readonly AudienceName[] = [
    ALLIANCE,
    { kind: 'group', owner: nation('DEU'), id: ID },
    nationsAudience([nation('NATO-NCIA'), nation('DEU'), nation('DEU')]),
  ]

  it.each(names)('%o has one encoding', name => {
    expect(decodeAudienceName(encodeAudienceName(name))).toEqual(name)
  })

  it.each([
    ['nothing', []],
    ['a kind of later', [9]],
    ['more than the alliance', [1, 0]],
    ['a group without an id', [2, 3, 68, 69, 85]],
    ['no nation', [3]],
    ['a nation cut off', [3, 3, 68, 69]],
    ['nations out of order', [3, 3, 70, 82, 65, 3, 68, 69, 85]],
    ['a nation twice', [3, 3, 68, 69, 85, 3, 68, 69, 85]],
  ])('is refused for %s', (_, bytes) => {
    expect(() => decodeAudienceName(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ name: 'ProtocolError' }))
  })
})

describe('R-3.6: who an audience is', () => {
  it('the whole alliance is NAMED, and a ceiling below the marking makes it a SEALED one', () => {
    const circle = circleOf(world, { [C]: { maxTlp: 2 } })
    const green = resolved(ALLIANCE, circle, 2)
    const amber = resolved(ALLIANCE, circle, 3)
    expect([green.sealed, green.recipients.length]).toEqual([false, 6])
    expect([amber.sealed, amber.recipients.length]).toEqual([true, 5])
    expect(amber.excluded).toEqual([{ nation: C, reason: 'ceiling' }])
  })

  it('leaves out who may not receive, with the reason, and stays NAMED', () => {
    const shapes = {
      [world[1]!.nation]: { withheld: 'no-kem-key' as const },
      [world[2]!.nation]: { withheld: 'suspended' as const, status: STATUS.SUSPENDED },
      [world[3]!.nation]: { status: STATUS.EXPELLED },
      [world[4]!.nation]: { roles: [ROLE.OBSERVE] },
    }
    const audience = resolved(ALLIANCE, circleOf(world, shapes), 5 - 1)
    expect(audience.sealed).toBe(false)
    expect(audience.recipients.map(each => each.nation)).toEqual([OWN, world[5]!.nation])
    expect(audience.excluded.map(({ reason }) => reason)).toEqual(['no-kem-key', 'suspended', 'expelled', 'no-role'])
  })

  it.each([
    ['RED to the alliance', ALLIANCE, 5, 'release-red-needs-recipients'],
    ['a named nation below the marking', nationsAudience([C]), 3, 'release-above-ceiling'],
    ['a named nation without a key', nationsAudience([C, B]), 2, 'release-recipient-excluded'],
    ['a stranger', nationsAudience([nation('XYZ')]), 1, 'release-recipient-excluded'],
    ['an unknown group', { kind: 'group', owner: OWN, id: ID } as const, 1, 'group-unknown'],
  ] as const)('refuses %s', (_, name, tlp, code) => {
    const circle = circleOf(world, { [C]: { maxTlp: 2 }, [B]: { withheld: 'no-kem-key' } })
    expect(resolveAudience(name, tlp, circle)).toMatchObject({ kind: 'refused', code })
  })

  it('names the nation that refuses the whole', () => {
    const circle = circleOf(world, { [C]: { maxTlp: 2 } })
    expect(resolveAudience(nationsAudience([B, C]), 3, circle)).toMatchObject({
      reason: `${C} is named and cannot read it: its ceiling in the registry is below TLP:AMBER`,
    })
  })

  it('has the own nation among the readers in any case, whatever its ceiling', () => {
    const circle = circleOf(world, { [OWN]: { maxTlp: 1 } })
    expect(resolved(nationsAudience([B]), circle, 5).recipients.map(each => each.nation)).toEqual([OWN, B])
  })

  it('of a group is its members, up to its own ceiling', () => {
    const group = knownGroup({ members: [OWN, B], maxTlp: 3 })
    const circle = circleOf(world, {}, group)
    const name = { kind: 'group', owner: OWN, id: ID } as const
    const audience = resolved(name, circle, 3)
    expect([audience.sealed, audience.recipients.map(each => each.nation)]).toEqual([true, [OWN, B]])
    expect(audience.excluded.every(({ reason }) => reason === 'not-in-group')).toBe(true)
    expect(resolveAudience(name, 4, circle)).toMatchObject({ code: 'release-above-group-ceiling' })
    const without = circleOf(world, {}, knownGroup({ members: [B, C] }))
    expect(resolveAudience(name, 1, without)).toMatchObject({ code: 'group-unknown' })
  })
})

describe('R-3.5: groups as they are known here', () => {
  const versions = [doc(1, 1, []), doc(2, 2, [1]), doc(3, 3, [2])]

  it('show the highest version, in whatever order it came', () => {
    for (const order of [versions, [...versions].reverse(), [versions[1]!, versions[2]!, versions[0]!, versions[1]!]]) {
      expect(foldGroups(order)).toMatchObject([{ version: 3, conflict: false, members: [OWN, B] }])
    }
  })

  it('show the lesser hash of two of one number, with an alert, and follow either', () => {
    const twins = [doc(1, 1, []), doc(2, 9, [1]), doc(2, 4, [1])]
    expect(foldGroups(twins)).toMatchObject([{ version: 2, conflict: true, hash: hashOf(4) }])
    expect(foldGroups([...twins, doc(3, 5, [9])])).toMatchObject([{ version: 3, conflict: false }])
  })

  it('take no version that does not follow a known one before it', () => {
    expect(foldGroups([doc(1, 1, []), doc(2, 2, [7])])).toMatchObject([{ version: 1 }])
    // Who joined later has none before it.
    expect(foldGroups([doc(5, 2, [7])])).toMatchObject([{ version: 5 }])
  })

  it('of another nation with the same id are another group', () => {
    expect(foldGroups([doc(1, 1, []), { ...doc(2, 2, [1]), author: C }])).toHaveLength(2)
  })

  it.each([
    ['a version that is not the next', { version: 4 }, 'group-outdated'],
    ['a version that follows another', { prevHash: hashOf(9) }, 'group-outdated'],
    ['a stranger', { members: [OWN, 'XYZ'] }, 'group-member-unknown'],
    ['a name that another has', { id: new Uint8Array(16) }, 'group-exists'],
    ['a later version of nothing', { id: new Uint8Array(16), name: 'south' }, 'group-unknown'],
  ])('are not changed by %s', (_, change, code) => {
    const known = foldGroups([doc(1, 1, [])])
    const next = { ...doc(2, 2, [1]).doc, ...change }
    const nations = new Set<string>(world.map(each => each.nation))
    expect(checkGroupDoc(next, { own: OWN, groups: known, nations })?.code).toBe(code)
    expect(checkGroupDoc(doc(2, 2, [1]).doc, { own: OWN, groups: known, nations })).toBeUndefined()
    const foreign = checkGroupDoc(doc(2, 2, [1]).doc, { own: B, groups: known, nations })
    expect(foreign?.code).toBe('group-not-owner')
  })
})

describe('history', () => {
  const alliance = {
    scope: { kind: 'alliance' },
    readers: new Set([OWN]),
    openedMs: 100,
    maxTlp: 3,
    mayLeave: true,
  } as const
  const wish = { newcomer: B, ceiling: 0, group: undefined, sinceMs: 0 }
  const group = { owner: OWN, id: ID }

  it.each([
    ['of the alliance is granted', alliance, wish, 'grant'],
    ['that it reads is not granted again', { ...alliance, readers: new Set([B]) }, wish, 'reads-already'],
    ['from before the day asked for is not granted', alliance, { ...wish, sinceMs: 101 }, 'before'],
    ['above its ceiling is not granted', alliance, { ...wish, ceiling: 2 }, 'ceiling'],
    ['that the guard would not let go to it is not granted', { ...alliance, mayLeave: false }, wish, 'guard'],
    ['of named nations is never granted', { ...alliance, scope: { kind: 'nations' as const } }, wish, 'other-audience'],
    [
      'of a group is not granted with that of the alliance',
      { ...alliance, scope: { kind: 'group' as const, group } },
      wish,
      'other-audience',
    ],
    [
      'of a group is granted by its name',
      { ...alliance, scope: { kind: 'group' as const, group } },
      { ...wish, group },
      'grant',
    ],
  ] as const)('%s', (_, epoch, asked, decision) => {
    expect(checkHistory(epoch, asked)).toBe(decision)
  })
})

describe('R-3.7: KEM keys whose time is over', () => {
  const day = 86_400_000
  const keys = [{ untilMs: 10 * day }, { untilMs: 50 * day }]

  it('go 30 days after their window, by the own clock and by that of the peers', () => {
    const due = (nowDays: number, skewDays: number | undefined, others = 3) =>
      keysToDestroy(keys, nowDays * day, {
        skewMs: skewDays === undefined ? undefined : skewDays * day,
        others,
      }).length
    expect([due(39, 0), due(40, 0), due(80, 0)]).toEqual([0, 1, 2])
    // A clock that jumped ahead, and one that is behind.
    expect([due(400, 380), due(400, 360), due(40, -100)]).toEqual([0, 1, 1])
    // Nobody has told the time; there is nobody who could.
    expect([due(400, undefined), due(400, undefined, 0)]).toEqual([0, 2])
  })
})

function knownGroup(fields: Partial<KnownGroup>): KnownGroup {
  return {
    owner: OWN,
    id: ID,
    version: 1,
    hash: hashOf(1),
    name: 'north',
    members: [OWN],
    maxTlp: 0,
    conflict: false,
    ...fields,
  }
}

function hashOf(byte: number): Hash {
  return new Uint8Array(32).fill(byte) as Hash
}

function doc(version: number, hash: number, [prev]: readonly number[]): AuthoredGroup {
  const prevHash = prev === undefined ? new Uint8Array(0) : hashOf(prev)
  return { author: OWN, hash: hashOf(hash), doc: { id: ID, version, prevHash, name: 'north', members: [B], maxTlp: 0 } }
}
