/** How a node that holds many indicators starts, how large it is, and how fast it tells of one value. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createControlClient } from '../../src/cli/terminal/client.ts'
import { homeAt } from '../../src/node/home/home.ts'
import { openStore } from '../../src/store/open.ts'
import { createTestAlliance, serialise, type TestAlliance } from '../../test/support/node-alliance.ts'
import type { Report } from '../bench-figure.ts'
import { fillAuthorLog } from './support/author-log.ts'
import type { Started } from './support/daemon-process.ts'

export const name = 'lookup'

const INDICATORS = Number(process.env['BENCH_ENTRIES'] ?? 1_000_000)
const ITEMS_PER_ENTRY = 100
const LOOKUPS = 2000
const BULK = 500

export async function run(report: Report): Promise<void> {
  await using alliance = await createTestAlliance(1)
  {
    await using author = await alliance.start(0)
    await fillAuthorLog(author, { entries: INDICATORS / ITEMS_PER_ENTRY, itemsPerEntry: ITEMS_PER_ENTRY })
  }
  await throughStore(alliance, report)
  await throughDaemon(alliance, report)
}

/** As `fillAuthorLog` makes them; half of what is asked is known by a parent domain alone, which is a miss with reads. */
const valueAt = (i: number) => {
  const number = Math.imul(i, 0x9e37_79b1) >>> 0
  const known = `host-${number % INDICATORS}.campaign-${(number % INDICATORS) % 97}.example`
  return i % 2 === 0 ? known : `not-${known}`
}

const among = `among ${INDICATORS.toLocaleString('en')} indicators`

async function throughStore({ members }: TestAlliance, report: Report): Promise<void> {
  await using store = await openStore(members[0]!.home)
  await reportLatency(report, `a look-up ${among}, in the store`, async value => {
    const asked = [{ type: 'domain', value }]
    await Promise.all([store.lookupMany(asked), store.related(asked)])
  })
}

async function throughDaemon(alliance: TestAlliance, report: Report): Promise<void> {
  const child = fork(join(import.meta.dirname, 'support/daemon-process.ts'), { serialization: 'advanced' })
  try {
    const home = homeAt(`${alliance.members[0]!.home}-control`, {})
    await mkdir(home.path, { mode: 0o700 })
    const { startMs, residentBytes } = await startedOf(child, {
      alliance: serialise(alliance),
      socketPath: home.socket,
    })
    report({
      figure: `start of a daemon with ${INDICATORS.toLocaleString('en')} indicators`,
      value: startMs,
      unit: 'ms',
    })
    report({
      figure: `memory of a daemon with ${INDICATORS.toLocaleString('en')} indicators`,
      value: residentBytes,
      unit: 'bytes',
    })
    const client = createControlClient(home)
    await reportLatency(report, `a look-up ${among}, by the control socket`, value => client.lookup([value]))
    const started = performance.now()
    for (let first = 0; first < LOOKUPS * 5; first += BULK) {
      await client.lookup(Array.from({ length: BULK }, (_, i) => valueAt(first + i)))
    }
    const seconds = (performance.now() - started) / 1000
    report({ figure: `look-ups ${among}, ${BULK} at once`, value: (LOOKUPS * 5) / seconds, unit: 'look-ups/s' })
  } finally {
    child.kill()
  }
}

async function startedOf(child: ChildProcess, order: object): Promise<Started> {
  child.send(order)
  const ended = once(child, 'exit').then(() => {
    throw new Error('the daemon ended while it started')
  })
  const [started] = (await Promise.race([once(child, 'message'), ended])) as [Started]
  ended.catch(() => {})
  return started
}

async function reportLatency(
  report: Report,
  figure: string,
  lookUp: (value: string) => Promise<unknown>,
): Promise<void> {
  const taken: number[] = []
  for (let i = 0; i < LOOKUPS; i++) {
    const started = performance.now()
    await lookUp(valueAt(i))
    taken.push(performance.now() - started)
  }
  taken.sort((a, b) => a - b)
  for (const [what, share] of [
    ['half', 0.5],
    ['99 of 100', 0.99],
  ] as const) {
    report({ figure: `${figure}: ${what} take at most`, value: taken[Math.floor(LOOKUPS * share)]!, unit: 'ms' })
  }
}
