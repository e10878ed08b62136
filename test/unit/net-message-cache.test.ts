import { describe, expect, it } from 'vitest'
import { BoundedMessageCache, type MessageCacheLimits } from '../../src/net/message-cache.ts'

const LIMITS: MessageCacheLimits = {
  windows: 3,
  offeredWindows: 2,
  bytesMax: 10_000,
  answerBytesMax: 3_000,
  answerMessagesMax: 10,
}
const KIB_MESSAGE = 1_000 - 160

function put(
  cache: BoundedMessageCache,
  name: string,
  bytes = KIB_MESSAGE,
  validated = true,
  topic = 'entries',
): boolean {
  const msgId = new TextEncoder().encode(name)
  return cache.put({ msgId, msgIdStr: name }, { topic, data: new Uint8Array(bytes) }, validated)
}

function offered(cache: BoundedMessageCache, ...topics: string[]): string[] {
  return [...cache.getGossipIDs(new Set(topics)).values()].flat().map(id => new TextDecoder().decode(id))
}

describe('bounded message cache', () => {
  it('forgets a message after its heartbeats', () => {
    const cache = new BoundedMessageCache(LIMITS)
    put(cache, 'a', KIB_MESSAGE, false)
    cache.shift()
    cache.shift()
    expect(cache.msgs.has('a')).toBe(true)
    cache.shift()
    expect(cache.validate('a')).toBeNull()
    expect(cache.bytes).toBe(0)
    expect(cache.notValidatedCount).toBe(0)
  })

  it('makes room by forgetting the oldest', () => {
    const cache = new BoundedMessageCache(LIMITS)
    for (let i = 0; i < 12; i++) put(cache, `m${i}`)
    expect(cache.bytes).toBeLessThanOrEqual(LIMITS.bytesMax)
    expect(cache.msgs.has('m1')).toBe(false)
    expect(cache.msgs.has('m11')).toBe(true)
  })

  it('offers the newest, validated, of the topics asked for, and no more bytes than one answer carries', () => {
    const cache = new BoundedMessageCache(LIMITS)
    put(cache, 'old')
    cache.shift()
    for (const name of ['a', 'b']) put(cache, name)
    put(cache, 'pending', KIB_MESSAGE, false)
    put(cache, 'elsewhere', KIB_MESSAGE, true, 'heads')
    expect(offered(cache, 'entries')).toEqual(['b', 'a', 'old'])
    put(cache, 'c')
    expect(offered(cache, 'entries')).toEqual(['c', 'b', 'a'])
    expect(offered(cache, 'entries', 'heads')).toHaveLength(3)
  })

  it('offers no more messages than one answer carries', () => {
    const cache = new BoundedMessageCache(LIMITS)
    for (let i = 0; i < 20; i++) put(cache, `m${i}`, 1)
    expect(offered(cache, 'entries')).toHaveLength(LIMITS.answerMessagesMax)
  })

  it('answers one neighbour within its share of a heartbeat, and others and later ones independently', () => {
    const cache = new BoundedMessageCache(LIMITS)
    for (const name of ['a', 'b', 'c', 'd']) put(cache, name)
    const asked = (peer: string) => ['a', 'b', 'c', 'd'].map(name => cache.getWithIWantCount(name, peer) !== null)
    expect(asked('x')).toEqual([true, true, true, false])
    expect(asked('y')).toEqual([true, true, true, false])
    cache.shift()
    expect(cache.getWithIWantCount('a', 'x')?.count).toBe(2)
  })

  it('names the neighbours that sent a message too while its verdict was pending', () => {
    const cache = new BoundedMessageCache(LIMITS)
    put(cache, 'a', KIB_MESSAGE, false)
    expect(put(cache, 'a')).toBe(false)
    cache.observeDuplicate('a', 'x')
    expect(cache.validate('a')?.originatingPeers).toEqual(new Set(['x']))
    cache.observeDuplicate('a', 'y')
    expect(cache.validate('a')?.originatingPeers).toEqual(new Set())
  })
})
