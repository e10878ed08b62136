/** A member node in a process of its own: tells its parent when its number of indicators has changed, and at what time. */
import { type SerialisedAlliance, startFrom } from '../../../test/support/node-alliance.ts'

const POLL_MS = 1

export interface Seen {
  readonly indicators: number
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly atMs: number
}

process.on('message', async ({ alliance, index }: { alliance: SerialisedAlliance; index: number }) => {
  const { node } = await startFrom(alliance, index)
  let last = -1
  setInterval(() => {
    const { indicators } = node.store.counts()
    if (indicators === last) return
    last = indicators
    process.send?.({ indicators, atMs: performance.timeOrigin + performance.now() } satisfies Seen)
  }, POLL_MS)
})
process.on('disconnect', () => process.exit())
