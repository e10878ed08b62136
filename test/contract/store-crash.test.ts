import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { type AuditEvent, auditHash, encodeAuditRecord, NO_RECORD } from '../../src/policy/audit-record.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import type { Store, StoreBatch } from '../../src/store/store.ts'
import { parseEnvelope } from '../../src/wire/entry.ts'
import { auditRecords } from '../support/audit-chain.ts'
import { type Failure, failingLevel, slowLevel } from '../support/failing-level.ts'
import { claimItem, EPOCH, StoreAuthor, sightingItem, withdrawalItem } from '../support/store-author.ts'
import { dumpedView } from '../support/store-view.ts'

/** Every kind of commit, so that each of them is once the one that fails. Made anew for each run: authors have state. */
function steps(): ((store: Store) => Promise<unknown>)[] {
  const [a, b] = [new StoreAuthor('AAA'), new StoreAuthor('BBB')]
  const commit = (batch: StoreBatch) => (store: Store) => store.commit(batch)
  const begin = [a.begin(), b.begin()]
  const grow = a.append(300)
  const fork = a.head
  const left = a.append(3, 'left')
  const back = a.rewindTo(fork)
  const right = a.append(5, 'right')
  const before = auditHash(encodeAuditRecord(said(0), 0, NO_RECORD))
  const cut: AuditEvent = { ...said(4), kind: 'truncated', count: 1, subject: before }
  const popular = Array.from({ length: 12 }, (_, i) => b.opened(claimItem(`p${i}`, 'popular.example'), 1, i))
  return [
    commit({ intents: { add: [{ logId: a.logId, seq: 0, bytes: utf8('unsigned') }] }, audit: { add: [said(0)] } }),
    commit({
      logs: begin,
      intents: { remove: [{ logId: a.logId, seq: 0 }] },
      queue: { add: [utf8('later')] },
      audit: { add: [said(1), said(2)] },
    }),
    commit({ logs: [grow, b.append(2)], outbox: { add: [{ logId: a.logId, seq: 1 }] } }),
    commit({ logs: [{ logId: b.logId, projected: 3 }], items: popular }),
    commit({ items: [a.opened(claimItem('x', 'x.example')), a.opened(sightingItem('s', 'popular.example'))] }),
    commit({ items: [a.opened(withdrawalItem('x'), 2), b.opened(withdrawalItem('p3'), 2)] }),
    commit({ logs: [left], waiting: { add: [{ epochId: EPOCH, logId: a.logId, seq: 301 }] } }),
    commit({ logs: [{ ...right, ...back }] }),
    commit({ logs: [{ logId: b.logId, limit: 2 }] }),
    store => store.rebuildView(),
    commit({ items: Array.from({ length: 9 }, (_, i) => b.opened(withdrawalItem(`p${i}`), 1, i)) }),
    commit({ outbox: { remove: [{ logId: a.logId, seq: 1 }] }, queue: { remove: [0] }, audit: { add: [said(3)] } }),
    commit({ audit: { add: [cut], dropBelow: 1 } }),
  ]
}

function said(i: number): AuditEvent {
  return { kind: 'refused', by: 'anna', count: i + 1, timeMs: 1000 + i, salt: new Uint8Array(16).fill(i) }
}

/** A rebuild may fail when it has switched over and clears up: then it is done, and said to have failed. */
const REBUILD_STEP = 9

function held(store: Store) {
  return { logs: [...store.logs()], counts: store.counts(), stale: store.viewStale, audit: store.audit() }
}

async function state(store: Store) {
  return {
    held: held(store),
    view: await dumpedView(store),
    queue: await store.queue(10),
    audit: await auditRecords(store),
  }
}

