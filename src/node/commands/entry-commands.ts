import type { EntryPosition } from '../../store/store.ts'
import type { Node } from '../daemon.ts'
import { placeName } from '../intake/purging.ts'
import { findLog } from '../knowledge/log-name.ts'
import type { EntryCommands, EntryQuery } from '../orders/entry-orders.ts'
import { entryView } from '../orders/entry-view.ts'

/** Orders of the user of the machine about single entries, carried out by a running node. */
export function createEntryCommands(node: Node): EntryCommands {
  function placeOf({ log, seq }: EntryQuery): EntryPosition {
    const { logId } = findLog(
      [...node.store.logs()].map(({ head }) => head),
      log,
    )
    return { logId, seq }
  }

  return {
    showEntry: async query => entryView(node, placeOf(query)),
    async eraseEntry({ reason, now, ...query }) {
      const target = placeOf(query)
      const tombstone = await node.erasure.erase(target, reason, BY)
      if (now) await node.purging.purge(target, BY)
      return { tombstone: placeName(tombstone), destroyed: now }
    },
    purgeEntry: async query => node.purging.purge(placeOf(query), BY),
  }
}

/** The user of the machine. */
const BY = 'local'
