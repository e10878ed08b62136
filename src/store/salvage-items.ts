import { equalBytes } from '../base/bytes.ts'
import { sha256 } from '../base/hash.ts'
import { decodeLoose } from '../wire/codec.ts'
import { ItemRecord } from '../wire/gen/store.ts'
import type { Writes } from './database.ts'
import type { Faults } from './faults.ts'
import { type HeldItem, heldItem, NEVER, writeGroup } from './held-item.ts'
import { itemKey, itemKeyParts, latin1 } from './keys.ts'
import type { LogSalvage } from './salvage-logs.ts'

interface Group {
  readonly idKey: Uint8Array
  readonly items: HeldItem[]
  /** As they were kept, by key. */
  readonly rows: Map<string, Uint8Array>
}

/** Takes the opened items, all of an id together: the first of an id is kept under a key that says less. */
export class ItemSalvage {
  readonly #faults: Faults
  readonly #logs: LogSalvage
  #group: Group | undefined
  count = 0

  constructor(faults: Faults, logs: LogSalvage) {
    this.#faults = faults
    this.#logs = logs
  }

  take(key: Uint8Array, value: Uint8Array, writes: Writes): void {
    const idKey = idKeyOf(key)
    if (idKey === undefined) {
      this.#faults.add('lost', 'item', 'an opened item is kept under a key that is none')
      return
    }
    if (this.#group === undefined || !equalBytes(this.#group.idKey, idKey)) {
      this.end(writes)
      this.#group = { idKey, items: [], rows: new Map() }
    }
    this.#group.rows.set(latin1(key), value)
    const item = this.#read(key, value)
    if (item !== undefined) this.#group.items.push(item)
  }

  /** Writes the last group. */
  end(writes: Writes): void {
    const group = this.#group
    this.#group = undefined
    if (group === undefined) return
    const written: Writes = []
    writeGroup({ idKey: group.idKey, items: [], last: NEVER }, group.items, NEVER, written)
    writes.push(...written)
    this.count += group.items.length
    const lost = group.rows.size - group.items.length
    const moved = written.some(([key]) => !group.rows.has(latin1(key)))
    if (lost === 0 && moved) this.#faults.add('derived', 'item', 'the first of the items of an id is missing')
  }

  #read(key: Uint8Array, value: Uint8Array): HeldItem | undefined {
    const item = readRecord(key, value)
    if (item === undefined) {
      this.#faults.add('lost', 'item', 'an opened item cannot be read, or is not what its hash says')
      return undefined
    }
    const refs = item.refs.flatMap(ref => {
      const log = this.#logs.proved(ref.log)
      return log === undefined ? [] : { ...ref, log: log.number }
    })
    if (refs.length > 0) return { ...item, refs }
    this.#faults.add('lost', 'item', 'an opened item is of no log that is held')
    return undefined
  }
}

const ID_BYTES = 16
const ITEM_KEY_REST_BYTES = 36

/** Undefined where the key is not of an item: nation, zero byte, id, and for a further one kind and hash. */
function idKeyOf(key: Uint8Array): Uint8Array | undefined {
  const end = key.indexOf(0, 1)
  const idKeyLength = end + 1 + ID_BYTES
  const rest = key.length - idKeyLength
  if (end < 1 || (rest !== 0 && rest !== ITEM_KEY_REST_BYTES)) return undefined
  return key.subarray(0, idKeyLength)
}

function readRecord(key: Uint8Array, value: Uint8Array): HeldItem | undefined {
  let item: HeldItem
  try {
    item = heldItem(key, decodeLoose(ItemRecord, value, false))
  } catch {
    return undefined
  }
  const { idKeyLength } = itemKeyParts(key)
  const isNamed =
    key.length === idKeyLength || equalBytes(key, itemKey(key.subarray(0, idKeyLength), item.face.kind, item.hash))
  return isNamed && equalBytes(sha256(item.item), item.hash) ? item : undefined
}