/** Heads are those of the entries that are there, counts are true, and the view is what rebuilding makes of the items. */
async function assertConsistent(store: Store): Promise<void> {
  for (const { head, standing } of store.logs()) {
    const entries = (await store.entriesRange(head.logId, 0, 4096)).map(parseEnvelope)
    expect(entries).toHaveLength(head.size)
    expect(entries.at(-1)?.leaf).toEqual(head.leaf)
    expect(store.leafAt(head.logId, standing.size - 1)).toEqual(standing.head)
    for (let i = 0; i < Math.floor(head.size / 256); i++) expect(store.hashAt(head.logId)(8, i)).toHaveLength(32)
  }
  const before = await state(store)
  expect(await store.check()).toMatchObject({ lost: 0, derived: 0, faults: [] })
  await store.rebuildView()
  if (!before.held.stale) expect(await state(store)).toEqual(before)
}

async function runUntilFailure(
  store: Store,
): Promise<{ done: number; before: Awaited<ReturnType<typeof state>>; code: string | undefined }> {
  let done = 0
  let before = await state(store)
  for (const step of steps()) {
    try {
      await step(store)
    } catch (error) {
      return { done, before, code: (error as { code?: string }).code }
    }
    done++
    before = await state(store)
  }
  return { done, before, code: undefined }
}

describe.each<Failure>(['refused', 'persisted'])('a store whose write is %s', failure => {
  it('loses nothing acknowledged and is consistent, whichever write fails', async () => {
    const whole = await undisturbed()
    let failures = 0
    for (let nth = 2; ; nth++) {
      const inner = memoryLevel()
      const failing = failingLevel(inner, nth, failure)
      const store = await openStore({ level: failing.level }).catch(() => undefined)
      // The second write is the clearing of the unread view, still within opening.
      if (store === undefined) continue
      const { done, before, code } = await runUntilFailure(store)
      if (code === undefined) break
      failures++
      expect(code).toBe('store-full')
      expect(store.state).toBe('failed')
      if (done !== REBUILD_STEP) expect(held(store)).toEqual(before.held)
      await expect(store.commit({ queue: { add: [utf8('no')] } })).rejects.toMatchObject({ code: 'store-failed' })

      await store.recover()
      expect(store.state).toBe('open')
      if (failure === 'refused' && done !== REBUILD_STEP) expect(await state(store)).toEqual(before)
      const wasDone = failure === 'persisted' && done !== REBUILD_STEP
      await goOn(store, wasDone ? done + 1 : done)
      expect(await state(store)).toEqual(whole)
      await assertConsistent(store)
      await store[Symbol.asyncDispose]()

      await using again = await openStore({ level: inner })
      await assertConsistent(again)
    }
    expect(failures).toBeGreaterThanOrEqual(steps().length)
  })
})

describe('a write that fails while others wait', () => {
  it('takes those after it down with it, and leaves what came before', async () => {
    for (let nth = 3; nth < 14; nth++) {
      const failing = failingLevel(memoryLevel(), nth, 'refused')
      await using store = await openStore({ level: failing.level })
      const outcomes = await Promise.allSettled(steps().map(step => step(store)))
      const codes = outcomes.map(outcome => (outcome.status === 'rejected' ? outcome.reason.code : 'done'))
      const first = codes.indexOf('store-full')
      expect(codes.slice(0, first).every(code => code === 'done')).toBe(true)
      expect(codes.slice(first + 1).every(code => code === 'store-failed')).toBe(true)
      await store.recover()
      if (first !== REBUILD_STEP) await assertConsistent(store)
      await goOn(store, first)
      await assertConsistent(store)
    }
  })

  it('gives the same as commits that wait for each other', async () => {
    await using store = await openStore({ level: slowLevel(memoryLevel()) })
    await Promise.all(steps().map(step => step(store)))
    expect(await state(store)).toEqual(await undisturbed())
  })
})

async function goOn(store: Store, done: number): Promise<void> {
  for (const step of steps().slice(done)) await step(store)
}

async function undisturbed() {
  await using store = await openStore({ memory: true })
  await goOn(store, 0)
  return await state(store)
}
