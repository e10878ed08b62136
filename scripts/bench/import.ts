/** How fast files of each format are read into rows, and that memory stays as it was while they are. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readImport } from '../../src/formats/in/import.ts'
import { mispEvent } from '../../src/formats/out/misp.ts'
import { stixBundle } from '../../src/formats/out/stix.ts'
import { exported, exportedIndicator } from '../../test/support/exported.ts'
import type { Report } from '../bench-figure.ts'

export const name = 'import'

const INDICATORS = 50_000
const CHUNK_BYTES = 64 * 1024
const SAMPLE_EVERY = 10_000
const MIB = 1024 * 1024

interface Source {
  readonly file: string
  readonly text: () => string
}

const SOURCES: readonly Source[] = [
  { file: 'feed.stix.json', text: () => whole(exported(stixBundle, indicators()).files) },
  { file: 'feed.misp.json', text: () => whole(exported(mispEvent, indicators()).files) },
  {
    file: 'feed.csv',
    text: () => `value,type,description\n${lines(i => `${domainAt(i)},domain,"Campaign ${i % 100}"`)}`,
  },
  { file: 'feed.txt', text: () => lines(domainAt) },
  { file: 'feed.ioc', text: openIoc },
  { file: 'advisory.md', text: () => `# Advisory\n\n${lines(i => `- seen at ${domainAt(i).replaceAll('.', '[.]')}`)}` },
]

export async function run(report: Report): Promise<void> {
  for (const { file, text } of SOURCES) {
    const bytes = Buffer.from(text())
    await read(file, bytes)
    const { rows, seconds, heldBytes } = await read(file, bytes)
    if (rows < INDICATORS) throw new Error(`${file}: ${rows} rows`)
    report({ figure: `import of ${file}, by time of the processor`, value: rows / seconds, unit: 'indicators/s' })
    report({ figure: `bytes of ${file}, by time of the processor`, value: bytes.length / MIB / seconds, unit: 'MiB/s' })
    report({ figure: `memory for ${file} beyond that before`, value: Math.max(0, heldBytes) / MIB, unit: 'MiB' })
  }
}

async function read(file: string, bytes: Uint8Array) {
  const before = held()
  let [rows, micros, heldBytes] = [0, 0, 0]
  let started = process.threadCpuUsage()
  for await (const row of readImport(chunksOf(bytes), { name: file })) {
    if (row.kind === 'refused') throw new Error(`${file}: ${row.reason}`)
    if (row.kind !== 'claim' || ++rows % SAMPLE_EVERY !== 0) continue
    micros += since(started)
    heldBytes = Math.max(heldBytes, held() - before)
    started = process.threadCpuUsage()
  }
  return { rows, seconds: (micros + since(started)) / 1e6, heldBytes }
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES)
}

function since(started: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(started)
  return user + system
}

function held(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const domainAt = (i: number) => `host-${i}.campaign-${i % 97}.example`

function* indicators() {
  for (let i = 0; i < INDICATORS; i++) {
    const claim = { id: i.toString(16).padStart(32, '0'), name: `Campaign ${i % 100}` }
    yield exportedIndicator('domain', domainAt(i), { claim })
  }
}

function whole(files: ReadonlyMap<string, string>): string {
  return [...files.values()].join('')
}

function lines(lineAt: (i: number) => string): string {
  return `${Array.from({ length: INDICATORS }, (_, i) => lineAt(i)).join('\n')}\n`
}

function openIoc(): string {
  const item = (i: number) =>
    `<IndicatorItem id="i${i}" condition="is"><Context document="Network" search="Network/DNS" type="mir"/>` +
    `<Content type="string">${domainAt(i)}</Content></IndicatorItem>`
  return `<?xml version="1.0" encoding="utf-8"?>
<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="bench"><short_description>Bench</short_description><definition>
<Indicator operator="OR" id="all">
${lines(item)}</Indicator></definition></ioc>
`
}
