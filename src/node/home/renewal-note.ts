import { EMPTY } from '../../base/bytes.ts'
import type { Store, StoreBatch } from '../../store/store.ts'

/**
 * A store that was restored or repaired lacks what was signed since, so that nothing more is signed in its log: the next
 * incarnation goes on, once enough nations have told how far the own logs go, and which is the newest.
 */

const NOTE = 'renewal'

/** What is written into such a store before it is put to use. */
export const TO_BE_RENEWED: StoreBatch = { notes: new Map([[NOTE, Uint8Array.of(1)]]) }

/** Goes with what reserves the GENESIS of the new log, so that a crash opens it once. */
export const RENEWED: StoreBatch = { notes: new Map([[NOTE, EMPTY]]) }

export async function awaitsRenewal(store: Pick<Store, 'note'>): Promise<boolean> {
  return (await store.note(NOTE)) !== undefined
}
