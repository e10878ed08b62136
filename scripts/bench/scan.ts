/** How fast known indicators are found in a log, beside grep with the same values on the same file. */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { scanText } from '../../src/formats/in/scan-text.ts'
import type { TypedValue } from '../../src/indicator/canonical.ts'
import { createMatcher, type Matcher } from '../../src/indicator/matcher.ts'
import type { Report } from '../bench-figure.ts'

export const name = 'scan'

const INDICATORS = Number(process.env['BENCH_ENTRIES'] ?? 1_000_000)
const LOG_BYTES = 48 * 1024 * 1024
/** One line of so many names an indicator. */
const LINES_PER_HIT = 1000
const CHUNK_BYTES = 256 * 1024
/** grep takes longer to begin than to read; a machine on which it does not end is not measured against. */
const GREP_MS_MAX = 120_000

export async function run(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-bench-scan-'))
  try {
    const log = join(folder, 'http.log')
    const values = join(folder, 'values')
    await writeInputs(log, values)
    const grepMs = await timeOfGrep(values, log)
    const matcher = measuredMatcher(report)
    const scanMs = await timeOf(async () => {
      for await (const _ of scanText(matcher, createReadStream(log, { highWaterMark: CHUNK_BYTES })));
    })
    const rate = (ms: number) => LOG_BYTES / 1e6 / (ms / 1000)
    report({
      figure: `scan for ${INDICATORS.toLocaleString('en')} indicators; the floor is grep -F -f`,
      value: rate(scanMs),
      unit: 'MB/s',
      ...(grepMs !== undefined && { floor: rate(grepMs) }),
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function writeInputs(log: string, values: string): Promise<void> {
  await writeFile(log, logText())
  await writeFile(values, Array.from({ length: INDICATORS }, (_, i) => `${indicatorAt(i).value}\n`).join(''))
}

function measuredMatcher(report: Report): Matcher {
  const before = memory()
  const started = performance.now()
  const builder = createMatcher(1)
  for (let i = 0; i < INDICATORS; i++) builder.add(indicatorAt(i))
  const matcher = builder.build()
  const of = `a matcher of ${INDICATORS.toLocaleString('en')} indicators`
  report({ figure: `making ${of}`, value: performance.now() - started, unit: 'ms' })
  report({ figure: `memory of ${of}`, value: memory() - before, unit: 'bytes' })
  return matcher
}

function memory(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const spreadOf = (i: number) => Math.imul(i, 0x9e37_79b1) >>> 0

function indicatorAt(i: number): TypedValue {
  const number = spreadOf(i)
  const hex = number.toString(16).padStart(8, '0')
  switch (i % 5) {
    case 0:
      return { type: 'domain', value: `h${number.toString(36)}.evil${i % 97}.example` }
    case 1:
      return {
        type: 'ipv4',
        value: `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`,
      }
    case 2:
      return { type: 'sha256', value: hex.repeat(8) }
    case 3:
      return { type: 'url', value: `http://u${number.toString(36)}.bad.example/p/${i}` }
    default:
      return { type: 'md5', value: hex.repeat(4) }
  }
}

function logText(): string {
  const lines: string[] = []
  let bytes = 0
  for (let i = 0; bytes < LOG_BYTES; i++) {
    const number = spreadOf(i)
    const address = (salt: number) => `10.${(number + salt) & 255}.${(number >>> 8) & 255}.${(number >>> 16) & 255}`
    const host = i % LINES_PER_HIT === 0 ? indicatorAt(number % INDICATORS).value : `www${number % 5000}.service.test`
    const id = number.toString(36)
    const fields = [`1732262400.${i}`, `C${id}`, address(0), number & 65_535, address(1), 443, 'tcp', 'GET', host]
    const more = [`/index/${id}/a.html?x=${number}`, '-', '1.1', 'Mozilla/5.0 (X11; Linux x86_64)', 0, 200, 'OK']
    const line = `${[...fields, ...more].join('\t')}\n`
    bytes += line.length
    lines.push(line)
  }
  return lines.join('')
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Undefined where it did not end in time. */
async function timeOfGrep(values: string, log: string): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const options = { env: { ...process.env, LC_ALL: 'C' }, timeout: GREP_MS_MAX }
  const taken = timeOf(async () => {
    execFile('grep', ['-c', '-F', '-f', values, log], options, error => resolve(error === null))
    await promise
  })
  const ms = await taken
  return (await promise) ? ms : undefined
}
