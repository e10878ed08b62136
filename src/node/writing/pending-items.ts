/** Something that goes into one message with others of its audience. */
export interface PendingItem {
  /** Of the audience: what is sealed into one message has one. */
  readonly audienceKey: string
  readonly bytes: number
}

/** What waits to be sent, in lanes by audience, which have their turn one after the other. */
export interface PendingItems<Item extends PendingItem> {
  add(item: Item): void
  /** The oldest of the next lane, as many as fit into one message. Empty where nothing waits. */
  take(): Item[]
  /** All that is left. */
  drain(): Item[]
  count(): number
  bytes(): number
}

export function createPendingItems<Item extends PendingItem>(bytesMax: number, itemsMax: number): PendingItems<Item> {
  const lanes = new Map<string, Item[]>()
  let count = 0
  let bytes = 0

  function fitting(lane: readonly Item[]): number {
    let sum = 0
    const end = lane.findIndex((item, i) => {
      sum += item.bytes
      return i > 0 && (sum > bytesMax || i >= itemsMax)
    })
    return end < 0 ? lane.length : end
  }

  function taken(items: Item[]): Item[] {
    count -= items.length
    for (const item of items) bytes -= item.bytes
    return items
  }

  return {
    add(item) {
      const lane = lanes.get(item.audienceKey)
      if (lane === undefined) lanes.set(item.audienceKey, [item])
      else lane.push(item)
      count++
      bytes += item.bytes
    },
    take() {
      const [next] = lanes
      if (next === undefined) return []
      const [key, lane] = next
      const items = lane.splice(0, fitting(lane))
      lanes.delete(key)
      if (lane.length > 0) lanes.set(key, lane)
      return taken(items)
    },
    drain() {
      const items = [...lanes.values()].flat()
      lanes.clear()
      return taken(items)
    },
    count: () => count,
    bytes: () => bytes,
  }
}
