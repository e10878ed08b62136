import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { LogHead } from '../../src/chain/log-head.ts'
import type { AuditEvent } from '../../src/policy/audit-record.ts'
import { checkLevelFiles } from '../../src/store/level-files.ts'
import { openStore } from '../../src/store/open.ts'
import { buildStore, repairStore } from '../../src/store/repair.ts'
import type { LogChange, OpenedItem, Store } from '../../src/store/store.ts'
import type { Row } from '../../src/store/upkeep.ts'
import { claimItem, EPOCH, StoreAuthor, withdrawalItem } from '../support/store-author.ts'

const root = mkdtempSync(join(tmpdir(), 'tocsin-store-repair-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** What peers would give again: every change in its order, and what was opened of it. */
const changes: LogChange[] = []
const items: OpenedItem[] = []
const whole = join(root, 'whole')
let view = ''
let heads: readonly LogHead[] = []

beforeAll(async () => {
  const authors = ['AAA', 'BBB'].map(name => new StoreAuthor(name))
  // Opened and closed in between, so that there are tables, a manifest of several changes, and a log.
  for (const round of [0, 1, 2]) {
    await using store = await openStore(whole, { writeBufferBytes: 64 * 1024 })
    for (const [i, author] of authors.entries()) {
      if (round === 0) changes.push(author.begin())
      const from = round === 0 ? 0 : author.head.size
      if (round === 0) await store.commit({ logs: [changes.at(-1)!] })
      changes.push(author.append(300))
      const opened = Array.from({ length: 100 }, (_, j) => {
        return author.opened(claimItem(`${round} ${i} ${j}`, `h${j}.example`), from + 1 + j, 0)
      })
      items.push(...opened)
      await store.commit({ logs: [{ ...changes.at(-1)!, projected: author.head.size }], items: opened })
    }
    await store.commit({
      items: [authors[0]!.opened(withdrawalItem(`0 0 ${round}`), 2)],
      queue: { add: [utf8(`queued ${round}`)] },
      waiting: { add: [{ epochId: EPOCH, logId: authors[1]!.logId, seq: 250 }] },
      audit: { add: [said(round), said(round + 1)] },
      notes: new Map([[`note ${round}`, utf8('kept')]]),
    })
    items.push(authors[0]!.opened(withdrawalItem(`0 0 ${round}`), 2))
    view = await store.viewDigest()
    heads = [...store.logs()].map(({ head }) => head)
  }
})

function said(i: number): AuditEvent {
  return { kind: 'refused', by: 'anna', count: i + 1, timeMs: 1000 + i, salt: new Uint8Array(16).fill(i) }
}

let copies = 0
function copy(): string {
  const at = join(root, `copy-${copies++}`)
  cpSync(whole, at, { recursive: true })
  return at
}

const filesOf = (at: string) => readdirSync(at).filter(name => /\.ldb$|\.log$|^MANIFEST-|^CURRENT$/.test(name))
const NOW_MS = Date.UTC(2026, 0, 2)
const nothing = async () => {}

/** Gives the store again what its logs lack, as sync does, and opens it. */
async function giveAgain(store: Store): Promise<void> {
  for (const change of changes) {
    const size = store.log(change.logId)?.head.size ?? 0
    const lacking = change.append!.slice(Math.max(0, size - (change.head!.size - change.append!.length)))
    if (lacking.length === 0) continue
    const author = new StoreAuthor(change.append![0]!.log.nation)
    const done = changes.filter(({ logId }) => logId === change.logId)
    const before = done.flatMap(({ append }) => append!).slice(0, size)
    if (before.length > 0) author.take(before)
    await store.commit({ logs: [author.take(lacking)] })
  }
  await store.commit({ items })
  if (store.viewStale) await store.rebuildView()
}

async function expectWhole(at: string): Promise<void> {
  await using store = await openStore(at)
  await giveAgain(store)
  expect([...store.logs()].map(({ head }) => head)).toEqual(expect.arrayContaining([...heads]))
  expect(await store.viewDigest()).toBe(view)
  expect(await store.check()).toMatchObject({ lost: 0, derived: 0, faults: [], view: 'same' })
}

describe('a damaged store', () => {
  it('is found damaged, repaired, and whole again with what peers give', async () => {
    for (const file of filesOf(whole)) {
      const { length } = readFileSync(join(whole, file))
      for (const part of [0.05, 0.5, 0.9]) {
        const at = copy()
        const bytes = readFileSync(join(at, file))
        bytes[Math.floor(length * part)]! ^= 0x10
        writeFileSync(join(at, file), bytes)
        expect(await checkLevelFiles(at, 'all'), `${file} at ${part}`).toMatchObject([{ file }])
        if (!file.endsWith('.ldb')) await expect(openStore(at)).rejects.toMatchObject({ code: 'store-damaged' })

        const { kept } = await repairStore(at, NOW_MS, nothing)
        expect(readFileSync(join(kept, file))).toEqual(bytes)
        expect(await checkLevelFiles(at, 'all')).toEqual([])
        await expectWhole(at)
        rmSync(at, { recursive: true })
      }
    }
  }, 60_000)

  it('is repaired where any of its files is missing or cut short', async () => {
    for (const file of filesOf(whole)) {
      for (const damage of [(path: string) => rmSync(path), (path: string) => truncateSync(path, 100)]) {
        const at = copy()
        damage(join(at, file))
        await repairStore(at, NOW_MS, nothing)
        await expectWhole(at)
      }
    }
  }, 60_000)

  it('keeps every opened item, where only tree nodes, counts or the view were wrong', async () => {
    const at = copy()
    const { lost, kept } = await repairStore(at, NOW_MS, async store => {
      await store.commit({ notes: new Map([['repaired', utf8('yes')]]) })
    })
    expect(lost).toBe(0)
    expect(kept).toBe(`${at}.damaged-20260102T000000Z`)
    await using store = await openStore(at)
    expect(store.counts()).toMatchObject({ items: items.length, queued: 3, waiting: 1 })
    expect(store.audit().next).toBe(6)
    expect(await store.note('repaired')).toEqual(utf8('yes'))
    expect(await store.intents()).toEqual([])
    await store.rebuildView()
    expect(await store.viewDigest()).toBe(view)
  })

  it('is not touched while it is in use, of a newer format, or none', async () => {
    await expect(repairStore(join(root, 'nowhere'), NOW_MS, nothing)).rejects.toMatchObject({ code: 'store-absent' })
  })
})

describe('what a backup holds', () => {
  it('makes the same store', async () => {
    const rows: Row[] = []
    {
      await using store = await openStore(whole)
      for await (const chunk of store.primaryRows()) rows.push(...chunk)
    }
    const at = join(root, 'built')
    const made = await buildStore(at, chunksOf(rows), nothing)
    expect(made).toMatchObject({ lost: 0, derived: 0, faults: [], logs: 2, items: items.length })
    await using store = await openStore(at)
    await store.rebuildView()
    expect(await store.viewDigest()).toBe(view)
    expect([...store.logs()].map(({ head }) => head)).toEqual(heads)
    expect(await store.check()).toMatchObject({ lost: 0, derived: 0, faults: [], view: 'same' })
  })
})

async function* chunksOf(rows: readonly Row[]) {
  for (let i = 0; i < rows.length; i += 100) yield rows.slice(i, i + 100)
}
