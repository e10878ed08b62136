import { describe, expect, it } from 'vitest'
import { Conduct } from '../../src/net/conduct.ts'
import type { PeerKeyHex } from '../../src/net/peer-key.ts'

const RULES = { cutAt: 4, halfLifeMs: 1_000, namedAt: 3, peersMax: 3 }
const peer = (name: string) => name as PeerKeyHex

describe('conduct', () => {
  it('cuts a peer off at the threshold, and says so once', () => {
    const conduct = new Conduct(RULES)
    expect([1, 2, 3, 4, 5].map(() => conduct.note(peer('a'), 'net-invalid-messages', 0))).toEqual([
      false,
      false,
      false,
      true,
      false,
    ])
    expect(conduct.isCut(peer('a'), 0)).toBe(true)
    expect(conduct.isCut(peer('b'), 0)).toBe(false)
  })

  it('pardons once the memory has faded to half the threshold, not before', () => {
    const conduct = new Conduct(RULES)
    for (let i = 0; i < 4; i++) conduct.note(peer('a'), 'net-invalid-messages', 0)
    expect(conduct.isCut(peer('a'), 900)).toBe(true)
    expect(conduct.isCut(peer('a'), 1_000)).toBe(false)
    expect(conduct.score(peer('a'), 1_000)).toBeCloseTo(2)
    expect(conduct.note(peer('a'), 'net-invalid-messages', 1_000)).toBe(false)
  })

  it('does not cut off a peer that errs now and then', () => {
    const conduct = new Conduct(RULES)
    for (let i = 0; i < 100; i++) expect(conduct.note(peer('a'), 'net-invalid-messages', i * 1_000)).toBe(false)
  })

  it('takes a clock that is set back for no offence', () => {
    const conduct = new Conduct(RULES)
    conduct.note(peer('a'), 'net-flood-streams', 3_600_000)
    expect(conduct.note(peer('a'), 'net-flood-streams', 0)).toBe(false)
    expect(conduct.score(peer('a'), 0)).toBeLessThan(1)
    expect(conduct.named(peer('a'), 0)).toBeNull()
  })

  it('forgets the least recent offender when it knows too many', () => {
    const conduct = new Conduct(RULES)
    for (const name of ['a', 'b', 'c', 'a', 'd']) conduct.note(peer(name), 'net-invalid-messages', 0)
    expect(conduct.score(peer('b'), 0)).toBe(0)
    expect(conduct.score(peer('a'), 0)).toBe(2)
  })
})
