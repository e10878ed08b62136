import { expect, test } from 'vitest'
import { startProblemWatch } from '../../src/node/problems/problem-watch.ts'
import { findProblems } from '../../src/node/problems/problems.ts'
import { createTestAlliance, domainDraft, type RunningNode } from '../support/node-alliance.ts'
import { apply, governing, keepingLogger, trustOf } from '../support/registry-changes.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

function settableClock() {
  const clock = { nowMs: Date.now(), now: () => clock.nowMs }
  return clock
}

/** Nobody else runs here who could tell it how far its own log goes. */
const ALONE = 'signing-not-yet'

function problemsOf({ service }: RunningNode) {
  return service.status().problems.filter(({ code }) => code !== ALONE)
}

/** Lets a node run for so many days, looking at its clock every hour. */
async function run({ node }: RunningNode, clock: { nowMs: number }, days: number): Promise<void> {
  for (let hour = 0; hour < days * 24; hour++) {
    clock.nowMs += HOUR_MS
    await node.pins.look()
  }
}

test('R-1.5: a registry that was in force here for 30 days stays, though governors go another way; one that was not does not', async () => {
  await using alliance = await createTestAlliance(3)
  const { next } = governing(alliance)
  const held = next(() => ({ name: 'Held' }))
  const other = next(() => ({ name: 'Other' }))
  const after = next(() => ({ name: 'After' }), other)
  const clock = settableClock()
  const start = (index: number) => alliance.start(index, { clock })

  const a = await start(0)
  await apply(a, held)
  await run(a, clock, 31)
  // The record outlasts the run, and a clock that is wrong at the next start changes nothing.
  await a[Symbol.asyncDispose]()
  clock.nowMs -= 20 * 365 * DAY_MS
  await using again = await start(0)
  await apply(again, other, after)
  expect(again.service.registry().name).toBe('Held')
  clock.nowMs += 20 * 365 * DAY_MS

  await using b = await start(1)
  await apply(b, held)
  await run(b, clock, 29)
  clock.nowMs += 300 * DAY_MS
  await b.node.pins.look()
  await apply(b, other, after)
  expect(b.service.registry().name).toBe('After')
})

test('R-1.5: the operator goes another way than what was in force for long: it is in force, and the old pin an alarm', async () => {
  await using alliance = await createTestAlliance(3)
  const { next } = governing(alliance)
  const held = next(() => ({ name: 'Held' }))
  const other = next(() => ({ name: 'Other' }))
  const clock = settableClock()
  await using a = await alliance.start(0, { clock })
  await apply(a, held)
  await run(a, clock, 31)
  await apply(a, other)
  await a.service.pin(trustOf(a, other))
  expect(a.service.registry().name).toBe('Other')
  expect(a.service.status().state).toBe('degraded')
  expect(problemsOf(a)).toMatchObject([{ code: 'registry-pin-aside' }])
  await run(a, clock, 31)
  expect(problemsOf(a)).toEqual([])
})

test('R-1.9: an expiry is told of 60, 30, 7 and 1 days ahead and after, once each, and the own document before those of others', async () => {
  await using alliance = await createTestAlliance(2)
  const clock = settableClock()
  await using a = await alliance.start(0, { clock })
  const { expiresMs } = a.service.registry()
  const { logger, lines } = keepingLogger()
  const watch = startProblemWatch(() => findProblems(a.node), logger)
  watch.stop()

  const toldAt = (days: number): string[] => {
    const before = lines.length
    clock.nowMs = expiresMs + days * DAY_MS
    for (let look = 0; look < 3; look++) watch.look()
    const told = lines.slice(before).filter(({ code }) => code !== ALONE)
    return told.map(({ level, code, text }) => {
      const whose = /registry|document of [A-Z]+/.exec(text)?.[0] ?? ''
      return `${level} ${code} ${whose}`
    })
  }
  const warned = [
    'registry-expiring registry',
    'nation-doc-expiring document of AAA',
    'nation-doc-expiring document of BBB',
  ]
  const expired = [
    'registry-expired registry',
    'nation-doc-expired document of AAA',
    'nation-doc-expired document of BBB',
  ]
  const all = (level: string, what: readonly string[]) => what.map(each => `${level} ${each}`)
  expect(toldAt(-61)).toEqual([])
  for (const days of [-60, -30, -7, -1]) expect(toldAt(days), `${days} days`).toEqual(all('warn', warned))
  expect(problemsOf(a)).toMatchObject([{ code: 'registry-expiring', grade: 'warning' }, {}, {}])
  expect(toldAt(-40)).toEqual(all('warn', warned))
  expect(toldAt(0)).toEqual(all('warn', expired))
  expect(a.service.status().state).not.toBe('degraded')
  expect(toldAt(29)).toEqual([])
  expect(toldAt(30)).toEqual([
    'error registry-expired registry',
    'error nation-doc-expired document of AAA',
    'warn nation-doc-expired document of BBB',
  ])
  expect(a.service.status().state).toBe('degraded')

  const gauge = a.service.counters().find(({ name }) => name === 'document_expires_days')!
  expect(gauge.values).toEqual([
    { labels: { document: 'registry' }, value: -30 },
    { labels: { document: 'AAA' }, value: -30 },
    { labels: { document: 'BBB' }, value: -30 },
  ])
  // Publishing ends then, and not before; a valid next version is taken in all the same.
  clock.nowMs += 1
  await expect(a.service.publish([domainDraft('late.example')])).rejects.toMatchObject({
    code: 'publish-registry-expired',
  })
  expect(await apply(a, governing(alliance).next())).toMatchObject({ registryVersion: 2 })
})
