/**
 * Numbers for rules, which Suricata tells apart by them alone: drawn from the id of an indicator, so that a rule keeps
 * its number from one export to the next, and the next free one where two would share it.
 */
export interface SidRange {
  /** `id`: hexadecimal digits. Undefined where as many rules have one as may. */
  take(id: string): number | undefined
}

const DIGITS = 12

export function createSidRange(first: number, count: number, rulesMax: number): SidRange {
  const taken = new Set<number>()
  return {
    take(id) {
      if (taken.size >= Math.min(count, rulesMax)) return undefined
      let offset = Number.parseInt(id.slice(0, DIGITS), 16) % count
      while (taken.has(offset)) offset = (offset + 1) % count
      taken.add(offset)
      return first + offset
    },
  }
}
