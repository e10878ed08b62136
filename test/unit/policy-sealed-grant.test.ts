import { describe, expect, it } from 'vitest'
import { concat, equalBytes, toHex, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { parseEpochId, parseHash, parseLogId } from '../../src/base/ids.ts'
import { encodeKeyGrant, type KeyGrantContent, parseKeyGrant } from '../../src/chain/key-grant.ts'
import { audienceHash, commitOf, openSlot } from '../../src/crypto/epoch-slot.ts'
import { openInfo, sealInfo } from '../../src/crypto/sealed-info.ts'
import { createXWingKey, type XWingKey } from '../../src/crypto/xwing.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { parseAudienceInfo } from '../../src/policy/audience-info.ts'
import { ALLIANCE, nationsAudience } from '../../src/policy/audience-name.ts'
import { buildGrants, buildHistoryGrant, createEpoch, type OwnEpoch } from '../../src/policy/epoch.ts'
import { createEpochPool } from '../../src/policy/epoch-pool.ts'
import { sealedSlotCount } from '../../src/policy/sealed-slots.ts'
import { encode } from '../../src/wire/codec.ts'
import { KeyGrant } from '../../src/wire/gen/tocsin.ts'
import { BODY_BYTES_MAX } from '../../src/wire/limits.ts'
import { circleOf, createWorld, PLACE, resolved, type WorldNation } from '../support/audience-world.ts'
import { otherSuite } from '../support/hpke-suite.ts'

const LIMITS = { maxAgeMs: 30 * 86_400_000, maxMessages: 65_536 }

function epochFor(world: readonly WorldNation[], readers: number): OwnEpoch {
  const named = nationsAudience(world.slice(0, readers).map(({ nation }) => nation))
  const audience = resolved(named, circleOf(world))
  return createEpoch({ ...PLACE, audience, registryVersion: 7, nowMs: 1000 }, systemRandom)
}

function grantsOf(epoch: OwnEpoch): readonly KeyGrantContent[] {
  return buildGrants(epoch, 65_536, undefined, systemRandom).map(grant => parseKeyGrant(encodeKeyGrant(grant))!)
}

function opens(key: XWingKey, { place }: OwnEpoch, grant: KeyGrantContent): Uint8Array | undefined {
  for (const slot of grant.slots) {
    const opened = openSlot(key, place, parseHash(grant.commit), slot)
    if (opened.kind === 'opened') return opened.secret
    if (opened.kind === 'wrong-commit') throw new Error('wrong commit')
  }
  return undefined
}

describe('R-3.5: a SEALED grant', () => {
  const world = createWorld(6)

  it('has one of few numbers of slots', () => {
    const counts = [1, 4, 5, 8, 9, 16, 17, 32, 33, 48, 49, 96, 97, 200, 512].map(sealedSlotCount)
    expect(counts).toEqual([4, 4, 8, 8, 16, 16, 32, 32, 48, 48, 96, 96, 144, 240, 528])
  })

  it('opens for each reader and for nobody else, and names nobody', () => {
    const epoch = epochFor(world, 3)
    const [grant] = grantsOf(epoch)
    expect(grant!.slots).toHaveLength(4)
    expect(grant!.slots.every(({ recipient }) => recipient === undefined)).toBe(true)
    const openers = world.map(({ key }) => opens(key, epoch, grant!) !== undefined)
    expect(openers).toEqual([true, true, true, false, false, false])
    const bytes = Buffer.from(encode(KeyGrant, buildGrants(epoch, 1, undefined, systemRandom)[0]!)).toString('latin1')
    for (const { nation } of world) expect(bytes).not.toContain(nation)
  })

  it('tells its readers who reads, in a form whose size depends on the number of slots alone', () => {
    const lengths = new Map<number, Set<number>>()
    for (const readers of [1, 2, 3, 4, 5, 6]) {
      const epoch = epochFor(world, readers)
      const [grant] = grantsOf(epoch)
      const info = parseAudienceInfo(openInfo(epoch.secret, epoch.place, grant!.sealedInfo)!)
      const nations = world.slice(0, readers).map(({ nation }) => nation)
      expect(info).toEqual({ kind: 'nations', nations })
      expect(equalBytes(audienceHash(epoch.secret, nations), grant!.audienceHash)).toBe(true)
      const sizes = lengths.get(grant!.slots.length) ?? new Set()
      lengths.set(grant!.slots.length, sizes.add(grant!.sealedInfo.length))
    }
    expect([...lengths].map(([slots, sizes]) => [slots, [...sizes]])).toEqual([
      [4, [64 + 18 * 4 + 48]],
      [8, [64 + 18 * 8 + 48]],
    ])
  })

  it('has dummies of the same form as slots, with other bytes in each', () => {
    const [grant] = grantsOf(epochFor(world, 1))
    expect(new Set(grant!.slots.map(({ enc, ct }) => `${enc.length}/${ct.length}`))).toEqual(new Set(['1120/48']))
    expect(new Set(grant!.slots.map(({ enc }) => toHex(enc))).size).toBe(4)
    expect(new Set(grant!.slots.map(({ ct }) => toHex(ct))).size).toBe(4)
  })

  it('puts its slots in an order that says nothing', () => {
    const places = Array.from({ length: 24 }, () => {
      const epoch = epochFor(world, 2)
      const [grant] = grantsOf(epoch)
      return grant!.slots.findIndex(slot => opens(world[0]!.key, epoch, { ...grant!, slots: [slot] }) !== undefined)
    })
    expect(new Set(places).size).toBeGreaterThan(1)
  })

  it('seals the secret as @hpke/core opens it', async () => {
    const seed = new Uint8Array(32).fill(0x29)
    const reader: WorldNation = { ...world[1]!, key: createXWingKey(seed) }
    const epoch = epochFor([world[0]!, reader], 2)
    const [grant] = grantsOf(epoch)
    const suite = otherSuite()
    const recipientKey = await suite.kem.deserializePrivateKey(seed)
    const { allianceId, logId, epochId } = epoch.place
    const label = utf8('tocsin/grant/v1\0')
    const info = concat(label, allianceId, logId, epochId, grant!.commit, sha256(reader.key.publicKey))
    const found: string[] = []
    for (const { enc, ct } of grant!.slots) {
      const recipient = await suite.createRecipientContext({ recipientKey, enc, info })
      const opened = await recipient.open(ct).catch(() => undefined)
      found.push(opened === undefined ? '' : toHex(new Uint8Array(opened)))
    }
    expect(found.filter(secret => secret !== '')).toEqual([toHex(epoch.secret)])
  })
})

describe('200 recipients', () => {
  const world = createWorld(200)

  it('take five SEALED grants that fit into bodies, and each opens in one of them', () => {
    const epoch = epochFor(world, 200)
    const bodies = buildGrants(epoch, 65_536, undefined, systemRandom).map(encodeKeyGrant)
    expect(bodies).toHaveLength(5)
    for (const body of bodies) expect(body.length).toBeLessThanOrEqual(BODY_BYTES_MAX)
    const grants = bodies.map(body => parseKeyGrant(body)!)
    expect(new Set(grants.map(({ slots }) => slots.length))).toEqual(new Set([48]))
    for (const { key } of [world[0]!, world[77]!, world[199]!]) {
      const secrets = grants.flatMap(grant => opens(key, epoch, grant) ?? [])
      expect(secrets).toEqual([epoch.secret])
    }
  }, 30_000)

  it('are named over five grants when they are the whole alliance', () => {
    const audience = resolved(ALLIANCE, circleOf(world))
    const epoch = createEpoch({ ...PLACE, audience, registryVersion: 1, nowMs: 0 }, systemRandom)
    const grants = grantsOf(epoch)
    expect(grants.map(({ slots }) => slots.length)).toEqual([48, 48, 48, 48, 8])
    const nations = grants.flatMap(({ slots }) => slots.map(({ recipient }) => recipient!.nation))
    expect(equalBytes(audienceHash(epoch.secret, nations), grants[0]!.audienceHash)).toBe(true)
  }, 30_000)

  it('of more nations with the longest names than a grant holds, the author is told', () => {
    const content = new Uint8Array(64 + 18 * 480)
    expect(() => sealInfo(new Uint8Array(32), PLACE, content, 528, systemRandom)).toThrow(
      expect.objectContaining({ code: 'audience-too-large' }),
    )
  })
})

describe('what was sealed for one place', () => {
  const world = createWorld(3)
  const epoch = epochFor(world, 2)
  const [grant] = grantsOf(epoch)
  const { key } = world[0]!
  const isOpen = (place: OwnEpoch['place'], changed: Partial<KeyGrantContent> = {}) =>
    opens(key, { ...epoch, place }, { ...grant!, ...changed }) !== undefined

  it('opens there', () => expect(isOpen(epoch.place)).toBe(true))

  it.each([
    ['log', { logId: parseLogId(new Uint8Array(32).fill(9)) }],
    ['epoch', { epochId: parseEpochId(new Uint8Array(16).fill(9)) }],
    ['alliance', { allianceId: new Uint8Array(32).fill(9) as typeof PLACE.allianceId }],
  ])('does not open in another %s', (_, moved) => {
    expect(isOpen({ ...epoch.place, ...moved })).toBe(false)
    expect(openInfo(epoch.secret, { ...epoch.place, ...moved }, grant!.sealedInfo)).toBeNull()
  })

  it('does not open under another commitment, or with a bit changed anywhere', () => {
    expect(isOpen(epoch.place, { commit: commitOf(new Uint8Array(32), epoch.place) })).toBe(false)
    for (const field of ['enc', 'ct'] as const) {
      for (const at of [0, 17, -1]) {
        const slots = grant!.slots.map(slot => ({ ...slot, [field]: flipped(slot[field], at) }))
        expect(isOpen(epoch.place, { slots })).toBe(false)
      }
    }
    for (const at of [0, 40, -1]) {
      expect(openInfo(epoch.secret, epoch.place, flipped(grant!.sealedInfo, at))).toBeNull()
    }
  })

  it('does not open with the halves of two slots put together', () => {
    const [first, second] = grant!.slots
    const slots = [
      { ...first!, ct: second!.ct },
      { ...second!, ct: first!.ct },
    ]
    expect(isOpen(epoch.place, { slots })).toBe(false)
  })
})

describe('HISTORY', () => {
  it('lets one newcomer into an epoch, and states the audience with it', () => {
    const world = createWorld(4)
    const epoch = epochFor(world, 3)
    const readers = world.slice(0, 3).map(({ nation }) => nation)
    const newcomer = circleOf(world).sealable.recipients[3]!
    const request = { ...epoch, maxMessages: 1, scope: { kind: 'nations' } as const, readers }
    const grant = parseKeyGrant(encodeKeyGrant(buildHistoryGrant(request, newcomer, systemRandom)))!
    expect(grant).toMatchObject({ sealed: true, reason: 3 })
    expect(world.map(({ key }) => opens(key, epoch, grant) !== undefined)).toEqual([false, false, false, true])
    const { nations } = parseAudienceInfo(openInfo(epoch.secret, epoch.place, grant.sealedInfo)!)
    expect(nations).toEqual(world.map(({ nation }) => nation))
    expect(equalBytes(audienceHash(epoch.secret, nations), grant.audienceHash)).toBe(true)
  })
})

describe('R-3.6: the epochs of an author', () => {
  const world = createWorld(3)
  const { logId } = PLACE

  it('serve one audience each, until age, number of messages or another log ends them', () => {
    const pool = createEpochPool()
    const epoch = epochFor(world, 2)
    const other = epochFor(world, 3)
    pool.open(epoch)
    expect(pool.serving(other.audience, logId, LIMITS, 2000)).toBeUndefined()
    expect(pool.serving(epoch.audience, logId, LIMITS, 2000)).toBe(epoch)
    pool.used(epoch)
    const once = { ...LIMITS, maxMessages: 1 }
    expect(pool.serving(epoch.audience, logId, LIMITS, 2000)?.messages).toBe(1)
    expect(pool.serving(epoch.audience, logId, once, 2000)).toBeUndefined()
    pool.open(epoch)
    expect(pool.serving(epoch.audience, logId, LIMITS, 1000 + LIMITS.maxAgeMs)).toBeUndefined()
    pool.open(epoch)
    expect(pool.serving(epoch.audience, parseLogId(new Uint8Array(32)), LIMITS, 2000)).toBeUndefined()
  })

  it('are told apart by members, KEM keys, scope and mode', () => {
    const [a, b] = [world[0]!, world[1]!]
    const both = nationsAudience([a.nation, b.nation])
    const key = resolved(both, circleOf(world)).key
    expect(resolved(nationsAudience([b.nation]), circleOf(world)).key).toBe(key)
    const rotated = world.map(each => (each === b ? { ...b, key: createXWingKey(new Uint8Array(32)) } : each))
    expect(resolved(both, circleOf(rotated)).key).not.toBe(key)
    const all = nationsAudience(world.map(({ nation }) => nation))
    expect(resolved(all, circleOf(world)).key).not.toBe(resolved(ALLIANCE, circleOf(world)).key)
  })

  it('are at most 256: the one that was not used for longest makes room', () => {
    const pool = createEpochPool()
    const template = epochFor(world, 2)
    const epochs = Array.from({ length: 257 }, (_, i) => ({
      ...template,
      audience: { ...template.audience, key: `audience ${i}` },
    }))
    for (const epoch of epochs.slice(0, 256)) pool.open(epoch)
    pool.used(epochs[0]!)
    pool.open(epochs[256]!)
    const served = (i: number) => pool.serving(epochs[i]!.audience, logId, LIMITS, 2000) !== undefined
    expect([0, 1, 2, 255, 256].map(served)).toEqual([true, false, true, true, true])
  })
})

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice()
  const index = at < 0 ? bytes.length + at : at
  changed[index]! ^= 1
  return changed
}
