import type { AbstractLevel, AbstractSnapshot } from 'abstract-level'
import { EMPTY } from '../base/bytes.ts'
import { openFailure, readFailure, writeFailure } from './failures.ts'
import { prefixEnd, spaceKey } from './keys.ts'

/** `level` on disk, `memory-level` in tests: opened with 'view' encodings for keys and values. */
export type Level = AbstractLevel<string | Buffer | Uint8Array, Uint8Array, Uint8Array>

/** What a batch is to write, in order: a later line for a key wins. An undefined value deletes. */
export type Writes = [key: Uint8Array, value: Uint8Array | undefined][]

export type Snapshot = AbstractSnapshot

export interface Range {
  /** Inclusive. */
  readonly from: Uint8Array
  /** Exclusive. */
  readonly to: Uint8Array
}

export interface ReadOptions {
  readonly snapshot?: Snapshot | undefined
}

const SCAN_CHUNK = 1000

/** What planning a commit asks for. */
export type Reads = Pick<Database, 'get' | 'getMany' | 'hasMany' | 'range' | 'scan'>

/** What it holds at one moment, whatever is written meanwhile. Dispose of it: it keeps what was replaced from going. */
export type FrozenDatabase = Reads & Pick<Database, 'getSync'> & AsyncDisposable

/** The few operations that the store needs of LevelDB, with its failures translated. */
export class Database {
  readonly #level: Level
  readonly #location: string

  constructor(level: Level, location: string) {
    this.#level = level
    this.#location = location
  }

  async open(): Promise<void> {
    try {
      await this.#level.open()
    } catch (cause) {
      throw openFailure(cause, this.#location)
    }
  }

  async close(): Promise<void> {
    await this.#level.close()
  }

  /** What reads of one question share, so that no commit comes between them. Dispose of it. */
  snapshot(): Snapshot {
    return this.#level.snapshot()
  }

  freeze(): FrozenDatabase {
    const snapshot = this.snapshot()
    return {
      get: key => this.get(key, { snapshot }),
      getMany: keys => this.getMany(keys, { snapshot }),
      hasMany: async keys => (await this.getMany(keys, { snapshot })).map(value => value !== undefined),
      getSync: key => this.getSync(key, { snapshot }),
      range: (range, limit, options) => this.range(range, limit, { ...options, snapshot }),
      scan: (range, options) => this.scan(range, { ...options, snapshot }),
      [Symbol.asyncDispose]: () => snapshot.close(),
    }
  }

  async get(key: Uint8Array, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    return (await this.getMany([key], options))[0]
  }

  async getMany(keys: readonly Uint8Array[], options: ReadOptions = {}): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return []
    try {
      const values = await this.#level.getMany(keys as Uint8Array[], { snapshot: options.snapshot })
      return values.map(value => value && plain(value))
    } catch (cause) {
      throw readFailure(cause)
    }
  }

  /** On this thread: for pure code that asks for a hash at a time. */
  getSync(key: Uint8Array, options: ReadOptions = {}): Uint8Array | undefined {
    try {
      const { snapshot } = options
      const value = snapshot === undefined ? this.#level.getSync(key) : this.#level.getSync(key, { snapshot })
      return value && plain(value)
    } catch (cause) {
      throw readFailure(cause)
    }
  }

  async hasMany(keys: readonly Uint8Array[]): Promise<boolean[]> {
    if (keys.length === 0) return []
    try {
      return await this.#level.hasMany(keys as Uint8Array[])
    } catch (cause) {
      throw readFailure(cause)
    }
  }

  /** At most `limit` records of a range, ascending unless `reverse`. */
  async range(
    range: Range,
    limit: number,
    options: ReadOptions & { readonly reverse?: boolean } = {},
  ): Promise<[Uint8Array, Uint8Array][]> {
    if (limit <= 0) return []
    try {
      const { snapshot, reverse = false } = options
      const iterator = this.#level.iterator({ gte: range.from, lt: range.to, limit, snapshot, reverse })
      return plainRows(await iterator.all())
    } catch (cause) {
      throw readFailure(cause)
    }
  }

  /** All records of a range, ascending, in chunks; of one moment even without a snapshot. */
  async *scan(
    range: Range,
    options: ReadOptions & { readonly chunk?: number } = {},
  ): AsyncGenerator<[Uint8Array, Uint8Array][]> {
    const iterator = this.#level.iterator({ gte: range.from, lt: range.to, snapshot: options.snapshot })
    try {
      for (;;) {
        const chunk = await iterator.nextv(options.chunk ?? SCAN_CHUNK)
        if (chunk.length === 0) return
        yield plainRows(chunk)
      }
    } catch (cause) {
      throw readFailure(cause)
    } finally {
      await iterator.close()
    }
  }

  /** One atomic batch. A chained batch costs two thirds of what an array of operations costs. */
  async write(writes: Writes, sync: boolean): Promise<void> {
    try {
      const batch = this.#level.batch()
      for (const [key, value] of writes) {
        if (value === undefined) batch.del(key)
        else batch.put(key, value)
      }
      await batch.write({ sync })
    } catch (cause) {
      throw writeFailure(cause)
    }
  }

  /** What is in memory alone goes into a table; nothing where there are no tables. */
  async flush(): Promise<void> {
    const first = Uint8Array.of(0)
    await this.#compactRange(first, first)
  }

  /** Whatever was replaced or deleted between the least and the greatest of these keys is on the disk no more. */
  async compact(keys: readonly Uint8Array[]): Promise<void> {
    const sorted = keys.toSorted(Buffer.compare)
    await this.#compactRange(sorted[0]!, prefixEnd(sorted.at(-1)!))
  }

  async #compactRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    const level: Level & { compactRange?(from: Uint8Array, to: Uint8Array): Promise<void> } = this.#level
    try {
      await level.compactRange?.(from, to)
    } catch (cause) {
      throw writeFailure(cause)
    }
  }

  /** Deletes a range, not atomically. */
  async clear(range: Range): Promise<void> {
    try {
      await this.#level.clear({ gte: range.from, lt: range.to })
    } catch (cause) {
      throw writeFailure(cause)
    }
  }
}

export function prefixRange(prefix: Uint8Array): Range {
  return { from: prefix, to: prefixEnd(prefix) }
}

export function wholeSpace(space: number): Range {
  return prefixRange(spaceKey(space, EMPTY))
}

/** LevelDB answers with Buffers, whose `slice` shares memory where that of a Uint8Array copies: none of them gets out. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

function plainRows(rows: [Uint8Array, Uint8Array][]): [Uint8Array, Uint8Array][] {
  return rows.map(([key, value]) => [plain(key), plain(value)])
}
