import { toHex } from '../../src/base/bytes.ts'
import type { Store } from '../../src/store/store.ts'

/** Keeps what the journal of changes tells, as a program beside the daemon does, and knows nothing but that. */
export function createFollower(store: Store) {
  const held = new Map<string, string>()
  let at = 0

  /** Whether that was all. */
  async function some(limit: number): Promise<boolean> {
    const { changes, next, end } = await store.changes(at, limit)
    for (const { id, state } of changes) {
      if (state === 'gone') held.delete(toHex(id))
      else held.set(toHex(id), state)
    }
    at = next
    return end
  }

  return {
    some,
    /** Follows to the end. Answers with a line for each id that shows or is withdrawn. */
    async go(): Promise<string[]> {
      while (!(await some(16)));
      return [...held].map(([id, state]) => `${state} ${id}`).sort()
    },
    /** The same, from the beginning: by what the store says now. */
    anew: () => createFollower(store).go(),
  }
}
