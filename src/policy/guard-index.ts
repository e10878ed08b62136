import { buildMappedRanges } from '../indicator/address-ranges.ts'
import type { GuardConditions, GuardRule } from './guard-policy.ts'
import type { GuardSubject } from './guard-subject.ts'

/** Finds the rules that a subject can match at all without asking each of them. */
export interface GuardIndex {
  /** Places of rules in their order: every one that matches, and some that do not. */
  candidates(subject: GuardSubject): readonly number[]
}

type Places = number[]

/** A rule is found by one of its conditions: it matches only what has one of the condition's keys. */
export function createGuardIndex(rules: readonly Pick<GuardRule, 'when'>[]): GuardIndex {
  /** Rules that have no such condition. */
  const always: Places = []
  const byKey = {
    value: keyMap(),
    domain: keyMap(),
    labels: keyMap(),
    source: keyMap(),
    group: keyMap(),
    reader: keyMap(),
    type: keyMap(),
  }
  /** And the rule that each is of. */
  const texts: string[] = []
  const ruleOf: Places = []

  rules.forEach(({ when }, place) => {
    const { ranges, key } = anchorOf(when)
    if (ranges !== undefined) {
      texts.push(...ranges)
      for (const _ of ranges) ruleOf.push(place)
    } else if (key !== undefined) {
      for (const text of key.texts) add(byKey[key.name], text, place)
    } else always.push(place)
  })

  const byRange = buildMappedRanges(texts)

  return {
    candidates(subject) {
      const found: Places = []
      const take = (places: Places | undefined) => {
        if (places !== undefined) found.push(...places)
      }
      take(byKey.value.get(subject.value))
      take(byKey.type.get(subject.type))
      take(byKey.source.get(subject.source))
      for (const label of subject.labels) take(byKey.labels.get(label))
      for (const name of subject.place.names) take(byKey.domain.get(name))
      const { group, readers } = subject.audience
      if (group !== undefined && byKey.group.size > 0) {
        take(byKey.group.get(group.id))
        take(byKey.group.get(group.name))
      }
      if (byKey.reader.size > 0) for (const reader of readers) take(byKey.reader.get(reader))
      const { prefix } = subject.place
      if (prefix !== undefined) take([...new Set(byRange.overlapping(prefix).map(number => ruleOf[number]!))])
      return found.length === 0
        ? always
        : inOrder(
            always,
            found.sort((a, b) => a - b),
          )
    },
  }
}

/** Of two ascending lists, each place once. */
function inOrder(a: Places, b: Places): Places {
  const merged: Places = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const place = j === b.length || (i < a.length && a[i]! < b[j]!) ? a[i++]! : b[j++]!
    if (merged.at(-1) !== place) merged.push(place)
  }
  return merged
}

interface Anchor {
  readonly ranges?: readonly string[]
  readonly key?: {
    readonly name: 'value' | 'domain' | 'labels' | 'source' | 'group' | 'reader' | 'type'
    readonly texts: readonly string[]
  }
}

/** The condition that tells most. */
function anchorOf({
  value,
  domain,
  within,
  overlaps,
  labels,
  source,
  audience,
  reader,
  type,
}: GuardConditions): Anchor {
  const ranges = within ?? overlaps
  if (value !== undefined) return { key: { name: 'value', texts: value } }
  if (domain !== undefined) return { key: { name: 'domain', texts: domain } }
  if (ranges !== undefined) return { ranges }
  if (isWhole(labels)) return { key: { name: 'labels', texts: labels.map(label => label.toLowerCase()) } }
  if (isWhole(source)) return { key: { name: 'source', texts: source.map(text => text.toLowerCase()) } }
  const groups = audience?.flatMap(pattern => (pattern.kind === 'one-group' ? [pattern.group] : []))
  if (groups !== undefined && groups.length === audience?.length) return { key: { name: 'group', texts: groups } }
  if (reader !== undefined) return { key: { name: 'reader', texts: reader } }
  return type === undefined ? {} : { key: { name: 'type', texts: type } }
}

function isWhole(patterns: readonly string[] | undefined): patterns is readonly string[] {
  return patterns?.every(pattern => !pattern.endsWith('*')) ?? false
}

function keyMap(): Map<string, Places> {
  return new Map()
}

function add<Key>(map: Map<Key, Places>, key: Key, place: number): void {
  const places = map.get(key)
  if (places === undefined) map.set(key, [place])
  else places.push(place)
}
