import { addressOfEntry } from './warninglist-entry.ts'
import type { WarninglistSubject } from './warninglist-subject.ts'

/** Longer texts are found by their beginning. */
const GRAM = 4

/** Finds the place of an entry that stands somewhere in the value, or -1; few of a hundred thousand are compared. */
export function createSubstrings(entries: readonly string[]): (subject: WarninglistSubject) => number {
  const byGram = new Map<string, number[]>()
  const short: number[] = []
  const addresses = new Map<string, number>()
  for (const [place, entry] of entries.entries()) {
    const address = addressOfEntry(entry)
    if (address !== undefined) addresses.set(address, place)
    if (entry.length < GRAM) short.push(place)
    else multiSet(byGram, entry.slice(0, GRAM), place)
  }

  function inText(text: string, mayBe: (place: number) => boolean): number {
    for (let at = 0; at + GRAM <= text.length; at++) {
      const places = byGram.get(text.slice(at, at + GRAM))
      const place = places?.find(each => mayBe(each) && text.startsWith(entries[each]!, at))
      if (place !== undefined) return place
    }
    return short.find(place => text.includes(entries[place]!)) ?? -1
  }

  const whole = new Set(addresses.values())
  return ({ text, address, type }) => {
    if (address === undefined || type === 'url') return inText(text, () => true)
    // 52.168.52.134 stands in 152.168.52.134, and is another.
    return addresses.get(address) ?? inText(text, place => !whole.has(place))
  }
}

function multiSet(map: Map<string, number[]>, key: string, value: number): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, [value])
  else values.push(value)
}
