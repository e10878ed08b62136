import type { NationId } from '../../base/ids.ts'
import type { Logger } from '../../base/ports.ts'
import { readStixObject } from '../../formats/stix-object.ts'
import { parseItem } from '../../indicator/item.ts'
import { ITEM } from '../../indicator/item-type.ts'
import { CHANGES_PAGE_MAX } from '../../store/caps.ts'
import type { Store, StoredItem } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { Item } from '../../wire/gen/tocsin.ts'

/** Which nation gave an object of context first; undefined where nobody has. */
export type ContextGiver = (stixId: string) => Promise<NationId | undefined>

/** Ids that are remembered; of those beyond nobody is known to have given them. */
const IDS_MAX = 1_000_000

/** Made of the journal of changes when it is first asked, and then of what came since. */
export function createContextGiver(store: Pick<Store, 'changes'>, logger: Logger): ContextGiver {
  const givers = new Map<string, NationId>()
  let isFull = false
  let after = 0
  let reading: Promise<void> | undefined

  async function readOn(): Promise<void> {
    for (let end = false; !end; ) {
      const page = await store.changes(after, CHANGES_PAGE_MAX)
      for (const { items } of page.changes) for (const item of items) note(item)
      end = page.end
      after = page.next
    }
  }

  function note({ kind, nation, item }: StoredItem): void {
    if (kind !== ITEM.STIX_OBJECT || isFull) return
    const parsed = parseItem(decodeLoose(Item, item, false))
    const object = parsed.kind === 'stix-object' ? readStixObject(jsonOf(parsed.object.json)) : ''
    if (typeof object === 'string' || givers.has(object.id)) return
    isFull = givers.size === IDS_MAX
    if (isFull) logger.warn({ objects: IDS_MAX }, 'of further objects of context feeds do not know who gave them')
    else givers.set(object.id, nation)
  }

  return async stixId => {
    reading ??= readOn().finally(() => {
      reading = undefined
    })
    await reading
    return givers.get(stixId)
  }
}

/** What others sign may be anything. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
