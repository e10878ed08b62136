import type { NationId } from '../../base/ids.ts'
import type { EntryPosition, Store } from '../../store/store.ts'

/** What this nation has signed and its view does not show yet. */
export interface ViewLag {
  /** `shown` is called once the entry is opened into the view, or never can be. */
  sent(position: EntryPosition, shown: () => void): void
  /** Entries of our own may have been opened. */
  opened(): void
  /**
   * After a start or a recovery the logs of the nation may hold what is not opened yet. Until it is, whether a draft was
   * published before cannot be told.
   */
  waitForView(): void
  /** Resolves when that is over. */
  over(): Promise<void>
  /** Whoever waits goes on. */
  end(): void
}

export function createViewLag(store: Pick<Store, 'log' | 'logs'>, nation: NationId): ViewLag {
  /** Oldest first. */
  const unopened: { readonly position: EntryPosition; readonly shown: () => void }[] = []
  let lacks: { readonly positions: readonly EntryPosition[]; readonly over: PromiseWithResolvers<void> } | undefined

  function opened(): void {
    while (unopened[0] !== undefined && isOpened(unopened[0].position)) unopened.shift()!.shown()
    if (!lacks?.positions.every(isOpened)) return
    lacks.over.resolve()
    lacks = undefined
  }

  /** Into the view; or never, where its log does not stand that far. */
  function isOpened({ logId, seq }: EntryPosition): boolean {
    const log = store.log(logId)
    return log !== undefined && (seq < log.projected || seq >= log.limit)
  }

  return {
    sent: (position, shown) => void unopened.push({ position, shown }),
    opened,
    waitForView() {
      const positions: EntryPosition[] = []
      for (const { head } of store.logs()) {
        if (head.nation === nation) positions.push({ logId: head.logId, seq: head.size - 1 })
      }
      lacks = { positions, over: lacks?.over ?? Promise.withResolvers() }
      opened()
    },
    over: async () => lacks?.over.promise,
    end: () => lacks?.over.resolve(),
  }
}
