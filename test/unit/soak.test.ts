import { expect, test } from 'vitest'
import { plotSvg } from '../../scripts/soak/plot.ts'
import { panelsOf, type Recording, summaryOf } from '../../scripts/soak/recording.ts'
import { percentile, slopeOf } from '../../scripts/soak/regression.ts'
import { folderBytes, usageOf } from '../../scripts/soak/sampling.ts'
import { randomFrom } from '../support/seeded-random.ts'

const random = randomFrom(1)
const noise = () => (random() - 0.5) * 4
const line = (perHour: number) =>
  Array.from({ length: 200 }, (_, i) => ({ seconds: i * 5, value: 100 + (perHour * i * 5) / 3600 + noise() }))

test('a slope is found with a margin that holds the true one, and none in noise', () => {
  const rising = slopeOf(line(60))!
  expect(Math.abs(rising.perHour - 60)).toBeLessThan(2 * rising.marginPerHour)
  expect(rising.isFlat).toBe(false)
  expect(slopeOf(line(0))!.isFlat).toBe(true)
  expect(slopeOf([{ seconds: 0, value: 1 }])).toBeUndefined()
  expect(slopeOf(Array.from({ length: 5 }, () => ({ seconds: 1, value: 2 })))).toBeUndefined()
})

test('a percentile is one of the values', () => {
  expect(percentile([5, 1, 3], 0.5)).toBe(3)
  expect(percentile([5, 1, 3], 0.99)).toBe(5)
  expect(percentile([], 0.5)).toBeNaN()
})

const recording: Recording = {
  samples: line(0).flatMap(({ seconds, value }) =>
    ['AAA', 'BBB'].map(nation => ({
      nation,
      seconds,
      rssMib: value,
      heapMib: value / 2,
      handles: 40,
      diskMib: seconds,
    })),
  ),
  latencies: [
    { seconds: 10, ms: 40 },
    { seconds: 500, ms: 60 },
    { seconds: 900, ms: 50 },
  ],
  kills: [{ seconds: 300, name: 'kill -9 of <BBB>' }],
  catchUpsMs: [1200],
  ...{ published: 1000, withdrawn: 10, sightings: 5, unanswered: 1 },
  end: { equal: true, lost: 0, differences: [], indicators: 990, diskBytes: 990_000 },
}

test('the summary says what is flat and what grows', () => {
  const summary = summaryOf(recording)
  expect(summary).toMatchObject({
    kills: 1,
    catchUpMs: { p50: 1200, max: 1200 },
    latencyMs: { probes: 3, p50: 50, p99: 60 },
    bytesPerIndicator: 1000,
    equal: true,
    lost: 0,
  })
  const slopes = summary['slopesPerHour'] as Record<string, string>
  expect(slopes['handles']).toMatch(/^flat/)
  expect(slopes['diskMib']).toBe('3600.00 ± 0.00')
})

test('the plot has every panel with its unit, every line and every kill, and is well formed', () => {
  const svg = plotSvg('a & b', panelsOf(recording), recording.kills)
  for (const text of ['Memory resident (MiB)', 'Disk (MiB)', 'From publish until seen at all (ms)', 'a &amp; b'])
    expect(svg).toContain(text)
  expect(svg.match(/<path /g)).toHaveLength(9)
  expect(svg.match(/kill -9 of &lt;BBB&gt;/g)).toHaveLength(5)
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
})

test('what cannot be measured is left out', async () => {
  expect(await usageOf(process.pid, '/nowhere/control.sock', import.meta.dirname)).toBeUndefined()
  expect(folderBytes(import.meta.dirname)).toBeGreaterThan(10_000)
})
