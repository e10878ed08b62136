import { EMPTY, equalBytes } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { parseSignedDoc } from '../registry/signed-doc.ts'
import { decodeLoose, encode } from '../wire/codec.ts'
import { parseEnvelope } from '../wire/entry.ts'
import { DocumentRecord } from '../wire/gen/store.ts'
import { EvidenceItem } from '../wire/gen/tocsin.ts'
import type { Writes } from './database.ts'
import type { Faults } from './faults.ts'
import { branchKey, epochKey, placeKey, readU32, readU64, SPACE } from './keys.ts'
import type { Counts } from './memory.ts'
import { auditLine, countsLine, formatLine, type MetaRows, readMetaRow, viewLine } from './meta.ts'
import { AuditSalvage } from './salvage-audit.ts'
import { ItemSalvage } from './salvage-items.ts'
import { LogSalvage } from './salvage-logs.ts'
import type { Row, StoreHoldings } from './upkeep.ts'

/** Where what was taken goes. */
export interface SalvageTarget {
  write(writes: Writes, sync: boolean): Promise<void>
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>
}

export interface SalvageOptions {
  /** All entries are to be opened once more, because it is not known what is missing. */
  readonly anew: boolean
  /** The records hold what is derived, too, which is then compared. */
  readonly whole: boolean
}

/** Spaces that are computed from others: they are compared where they come, and never taken. */
const COMPARED: ReadonlySet<number> = new Set([SPACE.nodes, SPACE.grants])

const KEY_BYTES: ReadonlyMap<number, number> = new Map([
  [SPACE.documents, 33],
  [SPACE.evidence, 33],
  [SPACE.logs, 5],
  [SPACE.entries, 13],
  [SPACE.nodes, 14],
  [SPACE.branches, 45],
  [SPACE.waiting, 29],
  [SPACE.grants, 29],
  [SPACE.intents, 41],
  [SPACE.queue, 9],
  [SPACE.outbox, 13],
  [SPACE.tombstones, 53],
  [SPACE.held, 17],
  [SPACE.audit, 9],
  [SPACE.opened, 13],
  [SPACE.changes, 9],
])

/**
 * Builds a whole store out of the records of another, which come in the order of their keys and may be damaged: takes
 * what is primary and sound, works out anew what follows from it, and says what is wrong. Holds as much in memory as
 * there are logs. What it makes is `stale`: the view is computed when it is opened. Intents are left out: what they are
 * about was signed, or is not to be; and the journal of changes, because everything is to be told anew.
 */
export async function salvage(
  rows: AsyncIterable<readonly Row[]>,
  target: SalvageTarget,
  faults: Faults,
  options: SalvageOptions,
): Promise<StoreHoldings> {
  const work = new Salvage(target, faults)
  for await (const chunk of rows) await work.take(chunk)
  return work.end(options)
}

type Take = (key: Uint8Array, value: Uint8Array, writes: Writes) => void

class Salvage {
  readonly #target: SalvageTarget
  readonly #faults: Faults
  readonly #logs: LogSalvage
  readonly #items: ItemSalvage
  readonly #audit: AuditSalvage
  readonly #meta: MetaRows = {}
  readonly #counts = { waiting: 0, queued: 0, outbox: 0, documents: 0, evidence: 0 }
  #space = 0
  #records = 0
  /** Tree nodes and grants that are as they must be, and those that are not. */
  readonly #compared = { same: 0, other: 0 }
  readonly #takers: ReadonlyMap<number, Take>

