import type { TypedValue } from './canonical.ts'
import { domainOfEmail } from './email.ts'
import { widened } from './ip.ts'
import { hostOfUrl } from './url.ts'

/**
 * How an indicator has to do with a value: it is that value, a range that holds the address, a name above it, the host
 * that a URL or an e-mail address names, or a pattern that asks for the value among others.
 */
export const RELATIONS = ['exact', 'host', 'range', 'parent-domain', 'pattern'] as const
export type Relation = (typeof RELATIONS)[number]

export interface RelatedValue extends TypedValue {
  readonly relation: Exclude<Relation, 'exact' | 'pattern'>
}

/** By which prefix lengths there are ranges. */
interface Lengths {
  readonly ipv4: readonly number[]
  readonly ipv6: readonly number[]
}

/** What is to be asked for beside a canonical value itself: the nearest first. */
export function relatedValues({ type, value }: TypedValue, lengths: Lengths): readonly RelatedValue[] {
  switch (type) {
    case 'ipv4':
    case 'ipv6':
    case 'cidr':
      return rangesAround(value, lengths)
    case 'domain':
      return parentsOf(value)
    case 'email':
      return ofName(domainOfEmail(value))
    case 'url':
      return ofHost(hostOfUrl(value), lengths)
    default:
      return []
  }
}

const IPV4 = /^\d+(?:\.\d+){3}$/

function ofHost(host: string, lengths: Lengths): readonly RelatedValue[] {
  if (!host.includes(':') && !IPV4.test(host)) return ofName(host)
  const type = host.includes(':') ? 'ipv6' : 'ipv4'
  return [{ type, value: host, relation: 'host' }, ...rangesAround(host, lengths)]
}

function ofName(name: string): readonly RelatedValue[] {
  return name.includes('.') ? [{ type: 'domain', value: name, relation: 'host' }, ...parentsOf(name)] : []
}

function parentsOf(name: string): readonly RelatedValue[] {
  const parents: RelatedValue[] = []
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const value = name.slice(dot + 1)
    // A single label is no indicator.
    if (value.includes('.')) parents.push({ type: 'domain', value, relation: 'parent-domain' })
  }
  return parents
}

function rangesAround(text: string, { ipv4, ipv6 }: Lengths): readonly RelatedValue[] {
  const [address = '', length] = text.split('/')
  const bits = Number(length ?? Number.POSITIVE_INFINITY)
  const narrower = (address.includes(':') ? ipv6 : ipv4).filter(each => each < bits)
  return narrower
    .sort((a, b) => b - a)
    .map(each => ({ type: 'cidr', value: widened(address, each), relation: 'range' }))
}
