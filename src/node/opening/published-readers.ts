import { toHex } from '../../base/bytes.ts'
import { type EpochId, logIdHex, type NationId, parseEpochId } from '../../base/ids.ts'
import type { Audience } from '../../policy/resolve-audience.ts'
import type { EntryPosition, Store } from '../../store/store.ts'
import { KIND, parseEnvelope } from '../../wire/entry.ts'
import type { EpochKeys } from './epoch-keys.ts'

/** Who can read what was published before. */
export interface PublishedReaders {
  /** Do the entries that carry an item reach everybody of an audience? What is published once more reaches the rest. */
  reach(entries: readonly EntryPosition[], audience: Audience): Promise<boolean>
  /** All that can read one of them. */
  of(entries: readonly EntryPosition[]): Promise<ReadonlySet<NationId>>
}

/** Entries share few epochs, and an import asks for the same entries again and again. */
const CACHED_MAX = 4096

export function createPublishedReaders(store: Pick<Store, 'entry'>, epochs: EpochKeys): PublishedReaders {
  const epochOf = new Map<string, EpochId | undefined>()
  const readersOf = new Map<string, ReadonlySet<NationId>>()

  async function readers(position: EntryPosition): Promise<ReadonlySet<NationId>> {
    const entry = `${logIdHex(position.logId)}/${position.seq}`
    const epochId = epochOf.has(entry) ? epochOf.get(entry) : keep(epochOf, entry, await read(position))
    if (epochId === undefined) return new Set()
    const epoch = `${logIdHex(position.logId)}/${toHex(epochId)}`
    const known = readersOf.get(epoch)
    if (known !== undefined) return known
    const found = await epochs.readersOf(position.logId, epochId)
    return keep(readersOf, epoch, found?.nations ?? new Set())
  }

  async function read({ logId, seq }: EntryPosition): Promise<EpochId | undefined> {
    const bytes = await store.entry(logId, seq)
    if (bytes === undefined) return undefined
    const { header } = parseEnvelope(bytes)
    return header.kind === KIND.BATCH ? parseEpochId(header.epochId) : undefined
  }

  return {
    async of(entries) {
      const all = await Promise.all(entries.map(readers))
      return new Set(all.flatMap(each => [...each]))
    },
    async reach(entries, { recipients }) {
      const lacking = new Set(recipients.map(({ nation }) => nation))
      for (const entry of entries) {
        for (const nation of await readers(entry)) lacking.delete(nation)
        if (lacking.size === 0) return true
      }
      return false
    },
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): T {
  if (map.size >= CACHED_MAX) map.delete(map.keys().next().value!)
  map.set(key, value)
  return value
}
