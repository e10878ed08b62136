/** How fast each format of exports is written, and that memory stays as it was however many indicators there are. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { EXPORT_FORMATS } from '../../src/formats/export-formats.ts'
import type { ExportedIndicator, ExportFormat, ExportPiece } from '../../src/formats/exported.ts'
import { exportContext, exportedIndicator } from '../../test/support/exported.ts'
import type { Report } from '../bench-figure.ts'

export const name = 'export'

const FEW = 100_000
const MANY = 1_000_000
/** What is looked at how often for memory. */
const SAMPLE_EVERY = 250_000
const MIB = 1024 * 1024

export async function run(report: Report): Promise<void> {
  const only = process.env['BENCH_FORMATS']?.split(',')
  for (const format of EXPORT_FORMATS.values()) {
    if (only !== undefined && !only.includes(format.name)) continue
    writeAll(format, FEW)
    for (const count of [FEW, MANY]) {
      const { ms, peakBytes, bytes, left } = writeAll(format, count)
      const said = `${format.name} of ${count.toLocaleString('en')} indicators`
      const indicators = count - left
      report({ figure: `export as ${said}`, value: (count / ms) * 1000, unit: 'indicators/s' })
      report({ figure: `memory for ${said} beyond that before`, value: Math.max(0, peakBytes) / MIB, unit: 'MiB' })
      report({ figure: `size of ${said}`, value: bytes / Math.max(1, indicators), unit: 'bytes/indicator' })
    }
  }
}

interface Run {
  readonly ms: number
  /** Of the heap after garbage collection, beyond what was there before. */
  readonly peakBytes: number
  readonly bytes: number
  readonly left: number
}

function writeAll(format: ExportFormat, count: number): Run {
  const before = heapBytes()
  let [peakBytes, bytes, left, pausedMs] = [0, 0, 0, 0]
  const take = (pieces: Iterable<ExportPiece>) => {
    for (const { text } of pieces) bytes += text.length
  }
  const started = performance.now()
  const writer = format.start(exportContext())
  take(writer.begin())
  for (let i = 0; i < count; i++) {
    const written = writer.add(indicatorAt(i, count))
    if ('left' in written) left++
    else take(written.pieces)
    if ((i + 1) % Math.min(SAMPLE_EVERY, count) !== 0) continue
    const pause = performance.now()
    peakBytes = Math.max(peakBytes, heapBytes() - before)
    pausedMs += performance.now() - pause
  }
  take(writer.end())
  return { ms: performance.now() - started - pausedMs, peakBytes, bytes, left }
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

/** Ascending by type, as an export comes: of each kind as many. */
const KINDS: readonly (readonly [type: string, value: (i: number) => string])[] = [
  ['domain', i => `c2-${i}.evil.example`],
  ['ipv4', i => `198.${18 + ((i >> 16) & 1)}.${(i >> 8) & 255}.${i & 255}`],
  ['sha256', i => hex(i, 64)],
  ['url', i => `http://c2-${i}.evil.example/path/${i}?id=${i}`],
]

function indicatorAt(i: number, count: number): ExportedIndicator {
  const [type, valueAt] = KINDS[Math.floor((i * KINDS.length) / count)]!
  const publishedMs = Date.UTC(2026, i % 12, 1 + (i % 28))
  return exportedIndicator(type, valueAt(i), {
    labels: ['c2'],
    claim: { id: hex(i, 32), name: `Campaign ${i % 100}`, labels: ['c2'], source: 'CERT', publishedMs },
  })
}

function hex(i: number, length: number): string {
  return (i * 2_654_435_761).toString(16).padStart(length, '0')
}
