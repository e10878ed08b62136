import { compareText } from '../indicator/assertion.ts'

/**
 * The circuit breaker of a live export: what is new beyond a limit waits for a person, so that no ally can fill our
 * block lists, nor empty them. What waits is as little as can be: the entries of one nation before all entries, new
 * entries before the whole export.
 *
 * A withdrawal leaves at once, since whoever keeps what its author takes back blocks innocent traffic. Only a nation that
 * withdraws more than it could have added in the same time is taken for one whose key is in other hands: then the
 * export stays as it is until a person releases it, or mutes that nation.
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
  /** What leaves and is counted: not what has expired, was muted, or is withdrawn. */
  readonly removed: number
  /** What its authors have withdrawn, by them. */
  readonly withdrawn: ReadonlyMap<string, number>
}

/** What changed in the hours before. */
export interface Admitted {
  readonly added: number
  readonly byNation: ReadonlyMap<string, number>
  readonly removed: number
  readonly withdrawnBy: ReadonlyMap<string, number>
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
  const { before, added, removed, withdrawn } = change
  if (before === undefined) return judgeFirst(added, rules)
  const perNation = limitOf(rules.perNation, before)
  const { heldNations, reasons } = judgeNews(added, perNation, limitOf(rules.growth, before), admitted)
  const leaving = leavingBeyond(removed, limitOf(rules.shrink, before), admitted)
  for (const [nation, count] of nationsBeyond(withdrawn, perNation, admitted.withdrawnBy)) {
    leaving.push(`${nation} withdraws ${count} entries; ${perNation} may leave at once`)
  }
  return { heldNations, holdsGrowth: false, holdsAll: leaving.length > 0, reasons: [...leaving, ...reasons] }
}

function leavingBeyond(removed: number, limit: number, admitted: Admitted): string[] {
  const all = removed + admitted.removed
  return removed > 0 && all > limit ? [`${all} entries would leave; ${limit} may`] : []
}

/** Where all say too much together, those go on who say no more than their part of it: nobody can fill it for others. */
function judgeNews(added: ExportChange['added'], perNation: number, growth: number, admitted: Admitted) {
  const beyond = nationsBeyond(added, perNation, admitted.byNation)
  const reasons = [...beyond].map(([nation, count]) => `${nation} says ${count} new entries; ${perNation} may be new`)
  const others = sum(
    [...added].filter(([nations]) => !isOnlyOf(nations, new Set(beyond.keys()))).map(([, count]) => count),
  )
  const all = admitted.added + others
  const held = new Set(beyond.keys())
  if (others > 0 && all > growth) {
    const speakers = new Set([...admitted.byNation.keys(), ...[...added.keys()].flatMap(nations => nations.split(' '))])
    const part = Math.floor(growth / speakers.size)
    const large = nationsBeyond(added, part, admitted.byNation)
    for (const nation of large.keys()) held.add(nation)
    if (large.size > 0) {
      reasons.push(`${all} entries would be new; ${growth} may be, and ${part} of each of ${speakers.size} nations`)
    }
  }
  return { heldNations: [...held].sort(compareText), reasons }
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
