import { expect, test } from 'vitest'
import type { NationId } from '../../src/base/ids.ts'
import { silentLogger } from '../../src/base/ports.ts'
import type { Committed } from '../../src/node/intake/entry-writer.ts'
import { openQuotas, type QuotasOptions } from '../../src/node/rules/quotas.ts'

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS

test('a nation that is over its quota waits no longer for a clock that was a year ahead', async () => {
  const policy = { dailyBytesPerNation: 1_000_000, dailyEntriesPerNation: 100 }
  const time = { ms: YEAR_MS }
  const notes = new Map<string, Uint8Array>()
  const open = () =>
    openQuotas({
      store: {
        state: 'open',
        log: () => undefined,
        note: async (name: string) => notes.get(name),
        commit: async (batch: { notes?: ReadonlyMap<string, Uint8Array> }) => {
          for (const [name, value] of batch.notes ?? []) notes.set(name, value)
        },
      },
      book: { directory: () => ({ policy }), standingOf: () => ({}) },
      nation: 'AAA' as NationId,
      clock: { now: () => time.ms },
      logger: silentLogger,
    } as unknown as QuotasOptions)
  const bytes = new Uint8Array(10)
  const entry = { log: { nation: 'BBB' }, header: { seq: 1 }, headerBytes: bytes, signature: bytes, body: bytes }
  const quotas = await open()
  quotas.committed(Array.from({ length: 100 }, () => ({ entry, own: false }) as unknown as Committed))
  expect(quotas.has('BBB')).toBe(false)
  await quotas.stop()

  time.ms = 0
  const again = await open()
  expect(again.has('BBB')).toBe(false)
  time.ms = DAY_MS / 2
  expect(again.has('BBB')).toBe(true)
  await again.stop()
})
