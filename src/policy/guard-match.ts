import { buildMappedRanges } from '../indicator/address-ranges.ts'
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
    const set = buildMappedRanges(ranges)
    return ({ place: { prefix } }) => prefix !== undefined && set.contains(prefix)
  },
  overlaps(ranges) {
    const set = buildMappedRanges(ranges)
    return ({ place: { prefix } }) => prefix !== undefined && set.overlaps(prefix)
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
  network: networks => createNetworkTest(networks, namedPlaces),
  mentions: networks => createNetworkTest(networks, mentionedPlaces),
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

type PlacesOf = (subject: GuardSubject) => readonly Places[]
const namedPlaces: PlacesOf = subject => subject.named()
const mentionedPlaces: PlacesOf = subject => subject.mentioned()

function createNetworkTest(networks: readonly Network[], placesOf: PlacesOf): Test {
  const tests = networks.map(network => networkTest(network, placesOf))
  return subject => tests.some(test => test(subject))
}

/** Many rules ask for the same network: each subject is looked at once. */
const networkTests = new WeakMap<Network, Map<PlacesOf, Test>>()

function networkTest(network: Network, placesOf: PlacesOf): Test {
  const tests = networkTests.get(network) ?? new Map<PlacesOf, Test>()
  networkTests.set(network, tests)
  const test = tests.get(placesOf) ?? buildNetworkTest(network, placesOf)
  tests.set(placesOf, test)
  return test
}

function buildNetworkTest({ ranges, domains }: Network, placesOf: PlacesOf): Test {
  const addresses = buildMappedRanges(ranges)
  const names = new Set(domains)
  const touches = (place: Places) =>
    (place.prefix !== undefined && addresses.overlaps(place.prefix)) || place.names.some(name => names.has(name))
  let last: GuardSubject | undefined
  let answer = false
  return subject => {
    // Texts are not searched for nothing.
    if (ranges.length + names.size === 0) return false
    if (subject !== last) {
      answer = placesOf(subject).some(touches)
      last = subject
    }
    return answer
  }
}

function isMeant(pattern: AudiencePattern, { kind, group }: GuardAudience): boolean {
  if (pattern.kind !== 'one-group') return pattern.kind === kind
  return group !== undefined && (pattern.group === group.name || pattern.group === group.id)
}
