import type { Database, Range, ReadOptions, Reads, Snapshot } from './database.ts'

/** The database as it was at one moment, whatever is written since. Dispose of it. */
export class SnapshotReads implements Reads, AsyncDisposable {
  readonly #db: Database
  readonly #snapshot: Snapshot

  constructor(db: Database) {
    this.#db = db
    this.#snapshot = db.snapshot()
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return (await this.getMany([key]))[0]
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#db.getMany(keys, { snapshot: this.#snapshot })
  }

  async hasMany(keys: readonly Uint8Array[]): Promise<boolean[]> {
    return (await this.getMany(keys)).map(value => value !== undefined)
  }

  range(range: Range, limit: number, options: ReadOptions & { readonly reverse?: boolean } = {}) {
    return this.#db.range(range, limit, { ...options, snapshot: this.#snapshot })
  }

  scan(range: Range, options: { readonly chunk?: number } = {}) {
    return this.#db.scan(range, { ...options, snapshot: this.#snapshot })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#snapshot.close()
  }
}
