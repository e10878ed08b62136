import { describe, expect, it } from 'vitest'
import { OutboundPacer } from '../../src/net/pacing.ts'

const LIMITS = { highBytes: 1_000, lowBytes: 200, patienceMs: 60 }

describe('outbound pacing', () => {
  it('does not wait while there is room', async () => {
    const pacer = new OutboundPacer(() => [{ writeBufferLength: 500 }], LIMITS)
    expect(await pacer.room(500)).toBe(0)
  })

  it('waits for the fullest buffer until it has drained', async () => {
    const slow = { writeBufferLength: 900 }
    const pacer = new OutboundPacer(() => [{ writeBufferLength: 0 }, slow], LIMITS)
    setTimeout(() => (slow.writeBufferLength = 100), 20)
    const waitedMs = await pacer.room(500)
    expect(waitedMs).toBeGreaterThan(10)
    expect(slow.writeBufferLength).toBe(100)
  })

  it('lets a message through that is larger than the mark when nothing is buffered', async () => {
    const pacer = new OutboundPacer(() => [{ writeBufferLength: 0 }], LIMITS)
    expect(await pacer.room(5_000)).toBe(0)
  })

  it('stops waiting for a neighbour that never drains, and waits again once it has', async () => {
    const stuck = { writeBufferLength: 900 }
    const pacer = new OutboundPacer(() => [stuck], LIMITS)
    const firstMs = await pacer.room(500)
    expect(firstMs).toBeGreaterThanOrEqual(LIMITS.patienceMs)
    expect(firstMs).toBeLessThan(10 * LIMITS.patienceMs)
    expect(await pacer.room(500)).toBe(0)
    stuck.writeBufferLength = 100
    await pacer.room(500)
    stuck.writeBufferLength = 900
    expect(await pacer.room(500)).toBeGreaterThanOrEqual(LIMITS.patienceMs)
  })

  it('waits no longer than it is told', async () => {
    const pacer = new OutboundPacer(() => [{ writeBufferLength: 900 }], { ...LIMITS, patienceMs: 60_000 })
    expect(await pacer.room(500, 30)).toBeLessThan(1_000)
  })
})
