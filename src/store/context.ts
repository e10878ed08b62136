import type { Database } from './database.ts'
import type { Memory } from './memory.ts'

/** What all parts of one open store share. */
export interface StoreContext {
  readonly db: Database
  /** Replaced as a whole by `recover()`. */
  memory: Memory
}
