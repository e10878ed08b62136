/** How fast each format of exports is written, and that memory stays as it was however many indicators there are. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ExportedIndicator, ExportFormat, ExportPiece } from '../../src/formats/exported.ts'
import { EXPORT_FORMATS } from '../../src/formats/out/export-formats.ts'
import { exportContext, exportedIndicator } from '../../test/support/exported.ts'
import type { Report } from '../bench-figure.ts'

export const name = 'export'

const FEW = 100_000
const MANY = 1_000_000
/** What is looked at how often for memory. */
const SAMPLE_EVERY = 250_000
const MADE_AT_ONCE = 1000
const MIB = 1024 * 1024

export async function run(report: Report): Promise<void> {
  const only = process.env['BENCH_FORMATS']?.split(',')
  for (const format of EXPORT_FORMATS.values()) {
    if (only !== undefined && !only.includes(format.name)) continue
    writeAll(format, FEW)
    // Rules, which are read whole one by one, have caps of their own.
    for (const count of isOfRules(format) ? [FEW] : [FEW, MANY]) {
      const { ms, peakBytes, bytes, left } = writeAll(format, count)
      const said = `${format.name} of ${count.toLocaleString('en')} indicators`
      const indicators = count - left
      report({
        figure: `export as ${said}, by time of the processor`,
        value: (count / ms) * 1000,
        unit: 'indicators/s',
      })
      if (left > 0) report({ figure: `left out of ${said}`, value: left, unit: 'indicators' })
      report({ figure: `memory for ${said} beyond that before`, value: Math.max(0, peakBytes) / MIB, unit: 'MiB' })
      report({ figure: `size of ${said}`, value: bytes / Math.max(1, indicators), unit: 'bytes/indicator' })
    }
  }
}

function isOfRules({ types }: ExportFormat): boolean {
  return KINDS.every(([type]) => types?.has(type) === false)
}

interface Run {
  /** Of the processor, in this thread, and without making the indicators. */
  readonly ms: number
  /** Of heap and buffers after garbage collection, beyond what was there before. */
  readonly peakBytes: number
  readonly bytes: number
  readonly left: number
}

function writeAll(format: ExportFormat, count: number): Run {
  const kinds = (isOfRules(format) ? RULES : KINDS).filter(([type]) => format.types?.has(type) !== false)
  const before = heldBytes()
  let [peakBytes, bytes, left, ms] = [0, 0, 0, 0]
  const take = (pieces: Iterable<ExportPiece>) => {
    for (const { text } of pieces) bytes += text.length
  }
  const timed = (work: () => void) => {
    const started = process.threadCpuUsage()
    work()
    const { user, system } = process.threadCpuUsage(started)
    ms += (user + system) / 1000
  }
  const writer = format.start(exportContext())
  timed(() => take(writer.begin()))
  for (let first = 0; first < count; first += MADE_AT_ONCE) {
    const made = Array.from({ length: MADE_AT_ONCE }, (_, i) => indicatorAt(first + i, count, kinds))
    timed(() => {
      for (const indicator of made) {
        const written = writer.add(indicator)
        if ('left' in written) left++
        else take(written.pieces)
      }
    })
    if ((first + MADE_AT_ONCE) % Math.min(SAMPLE_EVERY, count) === 0) {
      peakBytes = Math.max(peakBytes, heldBytes() - before)
    }
  }
  timed(() => take(writer.end()))
  return { ms, peakBytes, bytes, left }
}

function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

type Kind = readonly [type: string, value: (i: number) => string]

/** Ascending by type, as an export comes: as many of each that a format takes. */
const KINDS: readonly Kind[] = [
  ['domain', i => `c2-${i}.evil.example`],
  ['ipv4', i => `198.${18 + ((i >> 16) & 1)}.${(i >> 8) & 255}.${i & 255}`],
  ['sha256', i => hex(i, 64)],
  ['url', i => `http://c2-${i}.evil.example/path/${i}?id=${i}`],
]

const RULES: readonly Kind[] = [
  ['sigma', sigmaRule],
  ['yara', i => `rule evil_${i} {\n  strings:\n    $a = "campaign ${i}"\n  condition:\n    $a\n}\n`],
]

function sigmaRule(i: number): string {
  return `title: Evil ${i}
logsource:
  category: dns
detection:
  selection:
    query: c2-${i}.evil.example
  condition: selection
`
}

function indicatorAt(i: number, count: number, kinds: readonly Kind[]): ExportedIndicator {
  const [type, valueAt] = kinds[Math.floor((i * kinds.length) / count)]!
  const publishedMs = Date.UTC(2026, i % 12, 1 + (i % 28))
  return exportedIndicator(type, valueAt(i), {
    labels: ['c2'],
    claim: { id: hex(i, 32), name: `Campaign ${i % 100}`, labels: ['c2'], source: 'CERT', publishedMs },
  })
}

function hex(i: number, length: number): string {
  return (i * 2_654_435_761).toString(16).padStart(length, '0')
}
