import { StoreError } from '../../base/errors.ts'
import { headAfter, headBefore } from '../../chain/append.ts'
import type { LogIdentity } from '../../chain/genesis.ts'
import type { LogHead } from '../../chain/log-head.ts'
import type { Store } from '../../store/store.ts'
import { parseEnvelope } from '../../wire/entry.ts'

const PAGE_ENTRIES = 1024
const PAGE_BYTES_MAX = 4 * 1024 * 1024

/** A log as it was with the first `size` of the entries held of it. Throws StoreError where they are not there. */
export async function headAt(store: Pick<Store, 'entriesRange'>, log: LogIdentity, size: number): Promise<LogHead> {
  let head = headBefore(log)
  while (head.size < size) {
    const page = await store.entriesRange(
      log.logId,
      head.size,
      Math.min(PAGE_ENTRIES, size - head.size),
      PAGE_BYTES_MAX,
    )
    if (page.length === 0)
      throw new StoreError('store-damaged', `entry ${head.size} of a log is missing from the store`)
    for (const bytes of page) head = headAfter(head, parseEnvelope(bytes))
  }
  return head
}
