import { toHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import type { Claim } from './assertion.ts'
import { LINEAGE } from './claim.ts'

/** Claims that go back to one and the same origin, as far as they say. */
export interface Origin<C> {
  /** `observed`: by a nation; `source`: relayed from something with a name; `unsaid`: nobody says where it comes from. */
  readonly kind: 'observed' | 'source' | 'unsaid'
  /** The nation, or the name of the source. */
  readonly name: string
  readonly claims: readonly C[]
  /** The nation, where one alone tells of it: whatever sources it names, it is heard once. Else what no other origin has. */
  readonly voice: string
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
 * others name alike. The name of a nation as a source is that nation. Nothing that anybody says makes one of what two
 * nations observed. A function of the set of claims.
 */
export function corroborate<C extends Told>(claims: readonly C[]): Corroboration<C> {
  const rootOf = rootsOf(claims)
  const origins = [...Map.groupBy(claims, rootOf)].map(([root, claims]) => originOf(root, claims)).sort(compareOrigins)
  const named = new Set(origins.filter(({ kind }) => kind !== 'unsaid').map(({ voice }) => voice)).size
  return { independent: named || Math.min(1, origins.length), origins }
}

/** What names the origin of a claim: the nation that observed it, or what relayed claims have in common. */
function rootsOf(claims: readonly Told[]): (claim: Told) => string {
  const relayed = claims.filter(claim => !isObserved(claim))
  const observers = observersOf(claims.filter(isObserved))
  const joined = joinAll(relayed.map(tokensOf))
  const back = new Map<string, NationId>()
  for (const token of relayed.flatMap(tokensOf)) {
    const nation = observers.get(token)
    if (nation !== undefined) setLeast(back, joined(token), nation)
  }
  return claim => {
    if (isObserved(claim)) return claim.nation
    const root = joined(ownToken(claim))
    return back.get(root) ?? root
  }
}

function isObserved({ claim }: Told): boolean {
  return claim.lineage === LINEAGE.OBSERVED
}

/** Who observed what a token names. */
function observersOf(observed: readonly Told[]): ReadonlyMap<string, NationId> {
  const observers = new Map<string, NationId>()
  for (const claim of observed) for (const token of tokensOf(claim)) setLeast(observers, token, claim.nation)
  return observers
}

function setLeast(map: Map<string, NationId>, key: string, nation: NationId): void {
  const other = map.get(key)
  if (other === undefined || nation < other) map.set(key, nation)
}

function ownToken({ nation, claim }: Told): string {
  return `claim ${nation}/${toHex(claim.id)}`
}

/** What a claim has in common with those of the same origin; the first is its own. */
function tokensOf(told: Told): readonly string[] {
  const { nation, claim } = told
  const tokens = [ownToken(told), `object ${toHex(claim.id)}`]
  if (claim.sourceId !== '') tokens.push(`object ${folded(claim.sourceId)}`)
  if (isObserved(told)) tokens.push(`name ${folded(nation)}`)
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

function originOf<C extends Told>(root: string, claims: readonly C[]): Origin<C> {
  const nations = new Set(claims.map(({ nation }) => nation))
  const voice = nations.size === 1 ? claims[0]!.nation : `of several: ${root}`
  return { ...originNameOf(claims), claims, voice }
}

function originNameOf(claims: readonly Told[]): Pick<Origin<Told>, 'kind' | 'name'> {
  const observed = claims.filter(isObserved).map(({ nation }) => nation)
  if (observed.length > 0) return { kind: 'observed', name: least(observed) }
  const sources = claims.map(({ claim }) => claim.source || claim.sourceId).filter(text => text !== '')
  if (sources.length > 0) return { kind: 'source', name: least(sources) }
  return { kind: 'unsaid', name: least(claims.map(({ nation }) => nation)) }
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
