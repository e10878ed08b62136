import { EMPTY, equalBytes } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import type { Hash, LogId } from '../base/ids.ts'
import { headAfter, headBefore } from '../chain/append.ts'
import { grantedEpoch } from '../chain/entry-content.ts'
import { type LogIdentity, parseGenesis } from '../chain/genesis.ts'
import type { LogHead } from '../chain/log-head.ts'
import { TILE_LEVELS } from '../merkle/proof-source.ts'
import { type ParsedEntry, parseEnvelope } from '../wire/entry.ts'
import type { Writes } from './database.ts'
import type { Faults } from './faults.ts'
import { epochKey, logKey, nodeKey, placeKey, readU32, readU64, SPACE } from './keys.ts'
import { decodeLogState, encodeLogState, type LogState, newLogState, standingOf } from './log-state.ts'
import { UNLIMITED } from './store.ts'

/** What was kept of a log besides its entries. */
interface Kept {
  readonly state: LogState
  readonly bytes: Uint8Array
}

/** A log as far as its entries prove it. */
interface Proved {
  readonly number: number
  readonly kept: Kept | undefined
  head: LogHead
  /** Leaf of the last entry that stands. */
  standing: Hash
  branchEntries: number
}

/**
 * Takes the entries of each log as far as they follow each other, and works out anew what is derived from them: the
 * record of the log, its tree nodes, and which entries grant which epoch. Logs are numbered anew, without gaps.
 */
export class LogSalvage {
  readonly #faults: Faults
  readonly #kept = new Map<number, Kept>()
  /** By the number that they had. */
  readonly #proved = new Map<number, Proved>()
  /** The log whose entries are coming; `broken`: no more of them can be taken. */
  #current: { readonly old: number; broken: boolean; lost: number } | undefined
  entries = 0
  /** Tree nodes and grants written. */
  indexed = 0

  constructor(faults: Faults) {
    this.#faults = faults
  }

  takeRecord(key: Uint8Array, value: Uint8Array): void {
    try {
      const number = readU32(key, 1)
      this.#kept.set(number, { state: decodeLogState(number, value), bytes: value })
    } catch {
      this.#faults.add('derived', 'log', 'the record of a log cannot be read')
    }
  }

  takeEntry(key: Uint8Array, value: Uint8Array, writes: Writes): void {
    const [old, seq] = [readU32(key, 1), readU64(key, 5)]
    if (this.#current?.old !== old) this.#begin(old)
    const current = this.#current!
    const entry = current.broken ? undefined : this.#next(old, seq, value)
    if (entry === undefined) {
      current.broken = true
      current.lost++
      return
    }
    this.#append(old, entry, value, writes)
  }

  /** All entries have come. */
  endEntries(): void {
    this.#endLog()
    this.#current = undefined
    for (const [old, { state }] of this.#kept) {
      if (!this.#proved.has(old)) this.#faults.add('lost', 'log', `${nameOf(state.head)} has lost its first entry`)
    }
  }

  /** Undefined where the log is lost. */
  proved(old: number): Pick<Proved, 'number' | 'head'> | undefined {
    return this.#proved.get(old)
  }

  countBranchEntry(old: number): void {
    this.#proved.get(old)!.branchEntries++
  }

  /** The records of all logs. `anew`: everything in them is to be opened once more. */
  writeRecords(writes: Writes, anew: boolean): void {
    for (const proved of this.#proved.values()) {
      const { kept } = proved
      const state = stateOf(proved, anew)
      writes.push([logKey(proved.number), encodeLogState(state)])
      const isWhole = kept !== undefined && proved.head.size === kept.state.head.size
      if (isWhole && !equalBytes(encodeLogState(stateOf(proved, false)), kept.bytes)) {
        this.#faults.add('derived', 'log', `the record of ${nameOf(proved.head)} does not say what its entries do`)
      }
    }
  }

  get count(): number {
    return this.#proved.size
  }

  #begin(old: number): void {
    this.#endLog()
    this.#current = { old, broken: false, lost: 0 }
  }

  #endLog(): void {
    if (this.#current === undefined) return
    const { old, lost } = this.#current
    const proved = this.#proved.get(old)
    const size = proved?.head.size ?? 0
    const said = this.#kept.get(old)?.state.head.size ?? 0
    const name = proved === undefined ? `log number ${old}` : nameOf(proved.head)
    const missing = Math.max(lost, said - size)
    if (missing > 0) {
      const sentence = `${name} can be followed for ${size} entries; ${missing} further ones are lost`
      this.#faults.add('lost', 'entry', sentence, missing)
    } else if (size > said && this.#kept.has(old)) {
      this.#faults.add('derived', 'log', `the record of ${name} is older than its entries`)
    }
  }

  /** The entry at `seq`, where it is the next of its log. */
  #next(old: number, seq: number, value: Uint8Array): ParsedEntry | undefined {
    const head = this.#proved.get(old)?.head
    try {
      const entry = parseEnvelope(value)
      const follows = entry.header.seq === seq && seq === (head?.size ?? 0)
      if (!follows) return undefined
      if (head === undefined) return this.#open(old, entry) ? entry : undefined
      return equalBytes(entry.logId, head.logId) && equalBytes(entry.prev, head.leaf) ? entry : undefined
    } catch (error) {
      if (error instanceof ProtocolError) return undefined
      throw error
    }
  }

