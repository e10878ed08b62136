/** How long a warninglist of a million entries takes to read, how large it is, and what asking it costs. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { TypedValue } from '../../src/indicator/canonical.ts'
import { parseWarninglist } from '../../src/policy/warninglist.ts'
import { compileWarninglist } from '../../src/policy/warninglist-compile.ts'
import { createWarninglists } from '../../src/policy/warninglists.ts'
import type { Report } from '../bench-figure.ts'

export const name = 'warninglist'

const ENTRIES = 1_000_000
const ASKED = 500_000
const MIB = 1024 * 1024

interface Shape {
  /** As MISP calls it. */
  readonly kind: string
  readonly type: string
  entryAt(i: number): string
  /** Each second is on the list. */
  askedAt(i: number): string
}

const SHAPES: readonly Shape[] = [
  {
    kind: 'hostname',
    type: 'domain',
    entryAt: i => `host-${i}.campaign-${i % 97}.example`,
    askedAt: i => (i % 2 === 0 ? `www.${SHAPES[0]!.entryAt(i)}` : `www-${i}.example`),
  },
  {
    kind: 'cidr',
    type: 'ipv4',
    entryAt: i => `${network(i)}.0/24`,
    askedAt: i => (i % 2 === 0 ? `${network(i)}.9` : `250.${(i >> 8) & 255}.${i & 255}.9`),
  },
]

function network(i: number): string {
  return `${((i >> 16) % 200) + 1}.${(i >> 8) & 255}.${i & 255}`
}

export async function run(report: Report): Promise<void> {
  for (const shape of SHAPES) measure(shape, report)
}

function measure({ kind, type, entryAt, askedAt }: Shape, report: Report): void {
  const said = `a ${kind} list of ${ENTRIES.toLocaleString('en')} entries`
  const json = { name: 'bench', type: kind, list: Array.from({ length: ENTRIES }, (_, i) => entryAt(i)) }
  const known = new Set(json.list)
  const before = heldBytes()
  const readStarted = process.threadCpuUsage()
  const list = compileWarninglist(parseWarninglist(json, () => []))
  report({ figure: `reading ${said}, by time of the processor`, value: seconds(readStarted), unit: 's' })
  json.list.length = 0
  report({ figure: `memory of ${said}`, value: (heldBytes() - before) / MIB, unit: 'MiB' })
  const { check } = createWarninglists([{ list, action: 'block' }])
  const asked: readonly TypedValue[] = Array.from({ length: ASKED }, (_, i) => ({ type, value: askedAt(i) }))
  // The least that finding a text among many costs.
  const floor = rateOf(asked, ({ value }) => known.has(value))
  rateOf(asked, typed => check(typed).length > 0)
  const value = rateOf(asked, typed => check(typed).length > 0, ASKED / 2)
  report({ figure: `questions to ${said}, by time of the processor`, value, unit: 'questions/s', floor })
}

function rateOf(asked: readonly TypedValue[], isOn: (typed: TypedValue) => boolean, hitsWanted?: number): number {
  const started = process.threadCpuUsage()
  const hits = asked.filter(isOn).length
  if (hitsWanted !== undefined && hits !== hitsWanted) throw new Error(`${hits} hits, not ${hitsWanted}`)
  return asked.length / seconds(started)
}

function seconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(since)
  return (user + system) / 1e6
}

function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
