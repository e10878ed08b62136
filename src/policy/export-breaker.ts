import { compareText } from '../indicator/assertion.ts'

/**
 * The circuit breaker of a live export: what is new beyond a limit waits for a person, so that no ally can fill our
 * block lists, nor empty them. What waits is as little as can be: the entries of one nation before all entries, new
 * entries before the whole export.
 */

/** Beyond both: of what the export holds, `share`. */
export interface Limit {
  readonly count: number
  readonly share: number
}

export interface BreakerRules {
  readonly growth: Limit
  readonly perNation: Limit
  readonly shrink: Limit
  readonly holdFirst: boolean
}

/** How an export would change. */
export interface ExportChange {
  /** How many it holds; undefined where there was none before. */
  readonly before: number | undefined
  /** New entries, by the nations that claim them (`nationsKey`). */
  readonly added: ReadonlyMap<string, number>
  /** What leaves and is counted: not what has expired, or was muted. */
  readonly removed: number
}

/** New entries of the hours before. */
export interface Admitted {
  readonly total: number
  readonly byNation: ReadonlyMap<string, number>
}

export interface BreakerVerdict {
  /** Of these nations nothing new goes that nobody else says. */
  readonly heldNations: readonly string[]
  /** Nothing new goes at all. */
  readonly holdsGrowth: boolean
  /** Nothing changes at all. */
  readonly holdsAll: boolean
  /** Why, for people; empty where nothing is held. */
  readonly reasons: readonly string[]
}

export const LETS_PASS: BreakerVerdict = { heldNations: [], holdsGrowth: false, holdsAll: false, reasons: [] }

export function nationsKey(nations: readonly string[]): string {
  return nations.join(' ')
}

export function judgeChange(change: ExportChange, rules: BreakerRules, admitted: Admitted): BreakerVerdict {
  const { before, added, removed } = change
  if (before === undefined) return judgeFirst(added, rules)
  const reasons: string[] = []
  const holdsAll = removed > limitOf(rules.shrink, before)
  if (holdsAll) reasons.push(`${removed} entries would leave at once; ${limitOf(rules.shrink, before)} may`)
  const heldNations = nationsBeyond(added, limitOf(rules.perNation, before), admitted.byNation)
  for (const [nation, count] of heldNations) {
    reasons.push(`${nation} says ${count} new entries; ${limitOf(rules.perNation, before)} may be new`)
  }
  const held = new Set(heldNations.keys())
  const others = sum([...added].filter(([nations]) => !isOnlyOf(nations, held)).map(([, count]) => count))
  const growth = admitted.total + others
  const holdsGrowth = others > 0 && growth > limitOf(rules.growth, before)
  if (holdsGrowth) reasons.push(`${growth} entries would be new; ${limitOf(rules.growth, before)} may be`)
  return { heldNations: [...held].sort(compareText), holdsGrowth, holdsAll, reasons }
}

function judgeFirst(added: ReadonlyMap<string, number>, { holdFirst }: BreakerRules): BreakerVerdict {
  const count = sum([...added.values()])
  if (!holdFirst || count === 0) return LETS_PASS
  const reasons = [`it is the first export, of ${count} entries`]
  return { ...LETS_PASS, holdsGrowth: true, reasons }
}

/** Each with what it has said in all. */
function nationsBeyond(
  added: ReadonlyMap<string, number>,
  limit: number,
  before: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const now = new Map<string, number>()
  for (const [nations, count] of added) {
    for (const nation of nations.split(' ')) now.set(nation, (now.get(nation) ?? 0) + count)
  }
  const all = [...now].map(([nation, count]) => [nation, count + (before.get(nation) ?? 0)] as const)
  return new Map(all.filter(([, count]) => count > limit).sort(([a], [b]) => compareText(a, b)))
}

/** Whether a new entry that these nations claim may go. */
export function mayGo(verdict: BreakerVerdict, nations: string): boolean {
  return !verdict.holdsGrowth && !isOnlyOf(nations, new Set(verdict.heldNations))
}

export function isSameVerdict(a: BreakerVerdict, b: BreakerVerdict): boolean {
  return (
    a.holdsGrowth === b.holdsGrowth && a.holdsAll === b.holdsAll && a.heldNations.join(' ') === b.heldNations.join(' ')
  )
}

function isOnlyOf(nations: string, held: ReadonlySet<string>): boolean {
  return held.size > 0 && nations.split(' ').every(nation => held.has(nation))
}

function limitOf({ count, share }: Limit, size: number): number {
  return Math.max(count, Math.floor(share * size))
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
