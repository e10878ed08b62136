import type { Numbering } from './changes.ts'
import type { Database } from './database.ts'
import type { HeldItem } from './held-item.ts'
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
  readonly numbering: Numbering
  /** Called when what shows has changed. */
  readonly changed: Set<() => void>
}

/** Asks the rules once an item, which may have to be read for it. */
export function takesBy(acceptance: Acceptance): Takes {
  if (acceptance.hash.length === 0) return () => true
  const known = new WeakMap<HeldItem, boolean>()
  return held => {
    const { nation, item } = held
    const takes = known.get(held) ?? acceptance.takes({ nation, item })
    known.set(held, takes)
    return takes
  }
}

export function tellChanged({ changed }: Pick<StoreContext, 'changed'>): void {
  for (const listener of changed) listener()
}
