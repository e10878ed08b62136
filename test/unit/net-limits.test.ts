import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { addressBlock } from '../../src/net/address-block.ts'
import { Callers, type Calling } from '../../src/net/callers.ts'
import { Conduct } from '../../src/net/conduct.ts'
import { createNetCounters } from '../../src/net/counters.ts'
import { FairShare } from '../../src/net/fair-share.ts'
import { MUXER_LIMITS, MuxerMeter } from '../../src/net/muxer-meter.ts'
import type { PeerKeyHex } from '../../src/net/peer-key.ts'
import { TokenBucket } from '../../src/net/token-bucket.ts'
import { FLAG, FRAME, frame, many } from '../support/hostile-peer.ts'

describe('callers', () => {
  const LIMITS = { handshakesMax: 4, handshakesMaxPerAddress: 2, calls: { burst: 3, perSecond: 1 }, addressesMax: 3 }

  function open(exempt: readonly string[] = []) {
    const counters = createNetCounters()
    const callers = new Callers(LIMITS, new Set(exempt), counters)
    const ended: string[] = []
    const call = (address: string, nowMs = 0): Calling | null => {
      const calling = { address, end: () => ended.push(address) }
      return callers.begin(calling, nowMs) ? calling : null
    }
    return { callers, counters, ended, call }
  }

  it('have so many handshakes of one address, and so many calls a second', () => {
    const { callers, counters, call } = open()
    const [first, second] = [call('a')!, call('a')!]
    expect(call('a')).toBeNull()
    for (const each of [first, second]) callers.done(each)
    expect(call('a')).not.toBeNull()
    expect(call('a')).toBeNull()
    expect(call('b')).not.toBeNull()
    expect(call('a', 1_000)).not.toBeNull()
    expect(counters.callsTurnedAway).toBe(2)
    expect(callers.worst(0)).toEqual({ address: 'a', turnedAway: 2 })
  })

  it('make room where there is none: the oldest of the address with the most goes', () => {
    const { callers, ended, call } = open()
    for (const address of ['a', 'b', 'b', 'c']) call(address)
    expect(call('d')).not.toBeNull()
    expect(ended).toEqual(['b'])
    expect(call('e')).not.toBeNull()
    expect(ended).toHaveLength(2)
    expect(callers.worst(0)?.turnedAway).toBe(1)
  })

  it('of an address that a site shares are bounded together with all alone', () => {
    const { ended, call } = open(['127.0.0.1'])
    for (let i = 0; i < 6; i++) expect(call('127.0.0.1')).not.toBeNull()
    expect(ended).toHaveLength(2)
  })

  it('are forgotten, but for those that have a handshake under way', () => {
    const { callers, call } = open()
    callers.done(call('quiet')!)
    callers.turnedAway('quiet', 0)
    for (const address of ['a', 'b', 'c']) call(address)
    expect(callers.worst(0)).toBeNull()
  })

  it('are pardoned with time', () => {
    const { callers } = open()
    for (let i = 0; i < 8; i++) callers.turnedAway('a', 0)
    expect(callers.worst(5 * 60_000)).toEqual({ address: 'a', turnedAway: 4 })
    expect(callers.worst(60 * 60_000)).toBeNull()
  })
})

describe('the meter of a connection', () => {
  const UNDECIDED = { has: () => true, isUndecided: () => true }
  const DECIDED = { has: () => true, isUndecided: () => false }
  const ABSENT = { has: () => false, isUndecided: () => false }
  const data = (streamId: number, length: number) =>
    Buffer.concat([frame(FRAME.DATA, FLAG.NONE, streamId, length), Buffer.alloc(length)])

  it('lets honest traffic pass, cut into pieces anywhere', () => {
    const opening = frame(FRAME.WINDOW, FLAG.SYN, 1, 0)
    const bytes = Buffer.concat(many(20, i => data(1, i * 100)))
    for (const size of [1, 5, 11, 12, 13, 65_536]) {
      const meter = new MuxerMeter(MUXER_LIMITS, DECIDED, 0)
      const pieces = many(Math.ceil(bytes.length / size), i => bytes.subarray(i * size, (i + 1) * size))
      expect([opening, ...pieces].every(piece => meter.take([piece], 0) === null)).toBe(true)
    }
  })

  it('lets a transfer of many megabytes pass on a stream that has its protocol, and what comes after it has ended', () => {
    const open = { has: true }
    const meter = new MuxerMeter(MUXER_LIMITS, { has: () => open.has, isUndecided: () => false }, 0)
    meter.take([frame(FRAME.WINDOW, FLAG.SYN, 1, 0)], 0)
    for (let i = 0; i < 64; i++) expect(meter.take([data(1, 1_048_576)], 0)).toBeNull()
    open.has = false
    for (let i = 0; i < 8; i++) expect(meter.take([data(1, 1_048_576)], 0)).toBeNull()
  })

  it.each([
    ['a frame that is longer than any window', DECIDED, [frame(FRAME.DATA, FLAG.NONE, 1, 2 ** 32 - 1)]],
    ['ping after ping', DECIDED, many(60, i => frame(FRAME.PING, FLAG.SYN, 0, i))],
    ['stream after stream', DECIDED, many(600, i => frame(FRAME.WINDOW, FLAG.SYN, i, 0))],
    ['streams that say nothing', UNDECIDED, many(200, i => frame(FRAME.WINDOW, FLAG.SYN, i, 0))],
    ['much on a stream without protocol', UNDECIDED, [frame(FRAME.WINDOW, FLAG.SYN, 1, 0), data(1, 70_000)]],
    ['much to streams that are not there', ABSENT, many(40, i => data(i, 1_048_576))],
    ['frames without end', DECIDED, many(110_000, () => frame(FRAME.WINDOW, FLAG.NONE, 1, 1))],
  ])('ends %s, and not what is as many over a long time', (what, streams, frames) => {
    const meter = new MuxerMeter(MUXER_LIMITS, streams, 0)
    expect(frames.some(bytes => meter.take([bytes], 0) !== null)).toBe(true)
    if (what.startsWith('ping') || what.startsWith('stream after')) {
      const patient = new MuxerMeter(MUXER_LIMITS, streams, 0)
      expect(frames.every((bytes, i) => patient.take([bytes], i * 1_000) === null)).toBe(true)
    }
  })
})

