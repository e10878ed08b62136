import { toHex } from '../base/bytes.ts'
import type { LogIdHex, NationId } from '../base/ids.ts'
import type { Bound } from './doc-fields.ts'
import { shortId } from './phrase.ts'

type Bounds = ReadonlyMap<LogIdHex, Bound>

/** What follows from a bound that is given, and from one that stood before and is given no more. */
export interface BoundEffect {
  readonly last: string
  readonly dropped: string
}

/** What changes in the bounds of a nation's logs, whoever gives them, in sentences. */
export function describeBoundsChange(
  nation: NationId,
  before: Bounds | undefined,
  after: Bounds,
  effect: BoundEffect,
): string[] {
  const given = [...after].flatMap(([log, bound]) => describeBound(nation, before?.get(log), bound))
  const dropped = [...(before?.keys() ?? [])].filter(log => !after.has(log))
  const warning = `ATTENTION: what ${nation} wrote in these logs beyond the bounds is set aside everywhere, ${effect.last}. Whether witnesses have seen more of it cannot be known from this document.`
  return [
    ...given,
    ...(given.length > 0 ? [warning] : []),
    ...dropped.map(log => `The bound of ${nation}'s log ${shortId(log)} is not repeated, ${effect.dropped}.`),
  ]
}

function describeBound(nation: NationId, before: Bound | undefined, { logId, size, root }: Bound): string[] {
  const log = `${nation}'s log ${shortId(toHex(logId))}`
  const branch = `on the branch with root ${shortId(toHex(root))}`
  if (before === undefined) return [`Of ${log} the first ${entriesStay(size)} trusted, ${branch}.`]
  const isSameBranch = toHex(before.root) === toHex(root)
  if (before.size === size && isSameBranch) return []
  const old = isSameBranch ? `${before.size}` : `${before.size} on the branch with root ${shortId(toHex(before.root))}`
  return [`Of ${log} the first ${entriesStay(size)} trusted, ${branch}; before: ${old}.`]
}

function entriesStay(size: number): string {
  return size === 1 ? 'entry stays' : `${size} entries stay`
}
