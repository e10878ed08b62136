import { addressSpan } from '../indicator/ip.ts'
import { createAddressSet } from './address-set.ts'
import type { AudiencePattern, GuardConditions, Network } from './guard-policy.ts'
import type { GuardAudience, GuardSubject, Places } from './guard-subject.ts'

/** One condition of a rule, ready to be asked. */
export interface Condition {
  readonly name: keyof GuardConditions
  holds(subject: GuardSubject): boolean
}

type Test = (subject: GuardSubject) => boolean
type Builders = {
  readonly [Name in keyof GuardConditions]-?: (wanted: NonNullable<GuardConditions[Name]>) => Test
}

/** In the order of their cost. */
const BUILDERS: Builders = {
  item: kinds => among(new Set<string>(kinds), ({ item }) => item.kind),
  type: types => among(new Set(types), ({ type }) => type),
  exercise:
    wanted =>
    ({ marking }) =>
      marking?.exercise === wanted,
  tlp: levels => among(new Set<number | undefined>(levels), ({ marking }) => marking?.tlp),
  pap: levels => among(new Set<number | undefined>(levels), ({ marking }) => marking?.pap),
  confidence:
    ({ min, max }) =>
    ({ item, confidence }) =>
      item.kind === 'indicator' && min <= confidence && confidence <= max,
  value: values => among(new Set(values), ({ value }) => value),
  within(ranges) {
    const set = createAddressSet(ranges.map(addressSpan))
    return ({ place: { span } }) => span !== undefined && set.contains(span)
  },
  overlaps(ranges) {
    const set = createAddressSet(ranges.map(addressSpan))
    return ({ place: { span } }) => span !== undefined && set.touches(span)
  },
  domain(names) {
    const set = new Set(names)
    return ({ place }) => place.names.some(name => set.has(name))
  },
  source(patterns) {
    const matches = createTextMatch(patterns)
    return ({ source }) => source !== '' && matches(source)
  },
  labels(patterns) {
    const matches = createTextMatch(patterns)
    return ({ labels }) => labels.some(matches)
  },
  audience: patterns => subject => patterns.some(pattern => isMeant(pattern, subject.audience)),
  reader(nations) {
    const set = new Set<string>(nations)
    return ({ audience }) => audience.readers.some(nation => set.has(nation))
  },
  readersWithin(nations) {
    const set = new Set<string>(nations)
    return ({ audience }) => audience.readers.every(nation => set.has(nation))
  },
  network: networks => createNetworkTest(networks, subject => subject.named()),
  mentions: networks => createNetworkTest(networks, subject => subject.mentioned()),
}

/** Those that `when` gives; the rule matches where all of them hold. */
export function buildConditions(when: GuardConditions): readonly Condition[] {
  const names = Object.keys(BUILDERS) as (keyof GuardConditions)[]
  return names.flatMap(name => {
    const wanted = when[name]
    return wanted === undefined ? [] : [{ name, holds: (BUILDERS[name] as (wanted: unknown) => Test)(wanted) }]
  })
}

function among<T>(wanted: ReadonlySet<T>, fieldOf: (subject: GuardSubject) => T): Test {
  return subject => wanted.has(fieldOf(subject))
}

/** Whole texts, or beginnings where a pattern ends with an asterisk. Asked with lower case. */
function createTextMatch(patterns: readonly string[]): (text: string) => boolean {
  const lower = patterns.map(pattern => pattern.toLowerCase())
  const whole = new Set(lower.filter(pattern => !pattern.endsWith('*')))
  const beginnings = lower.filter(pattern => pattern.endsWith('*')).map(pattern => pattern.slice(0, -1))
  return text => whole.has(text) || beginnings.some(beginning => text.startsWith(beginning))
}

function createNetworkTest(networks: readonly Network[], placesOf: (subject: GuardSubject) => readonly Places[]): Test {
  const ranges = networks.flatMap(network => network.ranges)
  const addresses = createAddressSet(ranges.map(addressSpan))
  const domains = new Set(networks.flatMap(network => network.domains))
  const touches = ({ span, names }: Places) =>
    (span !== undefined && addresses.touches(span)) || names.some(name => domains.has(name))
  // Texts are not searched for nothing.
  return subject => ranges.length + domains.size > 0 && placesOf(subject).some(touches)
}

function isMeant(pattern: AudiencePattern, { kind, group }: GuardAudience): boolean {
  if (pattern.kind !== 'one-group') return pattern.kind === kind
  return group !== undefined && (pattern.group === group.name || pattern.group === group.id)
}