  constructor(target: SalvageTarget, faults: Faults) {
    this.#target = target
    this.#faults = faults
    this.#logs = new LogSalvage(faults)
    this.#items = new ItemSalvage(faults, this.#logs)
    this.#audit = new AuditSalvage(faults)
    const asIs: Take = (key, value, writes) => writes.push([key, value])
    this.#takers = new Map<number, Take>([
      [SPACE.meta, (key, value) => this.#takeMeta(key, value)],
      [SPACE.documents, (key, value, writes) => this.#takeDocument(SPACE.documents, key, value, writes)],
      [SPACE.evidence, (key, value, writes) => this.#takeDocument(SPACE.evidence, key, value, writes)],
      [SPACE.logs, (key, value) => this.#logs.takeRecord(key, value)],
      [SPACE.entries, (key, value, writes) => this.#logs.takeEntry(key, value, writes)],
      [SPACE.branches, (key, value, writes) => this.#takeBranch(key, value, writes)],
      [SPACE.waiting, (key, _, writes) => this.#takeWaiting(key, writes)],
      [SPACE.outbox, (key, _, writes) => this.#takeOutbox(key, writes)],
      [SPACE.tombstones, (key, value, writes) => this.#takeAbout(SPACE.tombstones, 41, key, value, writes)],
      [SPACE.intents, () => {}],
      [SPACE.queue, (key, value, writes) => this.#takeQueued(key, value, writes)],
      [SPACE.held, asIs],
      [SPACE.notes, asIs],
      [SPACE.items, (key, value, writes) => this.#items.take(key, value, writes)],
      [SPACE.opened, (key, value, writes) => this.#takeAbout(SPACE.opened, 1, key, value, writes)],
      [SPACE.audit, (key, value, writes) => this.#audit.take(key, value, writes)],
      [SPACE.changes, () => {}],
    ])
  }

  async take(chunk: readonly Row[]): Promise<void> {
    const writes: Writes = []
    const compared: Row[] = []
    for (const row of chunk) {
      const space = row[0][0] ?? 0
      if (space >= SPACE.view) continue
      if (space !== this.#space) {
        if (this.#space <= SPACE.entries && space > SPACE.entries) this.#logs.endEntries()
        this.#space = space
      }
      this.#records++
      if (COMPARED.has(space)) compared.push(row)
      else this.#takeRow(space, row, writes)
    }
    await this.#target.write(writes, false)
    await this.#compare(compared)
  }

  async end({ anew, whole }: SalvageOptions): Promise<StoreHoldings> {
    if (this.#space <= SPACE.entries) this.#logs.endEntries()
    const writes: Writes = []
    this.#items.end(writes)
    this.#logs.writeRecords(writes, anew)
    this.#audit.end(this.#meta.audit, writes)
    const counts = { ...this.#counts, items: this.#items.count, indicators: 0, claims: 0, shown: 0, superseded: 0 }
    if (whole) this.#compareDerived(counts)
    const view = { generation: 0, stale: true, acceptance: this.#meta.view?.acceptance ?? EMPTY } as const
    writes.push(formatLine(), countsLine(counts), viewLine(view), auditLine(this.#audit.state))
    await this.#target.write(writes, true)
    const { documents, evidence } = this.#counts
    const { first, next } = this.#audit.state
    return {
      records: this.#records,
      logs: this.#logs.count,
      entries: this.#logs.entries,
      items: this.#items.count,
      documents,
      evidence,
      audit: next - first,
    }
  }

  #takeRow(space: number, [key, value]: Row, writes: Writes): void {
    const length = KEY_BYTES.get(space)
    const take = this.#takers.get(space)
    if (take === undefined || (length !== undefined && key.length !== length)) {
      this.#faults.add('lost', 'record', `a record of space ${space} with a key of ${key.length} bytes is none of ours`)
      return
    }
    take(key, value, writes)
  }

  #takeMeta(key: Uint8Array, value: Uint8Array): void {
    if (!readMetaRow(key, value, this.#meta)) this.#faults.add('derived', 'count', 'what is counted cannot be read')
  }

  #takeQueued(key: Uint8Array, value: Uint8Array, writes: Writes): void {
    writes.push([key, value])
    this.#counts.queued++
  }

  #takeDocument(space: number, key: Uint8Array, value: Uint8Array, writes: Writes): void {
    const isDocument = space === SPACE.documents
    if (!isSoundDocument(key.subarray(1), value, isDocument)) {
      const what = isDocument ? 'a document of the alliance' : 'a piece of evidence'
      this.#faults.add('lost', isDocument ? 'document' : 'evidence', `${what} cannot be read`)
      return
    }
    writes.push([key, value])
    if (isDocument) this.#counts.documents++
    else this.#counts.evidence++
  }

  #takeBranch(key: Uint8Array, value: Uint8Array, writes: Writes): void {
    const log = this.#logs.proved(readU32(key, 1))
    if (log === undefined || !isSoundBranch(key, value)) {
      this.#faults.add('lost', 'entry', 'an entry of a branch that does not stand cannot be read')
      return
    }
    writes.push([branchKey(log.number, readU64(key, 5), key.subarray(13)), value])
    this.#logs.countBranchEntry(readU32(key, 1))
  }

  /** Where the entry is lost, it comes back with it. */
  #takeWaiting(key: Uint8Array, writes: Writes): void {
    const place = key.length - 12
    const [log, seq] = [this.#logs.proved(readU32(key, place)), readU64(key, place + 4)]
    if (log === undefined || seq >= log.head.size) return
    writes.push([epochKey(SPACE.waiting, key.subarray(1, place), log.number, seq), EMPTY])
    this.#counts.waiting++
  }

  #takeOutbox(key: Uint8Array, writes: Writes): void {
    const [log, seq] = [this.#logs.proved(readU32(key, 1)), readU64(key, 5)]
    if (log === undefined || seq >= log.head.size) return
    writes.push([placeKey(SPACE.outbox, log.number, seq), EMPTY])
    this.#counts.outbox++
  }

  /** A record that is about an entry, whose log its key names at `place`. */
  #takeAbout(space: number, place: number, key: Uint8Array, value: Uint8Array, writes: Writes): void {
    const now = this.#keyNow(key, place)
    if (now !== undefined) writes.push([now, value])
    else this.#faults.add('derived', 'index', `a record of space ${space} is about a log that is not held`)
  }

  /** Tree nodes and grants: what was worked out is there by now. */
  async #compare(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return
    const keys = rows.map(([key]) => this.#comparedKey(key))
    const made = await this.#target.getMany(keys.map(key => key ?? EMPTY))
    for (const [i, [, value]] of rows.entries()) {
      if (made[i] !== undefined && equalBytes(made[i], value)) this.#compared.same++
      else this.#compared.other++
    }
  }

  #comparedKey(key: Uint8Array): Uint8Array | undefined {
    if (key.length !== KEY_BYTES.get(key[0] as number)) return undefined
    return this.#keyNow(key, key[0] === SPACE.nodes ? 1 : key.length - 12)
  }

  /** What a key is that names a log at `place`, now that the logs may have other numbers. */
  #keyNow(key: Uint8Array, place: number): Uint8Array | undefined {
    const log = this.#logs.proved(readU32(key, place))
    if (log === undefined) return undefined
    const now = Buffer.from(key)
    now.writeUInt32BE(log.number, place)
    return now
  }

  #compareDerived(counts: Counts): void {
    const { same, other } = this.#compared
    const missing = this.#logs.indexed - same
    if (other > 0) this.#faults.add('derived', 'index', `${other} tree nodes or grants are not those of their entries`)
    if (missing > other) this.#faults.add('derived', 'index', `${missing - other} tree nodes or grants are missing`)
    const said = this.#meta.counts
    if (said === undefined || this.#faults.lost > 0) return
    for (const name of ['waiting', 'queued', 'outbox', 'documents', 'evidence', 'items'] as const) {
      if (said[name] === counts[name]) continue
      this.#faults.add('derived', 'count', `${counts[name]} ${name} are there, and ${said[name]} are counted`)
    }
  }
}

function isSoundDocument(hash: Uint8Array, value: Uint8Array, isDocument: boolean): boolean {
  try {
    const { type, bytes } = decodeLoose(DocumentRecord, value, false)
    const named = isDocument ? parseSignedDoc(bytes).hash : sha256(encode(EvidenceItem, { type, body: bytes }))
    return equalBytes(named, hash)
  } catch {
    return false
  }
}

function isSoundBranch(key: Uint8Array, value: Uint8Array): boolean {
  try {
    const { leaf, header } = parseEnvelope(value)
    return header.seq === readU64(key, 5) && equalBytes(leaf, key.subarray(13))
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}
