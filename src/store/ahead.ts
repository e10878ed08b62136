import type { Database, Range, ReadOptions, Reads, Writes } from './database.ts'
import type { Draft } from './draft.ts'
import { latin1 } from './keys.ts'

/** A batch on its way to the disk. */
export class InFlight {
  readonly draft: Draft
  /** Rejects where the write fails. */
  readonly done: Promise<void>
  /** Resolves when it is over, whatever became of it. */
  readonly landed: Promise<void>
  readonly #writes: Writes
  #byKey: Map<string, Uint8Array | undefined> | undefined

  constructor(draft: Draft, writes: Writes, done: Promise<void>) {
    this.draft = draft
    this.done = done
    this.landed = done.catch(() => undefined)
    this.#writes = writes
  }

  /** What it makes of each key that it touches; undefined deletes. Made when first asked for: most often nobody asks. */
  get byKey(): ReadonlyMap<string, Uint8Array | undefined> {
    this.#byKey ??= new Map(this.#writes.map(([key, value]) => [latin1(key), value]))
    return this.#byKey
  }
}

/** The database as it is going to be: what the next commit is planned on while the one before is being written. */
export class Ahead implements Reads {
  readonly #db: Database
  readonly #inFlight: InFlight

  constructor(db: Database, inFlight: InFlight) {
    this.#db = db
    this.#inFlight = inFlight
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return (await this.getMany([key]))[0]
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#answer(
      keys,
      value => value,
      rest => this.#db.getMany(rest),
    )
  }

  hasMany(keys: readonly Uint8Array[]): Promise<boolean[]> {
    return this.#answer(
      keys,
      value => value !== undefined,
      rest => this.#db.hasMany(rest),
    )
  }

  /** Ranges are for what is rare: they wait for the write. */
  async range(range: Range, limit: number, options?: ReadOptions): Promise<[Uint8Array, Uint8Array][]> {
    await this.#inFlight.landed
    return this.#db.range(range, limit, options)
  }

  async *scan(range: Range, options?: ReadOptions): AsyncGenerator<[Uint8Array, Uint8Array][]> {
    await this.#inFlight.landed
    yield* this.#db.scan(range, options)
  }

  async #answer<T>(
    keys: readonly Uint8Array[],
    fromWrite: (value: Uint8Array | undefined) => T,
    fromDisk: (rest: Uint8Array[]) => Promise<T[]>,
  ): Promise<T[]> {
    const { byKey } = this.#inFlight
    const names = keys.map(latin1)
    const rest = await fromDisk(keys.filter((_, i) => !byKey.has(names[i]!)))
    let next = 0
    return names.map(name => (byKey.has(name) ? fromWrite(byKey.get(name)) : rest[next++]!))
  }
}
