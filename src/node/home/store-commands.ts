import type { Store } from '../../store/store.ts'
import type { StoreCheck, StoreSize } from '../../store/upkeep.ts'
import { encodeRows } from './backup-file.ts'

/** What looks after the store of a running node. */
export interface StoreCommands {
  /** Reads everything that is held, while the node goes on. */
  checkStore(): Promise<StoreCheck>
  /** All primary records of one moment, as a backup holds them. */
  exportRows(): Promise<AsyncGenerator<Uint8Array, void>>
  /** On disk; undefined where it is in memory. */
  storeSize(): Promise<StoreSize | undefined>
}

export function createStoreCommands({ store }: { readonly store: Store }): StoreCommands {
  return {
    checkStore: () => store.check(),
    exportRows: async () => rowsOf(store),
    storeSize: () => store.size(),
  }
}

export async function* rowsOf(store: Pick<Store, 'primaryRows'>): AsyncGenerator<Uint8Array, void> {
  for await (const rows of store.primaryRows()) yield encodeRows(rows)
}
