import type { LogId } from '../base/ids.ts'
import type { Database } from './database.ts'
import { latin1 } from './keys.ts'
import type { LogState } from './log-state.ts'
import type { Memory } from './memory.ts'

/** What all parts of one open store share. */
export interface StoreContext {
  readonly db: Database
  /** Replaced as a whole by `recover()`. */
  memory: Memory
}

export function logOf({ memory }: StoreContext, logId: LogId): LogState | undefined {
  return memory.logs.get(latin1(logId))
}
