import type { TypedValue } from '../indicator/canonical.ts'
import { type CompiledWarninglist, isAbout } from './warninglist-compile.ts'
import { warninglistSubject } from './warninglist-subject.ts'

/** `block`: it is not published and not exported; `warn`: whoever looks is told. */
export const WARNING_ACTIONS = ['block', 'warn'] as const
export type WarningAction = (typeof WARNING_ACTIONS)[number]

export interface WarningHit {
  /** Its name. */
  readonly list: string
  readonly action: WarningAction
  /** In the spelling in which it is compared. */
  readonly entry: string
}

export interface ListInForce {
  readonly list: CompiledWarninglist
  readonly action: WarningAction
}

/** Lists that have a say, asked together. */
export interface Warninglists {
  readonly lists: readonly ListInForce[]
  /** Of a canonical value: what blocks comes first. */
  check(typed: TypedValue): readonly WarningHit[]
}

const NONE: readonly WarningHit[] = []

export function createWarninglists(inForce: readonly ListInForce[]): Warninglists {
  const lists = inForce.toSorted((a, b) => Number(a.action === 'warn') - Number(b.action === 'warn'))
  const byType = new Map<string, readonly ListInForce[]>()

  function listsFor(type: string): readonly ListInForce[] {
    const known = byType.get(type)
    if (known !== undefined) return known
    const about = lists.filter(({ list }) => isAbout(list, type))
    if (byType.size < TYPES_MAX) byType.set(type, about)
    return about
  }

  return {
    lists: inForce,
    check(typed) {
      const about = listsFor(typed.type)
      if (about.length === 0) return NONE
      const subject = warninglistSubject(typed)
      let hits: WarningHit[] | undefined
      for (const { list, action } of about) {
        const entry = list.find(subject)
        if (entry === undefined) continue
        hits ??= []
        hits.push({ list: list.name, action, entry })
      }
      return hits ?? NONE
    },
  }
}

/** Others name the types of what they publish. */
const TYPES_MAX = 256

export function isBlocked(hits: readonly WarningHit[]): boolean {
  return hits[0]?.action === 'block'
}

/** `10.1.2.3 is on the warninglist "private-addresses" (10.0.0.0/8)` */
export function hitText(value: string, { list, entry }: Pick<WarningHit, 'list' | 'entry'>): string {
  const shown = value.length > VALUE_SHOWN_MAX ? `${value.slice(0, VALUE_SHOWN_MAX)}…` : value
  return `${shown} is on the warninglist "${list}"${entry === value ? '' : ` (${entry})`}`
}

const VALUE_SHOWN_MAX = 120
