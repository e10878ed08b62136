import type { Database } from './database.ts'
import type { Memory } from './memory.ts'
import type { Takes } from './shown.ts'
import type { Acceptance } from './sight.ts'

/** What all parts of one open store share. */
export interface StoreContext {
  readonly db: Database
  /** Replaced as a whole by `recover()`. */
  memory: Memory
  /** By which the next view is computed; the present one may be of another. */
  acceptance: Acceptance
}

export function takesBy(acceptance: Acceptance): Takes {
  return ({ nation, item }) => acceptance.takes({ nation, item })
}