  /** False where the GENESIS is not that of the log of this number. */
  #open(old: number, entry: ParsedEntry): boolean {
    const identity = identityOf(entry)
    const kept = this.#kept.get(old)
    if (kept !== undefined && !equalBytes(kept.state.head.logId, identity.logId)) return false
    if (kept === undefined) this.#faults.add('derived', 'log', `the record of ${nameOf(identity)} is missing`)
    const head = headBefore(identity)
    this.#proved.set(old, { number: this.#proved.size, kept, head, standing: head.leaf, branchEntries: 0 })
    return true
  }

  #append(old: number, entry: ParsedEntry, value: Uint8Array, writes: Writes): void {
    const proved = this.#proved.get(old)!
    const { number, head, kept } = proved
    const { seq } = entry.header
    const epochId = grantedEpoch(entry, head.registryVersion)
    proved.head = headAfter(head, entry, (level, index, hash) => {
      if (level === 0 || level % TILE_LEVELS !== 0) return
      writes.push([nodeKey(number, level, index), hash])
      this.indexed++
    })
    if (seq < (kept?.state.limit ?? UNLIMITED)) proved.standing = entry.leaf
    writes.push([placeKey(SPACE.entries, number, seq), value])
    if (epochId !== undefined) {
      writes.push([epochKey(SPACE.grants, epochId, number, seq), EMPTY])
      this.indexed++
    }
    this.entries++
  }
}

function identityOf({ body, header, logId }: ParsedEntry): LogIdentity {
  const { nonce: _, ...genesis } = parseGenesis(body)
  return { ...genesis, logId, genesisRegistryVersion: header.registryVersion }
}

function stateOf({ number, kept, head, standing, branchEntries }: Proved, anew: boolean): LogState {
  const before = kept?.state ?? newLogState(number, head)
  const { limit, projected, unverifiedFrom, forks } = before
  return {
    number,
    head,
    standing: standingOf(head, limit, standing),
    limit,
    unverifiedFrom: unverifiedFrom !== null && unverifiedFrom < head.size ? unverifiedFrom : null,
    projected: anew || kept === undefined ? 0 : Math.min(projected, head.size),
    branchEntries,
    forks,
  }
}

function nameOf({ logId, nation }: { readonly logId: LogId; readonly nation: string }): string {
  return `the log ${Buffer.from(logId).toString('hex').slice(0, 16)} of ${nation}`
}
