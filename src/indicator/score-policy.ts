import type { NationId } from '../base/ids.ts'

/** By what this nation weighs what is said: `score:` of `policy.yaml`. Nothing of it travels. */
export interface ScorePolicy {
  /** The first that fits counts. */
  readonly ratings: readonly SourceRating[]
  /** By type, in place of the default; `none` for no decay. */
  readonly decay: ReadonlyMap<string, Decay | 'none'>
}

/** In the Admiralty code: A–F is how reliable a source is, 1–6 how credible what it says. */
export interface SourceRating {
  /** Undefined: every nation. */
  readonly nation: NationId | undefined
  /** As a claim names it, without regard to case; `feed:*` is all that begin so. Undefined: every source. */
  readonly source: string | undefined
  readonly reliability: Reliability
  readonly credibility: Credibility | undefined
}

export type Reliability = keyof typeof RELIABILITY
export type Credibility = keyof typeof CREDIBILITY

/** As the admiralty-scale taxonomy of MISP has them; F and 6 cannot be judged. */
const RELIABILITY = { A: 1, B: 0.75, C: 0.5, D: 0.25, E: 0, F: 0.5 } as const
const CREDIBILITY = { 1: 1, 2: 0.75, 3: 0.5, 4: 0.25, 5: 0, 6: 0.5 } as const

/** MISP's: nothing is left after τ = `lifetimeDays`; δ = `speed`: 1 is a straight line, more loses more at first. */
export interface Decay {
  readonly lifetimeDays: number
  readonly speed: number
}

/** Of a claim whose author says none. */
export const CONFIDENCE_UNSAID = 50

/**
 * Addresses change hands in weeks, names in months, and what is computed from a file stays true of it. Types that are not
 * named here do not decay.
 */
const DEFAULT_DECAY: Readonly<Record<string, Decay>> = {
  ipv4: { lifetimeDays: 60, speed: 1 },
  ipv6: { lifetimeDays: 60, speed: 1 },
  cidr: { lifetimeDays: 90, speed: 1 },
  url: { lifetimeDays: 60, speed: 1 },
  domain: { lifetimeDays: 180, speed: 1 },
  email: { lifetimeDays: 180, speed: 1 },
}

export const DEFAULT_SCORE_POLICY: ScorePolicy = { ratings: [], decay: new Map() }

export function decayOf({ decay }: ScorePolicy, type: string): Decay | undefined {
  const own = decay.get(type)
  if (own !== undefined) return own === 'none' ? undefined : own
  return Object.hasOwn(DEFAULT_DECAY, type) ? DEFAULT_DECAY[type] : undefined
}

export interface Rating {
  /** 0 to 1. */
  readonly factor: number
  /** `B2`; empty where nobody has rated it: then it is taken at its word. */
  readonly rating: string
  /** What was rated. */
  readonly about: string
}

export function trustIn({ ratings }: ScorePolicy, nation: NationId, source: string): Rating {
  const found = ratings.find(rating => (rating.nation ?? nation) === nation && fits(rating.source, source))
  if (found === undefined) return { factor: 1, rating: '', about: '' }
  const { reliability, credibility } = found
  const factor = RELIABILITY[reliability] * (credibility === undefined ? 1 : CREDIBILITY[credibility])
  const names = [found.nation, found.source && JSON.stringify(found.source)].filter(Boolean)
  return { factor, rating: `${reliability}${credibility ?? ''}`, about: names.join(' ') || 'everybody' }
}

function fits(pattern: string | undefined, source: string): boolean {
  if (pattern === undefined) return true
  const [wanted, given] = [pattern.toLowerCase(), source.toLowerCase()]
  return wanted.endsWith('*') ? given.startsWith(wanted.slice(0, -1)) : given === wanted
}

const RATING = /^([A-F])([1-6])?$/i

/** `B2` or `B`; undefined for anything else. */
export function parseRating(text: string): Pick<SourceRating, 'reliability' | 'credibility'> | undefined {
  const found = RATING.exec(text.trim())
  if (found === null) return undefined
  const credibility = found[2] === undefined ? undefined : (Number(found[2]) as Credibility)
  return { reliability: found[1]!.toUpperCase() as Reliability, credibility }
}
