import { toHex } from '../base/bytes.ts'
import type { Claim } from './assertion.ts'
import { LINEAGE } from './claim.ts'

/** Claims that go back to one and the same origin, as far as they say. */
export interface Origin<C> {
  /** `observed`: by a nation; `source`: relayed from something with a name; `unsaid`: nobody says where it comes from. */
  readonly kind: 'observed' | 'source' | 'unsaid'
  /** The nation, or the name of the source. */
  readonly name: string
  readonly claims: readonly C[]
}

export interface Corroboration<C> {
  /** The least number of origins that what is said allows: what nobody says anything of may come from any other. */
  readonly independent: number
  readonly origins: readonly Origin<C>[]
}

type Told = Pick<Claim, 'nation' | 'claim'>

/**
 * Tells "three nations observed it" from "three nations relayed one source". A nation that observed is an origin; a
 * relayed claim goes back to its source, and to the object that its source id names: another claim by its id, or one that
 * others name alike. The name of a nation as a source is that nation. A function of the set of claims.
 */
export function corroborate<C extends Told>(claims: readonly C[]): Corroboration<C> {
  const joined = joinAll(claims.map(tokensOf))
  const byRoot = Map.groupBy(claims, claim => joined(tokensOf(claim)[0]!))
  const origins = [...byRoot.values()].map(originOf).sort(compareOrigins)
  const named = origins.filter(({ kind }) => kind !== 'unsaid').length
  return { independent: named || Math.min(1, origins.length), origins }
}

/** What a claim has in common with those of the same origin; the first is its own. */
function tokensOf({ nation, claim }: Told): readonly string[] {
  const own = `claim ${nation}/${toHex(claim.id)}`
  const tokens = [own]
  if (claim.sourceId !== '') tokens.push(`object ${folded(claim.sourceId)}`)
  tokens.push(`object ${toHex(claim.id)}`)
  if (claim.lineage === LINEAGE.OBSERVED) tokens.push(`name ${folded(nation)}`)
  else if (claim.source !== '') tokens.push(`name ${folded(claim.source)}`)
  return tokens
}

function folded(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase().replace(/\s+/g, ' ')
}

/** Joins what stands in one list; the answer names the list that a token is in. */
function joinAll(lists: readonly (readonly string[])[]): (token: string) => string {
  const parents = new Map<string, string>()
  const rootOf = (token: string): string => {
    let root = token
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root)) root = next
    return root
  }
  for (const [first, ...others] of lists) {
    for (const other of others) {
      const [a, b] = [rootOf(first!), rootOf(other)]
      if (a !== b) parents.set(a, b)
    }
  }
  return rootOf
}

function originOf<C extends Told>(claims: readonly C[]): Origin<C> {
  const observed = claims.filter(({ claim }) => claim.lineage === LINEAGE.OBSERVED).map(({ nation }) => nation)
  if (observed.length > 0) return { kind: 'observed', name: least(observed), claims }
  const sources = claims.map(({ claim }) => claim.source || claim.sourceId).filter(text => text !== '')
  if (sources.length > 0) return { kind: 'source', name: least(sources), claims }
  return { kind: 'unsaid', name: least(claims.map(({ nation }) => nation)), claims }
}

function least(names: readonly string[]): string {
  return names.reduce((a, b) => (b < a ? b : a))
}

function compareOrigins(a: Origin<unknown>, b: Origin<unknown>): number {
  const rank = ({ kind }: Origin<unknown>) => ['observed', 'source', 'unsaid'].indexOf(kind)
  return rank(a) - rank(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}

/** `observed by DEU, FRA; relayed from "feed X"; NLD does not say`. */
export function corroborationText({ origins }: Corroboration<Told>): string {
  const of = (kind: Origin<unknown>['kind']) => [
    ...new Set(origins.filter(origin => origin.kind === kind).map(({ name }) => name)),
  ]
  const observed = of('observed')
  const sources = of('source').map(name => JSON.stringify(name))
  const unsaid = of('unsaid')
  return [
    observed.length > 0 && `observed by ${observed.join(', ')}`,
    sources.length > 0 && `relayed from ${sources.join(', ')}`,
    unsaid.length > 0 && `${unsaid.join(', ')} ${unsaid.length === 1 ? 'does' : 'do'} not say`,
  ]
    .filter(Boolean)
    .join('; ')
}
