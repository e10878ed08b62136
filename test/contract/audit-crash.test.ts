import { describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { createAuditLog } from '../../src/node/audit/audit-log.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { openHeldItems } from '../../src/node/rules/held-items.ts'
import type { HeldSubmission } from '../../src/node/rules/submission.ts'
import type { AuditKind } from '../../src/policy/audit-record.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { KIND, parseEnvelope } from '../../src/wire/entry.ts'
import type { Item } from '../../src/wire/gen/tocsin.ts'
import { auditRecords } from '../support/audit-chain.ts'
import { type Failure, failingLevel } from '../support/failing-level.ts'
import { createTestAlliance, systemClock } from '../support/node-alliance.ts'

/** Whatever write fails, what was done and what the audit log says was done are the same. */

const FAILURES: readonly Failure[] = ['refused', 'persisted']
const decided = { verdict: 'hold', rule: undefined, changedBy: [], reason: '' } as const

describe.each(FAILURES)('what waits for a second person, with a write that is %s', failure => {
  const ids = Array.from({ length: 4 }, (_, i) => toHex(new Uint8Array(16).fill(i + 1)))

  async function decideAll(store: Store): Promise<void> {
    let nowMs = 1000
    const clock = { now: () => nowMs }
    const audit = createAuditLog({ store, clock, random: systemRandom, logger: silentLogger })
    const held = await openHeldItems({ store, clock, holdMs: () => 500, audit, logger: silentLogger })
    for (const id of ids) if (!held.has(id)) await held.hold(id, submission(nowMs), decided)
    await held.approve(ids[0]!, { ...submission(nowMs).submission, approval: undefined }, 'bert')
    await held.reject(ids[1]!, 'local', 'not ours to tell')
    await audit.record({ kind: 'read', by: 'local', name: 'queue', count: 2 })
    nowMs += 501
    await held.sweep()
  }

  test('loses no decision and tells of none that was not taken', async () => {
    let failed = 0
    for (let nth = 3; ; nth++) {
      const inner = memoryLevel()
      const failing = failingLevel(inner, nth, failure)
      const store = await openStore({ level: failing.level })
      const done = await decideAll(store).then(
        () => true,
        () => false,
      )
      await store[Symbol.asyncDispose]()
      await using again = await openStore({ level: inner })
      await expectTheSame(again)
      if (done) break
      failed++
    }
    expect(failed).toBeGreaterThanOrEqual(8)
  })

  async function expectTheSame(store: Store): Promise<void> {
    const said = async (kind: AuditKind) => (await auditRecords(store, kind)).map(({ item }) => toHex(item))
    const over = [...(await said('approved')), ...(await said('rejected')), ...(await said('expired'))]
    const waiting = (await said('held')).filter(id => !over.includes(id))
    expect((await store.held()).map(({ id }) => toHex(id)).sort()).toEqual(waiting.sort())
    expect(await store.queue(10)).toHaveLength((await said('approved')).length)
  }
})

function submission(heldMs: number): HeldSubmission {
  const item: Item = { type: 1, body: utf8('body') }
  const submitter = { name: 'anna', key: new Uint8Array(32).fill(7) }
  const submitted = { item, assertion: 0, audience: new Uint8Array([1]), submitter, approval: undefined }
  return { submission: submitted, leaving: item, heldMs, rule: 'a rule' }
}

describe.each(FAILURES)('a node that publishes, with a write that is %s', failure => {
  test('has signed nothing that is not in its audit log', { timeout: 120_000 }, async () => {
    await using alliance = await createTestAlliance(1)
    let failed = 0
    for (let nth = 3; ; nth += 2) {
      const inner = memoryLevel()
      const failing = failingLevel(inner, nth, failure)
      const done = await publishOn(await openStore({ level: failing.level }))
      // The next start completes what was about to be signed.
      expect(await publishOn(await openStore({ level: inner }))).toBe(true)
      await using store = await openStore({ level: inner })
      await expectAllRecorded(store)
      if (done) break
      failed++
    }
    expect(failed).toBeGreaterThanOrEqual(5)

    async function publishOn(store: Store): Promise<boolean> {
      try {
        await using running = await alliance.start(0, { store, clock: systemClock })
        const items = ['one', 'two'].map(name => {
          return { kind: 'claim', draft: { type: 'domain', value: `${name}.example.org` } } as const
        })
        const outcomes = await running.service.publish(items)
        expect(outcomes.every(({ outcome }) => ['new', 'queued', 'duplicate'].includes(outcome))).toBe(true)
        await running.node.publisher.settled()
        return store.state === 'open'
      } catch {
        return false
      }
    }
  })
})

async function expectAllRecorded(store: Store): Promise<void> {
  const places = async (kind: AuditKind) =>
    (await auditRecords(store, kind)).map(({ logId, seq }) => `${toHex(logId)}/${seq}`)
  const recorded = new Map<number, AuditKind>([
    [KIND.GENESIS, 'incarnated'],
    [KIND.BATCH, 'released'],
    [KIND.KEY_GRANT, 'granted'],
  ])
  for (const { head } of store.logs()) {
    for (const bytes of await store.entriesRange(head.logId, 0, 100)) {
      const { header } = parseEnvelope(bytes)
      const kind = recorded.get(header.kind)
      if (kind !== undefined) expect(await places(kind)).toContain(`${toHex(head.logId)}/${header.seq}`)
    }
  }
  const released = await auditRecords(store, 'released')
  expect(released.length).toBeGreaterThan(0)
  for (const { count, runs } of released) expect(runs.reduce((sum, run) => sum + run.count, 0)).toBe(count)
}
