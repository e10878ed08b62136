import { EMPTY, equalBytes, fromUtf8, toHex, utf8 } from '../../base/bytes.ts'
import { StoreError, TocsinError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { type AllianceId, type EpochId, type LogId, type LogIdHex, logIdHex } from '../../base/ids.ts'
import type { Logger } from '../../base/ports.ts'
import { type EntryContent, readContent } from '../../chain/entry-content.ts'
import type { KeyGrantContent } from '../../chain/key-grant.ts'
import { ITEM } from '../../indicator/item-type.ts'
import { mentionAudience } from '../../policy/clearance.ts'
import type { EpochPosition, ItemId, LogChange, OpenedItem, Store, StoreBatch, VoidItem } from '../../store/store.ts'
import { encode } from '../../wire/codec.ts'
import { HEADER_VERSION, type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'
import { Item } from '../../wire/gen/tocsin.ts'
import { createWorkerLoop } from '../mechanisms/worker-loop.ts'
import type { EpochKeys, KnownEpoch } from './epoch-keys.ts'
import { type BatchContent, openBatch } from './open-batch.ts'

/** From the log to the view: opens what is for this nation, and leaves the rest waiting or sealed. */

export interface ProjectEvents {
  /** All entries of the log below `projected` are opened, waiting or void. */
  projected(logId: LogId, projected: number): void
  /** The content of an entry is void, by its author's fault. */
  voided(entry: ParsedEntry, code: string, reason: string): void
  /** A grant holds something else for this nation than it says; what can be opened is opened. */
  grantFault(fault: GrantFault): void
  /** A nation complains, of us or of another. */
  complained(entry: ParsedEntry, complaint: Extract<EntryContent, { kind: 'complaint' }>): void
  /** The same of one item; the others of its batch are not concerned. */
  itemVoided(item: VoidItem): void
  /** A nation asserted two different things under one id. */
  conflict(item: ItemId): void
  /** These are in the view, but for what is void. */
  opened(items: readonly OpenedItem[]): void
}

export interface GrantFault {
  readonly logId: LogId
  /** Of the grant. */
  readonly seq: number
  readonly code: 'grant-wrong-commit' | 'grant-does-not-open' | 'grant-wrong-audience'
}

export interface ProjectOptions {
  readonly allianceId: AllianceId
  readonly store: Store
  readonly epochs: EpochKeys
  /** What is opened, or shows, of groups has changed. */
  groupsChanged(): Promise<void>
  readonly events: ProjectEvents
  readonly logger: Logger
}

/** Ids of the KEM keys with which all that waits was tried; empty while something may be left to try. */
const TRIED_NOTE = 'kem-keys-tried'
const ROUND_ENTRIES_MAX = 1024
const ROUND_ITEMS_MAX = 4096
/** Then the next log has its turn. */
const PAGES_PER_TURN = 16
/** Openable entries kept in memory until they are opened; what does not fit is read from the store again. */
const RECENT_BYTES_MAX = 64 * 1024 * 1024
const READ_BYTES_MAX = 4 * 1024 * 1024

/** An entry that stands, and the highest registry version of those before it in its log. */
export interface Openable {
  readonly entry: ParsedEntry
  readonly registryVersionBefore: number
}

interface Opening {
  readonly items: OpenedItem[]
  readonly waiting: EpochPosition[]
  readonly opened: EpochPosition[]
  /** A TOMBSTONE is among them. */
  hides: boolean
}

export function createProjector(options: ProjectOptions) {
  const { store, epochs, events, logger } = options
  /** Entries of a log, contiguous, the first at its `projected` unless it was read from the store. */
  const recent = new Map<LogIdHex, Openable[]>()
  let recentBytes = 0
  /** Of the entries below `projected`: what `readContent` judges the next by. */
  const registryVersions = new Map<LogIdHex, number>()
  /** Epochs whose grant arrived while batches wait for it. */
  const granted = new Map<string, EpochPosition>()
  let resumed = false
  let triedNoted = false
  const loop = createWorkerLoop(run, error => logger.error({ err: error }, 'opening entries failed'))

  function add(entries: readonly Openable[]): void {
    for (const committed of entries) {
      const key = logIdHex(committed.entry.logId)
      const list = recent.get(key) ?? []
      const bytes = committed.entry.body.length + 512
      if (recentBytes + bytes > RECENT_BYTES_MAX) continue
      list.push(committed)
      recentBytes += bytes
      recent.set(key, list)
    }
    loop.wake()
  }

  async function run(): Promise<void> {
    if (store.viewFrozen) await rebuild()
    if (!resumed) await resume()
    for (let busy = true; busy; ) {
      busy = false
      for (const { head, projected, limit } of [...store.logs()]) {
        if (projected < Math.min(head.size, limit)) {
          await projectSome(head.logId, projected)
          busy = true
        }
      }
      for (const [name, position] of granted) {
        await openWaiting(position)
        granted.delete(name)
        busy = true
      }
    }
    await noteTried()
    if (store.viewStale) await rebuild()
  }

  async function rebuild(): Promise<void> {
    await store.rebuildView()
    await options.groupsChanged()
  }

  /**
   * What waits is not for us, unless the last run ended between a grant and what waited for it, or there are keys that
   * it did not have: slots without names cost a trial each, so nothing is tried twice with the same keys.
   */
  async function resume(): Promise<void> {
    const tried = fromUtf8((await store.note(TRIED_NOTE)) ?? EMPTY).split(' ')
    const ids = epochs.kemKeyIds()
    if (!ids.every(id => tried.includes(id))) await retryAll()
    triedNoted = tried.join(' ') === ids.join(' ')
    resumed = true
  }

  async function retryAll(): Promise<void> {
    for (const epochId of await store.waitingEpochs()) {
      for (const position of await store.grants(epochId)) {
        const epoch = await epochs.lookUp(position.logId, epochId)
        if (epoch !== undefined) granted.set(grantName(position.logId, epochId), { ...position, epochId })
      }
    }
  }

  /** All that waits was tried with these keys, and what was granted is opened. */
  async function noteTried(): Promise<void> {
    if (triedNoted) return
    await store.commit({ notes: new Map([[TRIED_NOTE, utf8(epochs.kemKeyIds().join(' '))]]) })
    triedNoted = true
  }

  async function commit(batch: StoreBatch): Promise<void> {
    const { voided, conflicts } = await store.commit(batch)
    for (const item of voided) events.itemVoided(item)
    for (const item of conflicts) events.conflict(item)
    if (batch.items !== undefined) events.opened(batch.items)
    // 08 06: the type of an item stands first, in canonical form
    if (batch.items?.some(({ item }) => item[0] === 0x08 && item[1] === ITEM.GROUP)) await options.groupsChanged()
  }

  /** Opens the next entries while those before are being written. */
  async function projectSome(logId: LogId, from: number): Promise<void> {
    let writing: Promise<void> = Promise.resolve()
    try {
      for (let at = from, page = 0; page < PAGES_PER_TURN; page++) {
        if (page > 0 && othersWait(logId)) break
        const log = store.log(logId)
        const to = log === undefined ? 0 : Math.min(log.head.size, log.limit, at + ROUND_ENTRIES_MAX)
        if (at >= to) break
        const opening: Opening = { items: [], waiting: [], opened: [], hides: false }
        const reached = await openSome(await take(logId, at, to), opening)
        await writing
        writing = finish(logId, reached, opening)
        writing.catch(() => {})
        at = reached
      }
      await writing
    } catch (error) {
      registryVersions.delete(logIdHex(logId))
      throw error
    }
  }

  /** Of a long log a page is opened at a time while others have something too: what is live is not behind it. */
  function othersWait(logId: LogId): boolean {
    for (const { head, projected, limit } of store.logs())
      if (head.logId !== logId && projected < Math.min(head.size, limit)) return true
    return false
  }

  /** Returns the seq up to which the entries are opened. */
  async function openSome(entries: readonly Openable[], opening: Opening): Promise<number> {
    let reached = entries[0]?.entry.header.seq ?? 0
    for (const openable of entries) {
      await open(openable, opening)
      note(openable)
      reached++
      if (opening.items.length >= ROUND_ITEMS_MAX) break
    }
    return reached
  }

  async function finish(logId: LogId, reached: number, opening: Opening): Promise<void> {
    // A crash before what waits for a grant is opened must not be forgotten: then all is tried again.
    const forget = granted.size > 0 && triedNoted
    const notes = forget ? { notes: new Map([[TRIED_NOTE, EMPTY]]) } : {}
    if (forget) triedNoted = false
    await commit({ ...batchOf(opening, [{ logId, projected: reached }]), ...notes })
    if (opening.hides) await options.groupsChanged()
    drop(logId, reached)
    events.projected(logId, reached)
  }

  /** The entries from `from` on, out of memory where they are there. */
  async function take(logId: LogId, from: number, to: number): Promise<readonly Openable[]> {
    const list = recent.get(logIdHex(logId)) ?? []
    const skip = list.findIndex(({ entry }) => entry.header.seq === from)
    if (skip >= 0) return contiguous(list.slice(skip, skip + to - from))
    return read(logId, from, to - from)
  }

  async function read(logId: LogId, from: number, count: number): Promise<readonly Openable[]> {
    const entries = (await store.entriesRange(logId, from, count, READ_BYTES_MAX)).map(parseEnvelope)
    if (entries.length === 0)
      throw new StoreError('store-damaged', `entry ${logIdHex(logId)}/${from} is missing from the store`)
    let before = await versionBefore(logId, from)
    return entries.map(entry => {
      const committed = { entry, registryVersionBefore: before }
      before = raised(before, entry)
      return committed
    })
  }

  async function versionBefore(logId: LogId, seq: number): Promise<number> {
    const known = registryVersions.get(logIdHex(logId))
    if (known !== undefined) return known
    let version = 0
    for (let at = 0; at < seq; ) {
      const page = await store.entriesRange(logId, at, Math.min(ROUND_ENTRIES_MAX, seq - at), READ_BYTES_MAX)
      if (page.length === 0) break
      for (const bytes of page) version = raised(version, parseEnvelope(bytes))
      at += page.length
    }
    return version
  }

  function note({ entry, registryVersionBefore }: Openable): void {
    registryVersions.set(logIdHex(entry.logId), raised(registryVersionBefore, entry))
  }

  function drop(logId: LogId, below: number): void {
    const key = logIdHex(logId)
    const list = recent.get(key)
    if (list === undefined) return
    const kept = list.filter(({ entry }) => entry.header.seq >= below)
    for (const { entry } of list) if (entry.header.seq < below) recentBytes -= entry.body.length + 512
    if (kept.length === 0) recent.delete(key)
    else recent.set(key, kept)
  }

  async function open({ entry, registryVersionBefore }: Openable, opening: Opening): Promise<void> {
    const read = readContent(entry, registryVersionBefore)
    if (read.kind === 'void') return events.voided(entry, read.code, read.reason)
    if (read.kind !== 'ok') return
    const { content } = read
    if (content.kind === 'key-grant') return openGrant(entry, content.grant)
    if (content.kind === 'complaint') return events.complained(entry, content)
    if (content.kind === 'tombstone') opening.hides = true
    if (content.kind !== 'batch') return
    const { logId } = entry
    const { epochId } = content
    const epoch = epochs.known(logId, epochId) ?? (await epochs.lookUp(logId, epochId))
    if (epoch === undefined) {
      opening.waiting.push({ logId, seq: entry.header.seq, epochId })
      return
    }
    const wrong = await epochs.auditAudience(logId, epochId)
    if (wrong !== undefined) events.grantFault({ logId, seq: wrong, code: 'grant-wrong-audience' })
    opening.items.push(...openItems(entry, content, epoch))
  }

  function openGrant(entry: ParsedEntry, grant: KeyGrantContent): void {
    const { logId, header } = entry
    const { seq, timeMs } = header
    const opening = epochs.openGrant(logId, grant, timeMs)
    if (opening.kind === 'opened') {
      const { epochId } = grant
      granted.set(grantName(logId, epochId), { logId, seq, epochId })
    } else if (opening.kind !== 'not-ours') {
      const code = opening.kind === 'wrong-commit' ? 'grant-wrong-commit' : 'grant-does-not-open'
      events.grantFault({ logId, seq, code })
    }
  }

  /** what came before its grant. */
  async function openWaiting({ logId, epochId }: EpochPosition): Promise<void> {
    let opening: Opening = { items: [], waiting: [], opened: [], hides: false }
    for await (const position of store.waiting(epochId)) {
      // Authors choose the ids of their epochs: what waits in another log is not opened by this grant.
      if (!equalBytes(position.logId, logId)) continue
      const bytes = await store.entry(position.logId, position.seq)
      const epoch = await epochs.lookUp(position.logId, epochId)
      if (bytes === undefined || epoch === undefined) continue
      const entry = parseEnvelope(bytes)
      const read = readContent(entry, entry.header.registryVersion)
      if (read.kind === 'ok' && read.content.kind === 'batch')
        opening.items.push(...openItems(entry, read.content, epoch))
      opening.opened.push({ ...position, epochId })
      if (opening.items.length < ROUND_ITEMS_MAX) continue
      await commit(batchOf(opening, []))
      opening = { items: [], waiting: [], opened: [], hides: false }
    }
    if (opening.opened.length > 0) await commit(batchOf(opening, []))
  }

  function openItems(entry: ParsedEntry, content: BatchContent, epoch: KnownEpoch): OpenedItem[] {
    const { logId, header } = entry
    const audience = mentionAudience(epoch.audience)
    try {
      return openBatch(options.allianceId, entry, content, epoch.secret).map((item, index) => {
        const opened = { logId, seq: header.seq, index, timeMs: header.timeMs }
        const bytes = encode(Item, item)
        return { ...opened, hash: sha256(bytes), item: bytes, audience }
      })
    } catch (error) {
      if (!(error instanceof TocsinError)) throw error
      events.voided(entry, error.code, error.message)
      return []
    }
  }

  /** Derives every item anew from its log; what cannot be opened any more stays as it is. */
  async function reopen(): Promise<void> {
    await loop.settled()
    registryVersions.clear()
    await store.commit({ logs: [...store.logs()].map(({ head }) => ({ logId: head.logId, projected: 0 })) })
    loop.wake()
    await loop.settled()
    await rebuild()
  }

  return {
    add,
    reopen,
    /** To be committed with what is put to wait from outside: then it is tried, after a crash too. */
    untried: new Map([[TRIED_NOTE, EMPTY]]) as ReadonlyMap<string, Uint8Array>,
    /** Keys or bodies have come that may open what waits. */
    retryWaiting(): void {
      resumed = false
      triedNoted = false
      loop.wake()
    },
    /** The log is another from some entry on. */
    forget(logId: LogId): void {
      drop(logId, Number.POSITIVE_INFINITY)
      registryVersions.delete(logIdHex(logId))
    },
    wake: loop.wake,
    /** Entries that stand and are not opened yet; one more while the view is to be computed anew. */
    backlog(): number {
      let count = store.viewStale ? 1 : 0
      for (const { head, projected, limit } of store.logs())
        count += Math.max(0, Math.min(head.size, limit) - projected)
      return count
    },
    settled: loop.settled,
    stop: loop.stop,
  }
}

export type Projector = ReturnType<typeof createProjector>

function batchOf(opening: Opening, logs: readonly LogChange[]): StoreBatch {
  const { items, waiting, opened } = opening
  return { logs, items, waiting: { add: waiting, remove: opened } }
}

function grantName(logId: LogId, epochId: EpochId): string {
  return `${logIdHex(logId)}${toHex(epochId)}`
}

function contiguous(list: readonly Openable[]): readonly Openable[] {
  const first = list[0]?.entry.header.seq ?? 0
  const end = list.findIndex(({ entry }, i) => entry.header.seq !== first + i)
  return end < 0 ? list : list.slice(0, end)
}

function raised(version: number, { header }: ParsedEntry): number {
  return header.version === HEADER_VERSION ? Math.max(version, header.registryVersion) : version
}