describe('a fair share', () => {
  const RULES = { windowMs: 100, busyFrom: 0.9, held: { burst: 10, perSecond: 100 } }
  const [greedy, modest] = [{}, {}]

  /** Messages of the greedy one that are let through in two windows, where the modest one sends one a millisecond. */
  function passed(utilisation: number, modestToo = true): number {
    const share = new FairShare(() => utilisation, 0, RULES)
    let count = 0
    for (let ms = 0; ms < 200; ms++) {
      if (share.take(greedy, 5, ms)) count += 5
      if (modestToo) expect(share.take(modest, 1, ms)).toBe(true)
    }
    return count
  }

  it('holds the one that takes most, where there is no time for all', () => {
    expect(passed(1)).toBe(5 * 100 + 10 + 5)
  })

  it('holds nobody where there is time, or where nobody else waits', () => {
    expect(passed(0.5)).toBe(1_000)
    expect(passed(1, false)).toBe(1_000)
  })
})

it('a bucket gives what was saved up, then what is earned', () => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 10 }, 0)
  expect([
    bucket.take(2, 0),
    bucket.take(1, 0),
    bucket.take(1, 100),
    bucket.take(3, 10_000),
    bucket.take(2, 10_000),
  ]).toEqual([true, false, true, false, true])
})

it.each([
  ['/ip4/192.0.2.7/tcp/4001', '192.0.2.7'],
  ['/ip6/2001:db8::1/tcp/4001', '2001:db8:0:0::/64'],
  ['/ip6/2001:db8:0:1:ffff::/tcp/1', '2001:db8:0:1::/64'],
  ['/ip6/::1/tcp/4001', '::1'],
])('what calls from %s is known as %s', (address, block) => {
  expect(addressBlock(multiaddr(address))).toBe(block)
})

describe('conduct', () => {
  const peer = 'ab'.repeat(32) as PeerKeyHex
  const RULES = { cutAt: 20, halfLifeMs: 1_000, namedAt: 5, peersMax: 4 }

  it('names who keeps hitting a cap, and forgets it once it stops', () => {
    const conduct = new Conduct(RULES)
    for (let i = 0; i < 4; i++) conduct.note(peer, 'net-flood-streams', 0)
    expect(conduct.named(peer, 0)).toBeNull()
    conduct.note(peer, 'net-flood-streams', 0)
    expect(conduct.named(peer, 0)).toMatchObject({ code: 'net-flood-streams', cut: false })
    expect(conduct.offenders(0)).toEqual([peer])
    expect(conduct.named(peer, 1_500)).toBeNull()
  })

  it('cuts off who breaks the limits of a connection twice, and lets it in again after a while', () => {
    const conduct = new Conduct(RULES)
    expect(conduct.note(peer, 'net-flood-frames', 0)).toBe(false)
    expect(conduct.named(peer, 0)).toMatchObject({ code: 'net-flood-frames', cut: false })
    expect(conduct.note(peer, 'net-flood-frames', 0)).toBe(true)
    expect(conduct.named(peer, 0)?.cut).toBe(true)
    expect(conduct.isCut(peer, 1_100)).toBe(false)
  })

  it('never cuts off for what may be no fault', () => {
    const conduct = new Conduct(RULES)
    for (let i = 0; i < 10_000; i++) expect(conduct.note(peer, 'net-flood-messages', 0)).toBe(false)
  })
})
