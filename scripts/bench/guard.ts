/** How many items a second the release guard judges by 1,000 rules, beside reading the items alone. */
import { buildClaim, type ClaimDraft, encodeClaimItem } from '../../src/indicator/claim.ts'
import { parseItem } from '../../src/indicator/item.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import { createGuard, type Guard } from '../../src/policy/guard.ts'
import type { Item } from '../../src/wire/gen/tocsin.ts'
import { EVERYBODY, IDENTITY } from '../../test/support/guard-policy.ts'
import type { Report } from '../bench-figure.ts'

export const name = 'guard'

const RULES = 1000
const ITEMS = 2000
const ROUNDS = 5

export async function run(report: Report): Promise<void> {
  const items = Array.from({ length: ITEMS }, (_, i) => itemAt(i))
  const floor = best(() => {
    for (const item of items) parseItem(item)
  })
  const figures: readonly [figure: string, rules: readonly string[]][] = [
    ['decisions with one rule', []],
    ['decisions with 1,000 rules of every kind, the last of which allows', mixedRules()],
    ['decisions with 1,000 rules of one range or name each', subjectRules()],
  ]
  for (const [figure, rules] of figures) {
    const guard = guardOf(rules)
    const value = best(() => judgeAll(guard, items))
    report({ figure, value, unit: 'decisions/s', floor })
  }
  const lists = guardOf([`{ name: all, when: { overlaps: [${ranges()}] }, action: deny }`])
  report({
    figure: 'decisions with a list of 1,000 ranges in one rule',
    value: best(() => judgeAll(lists, items)),
    unit: 'decisions/s',
    floor,
  })
}

/** Items a second. The best counts: the first rounds also wait for the compiler. */
function best(work: () => void): number {
  const rates = Array.from({ length: ROUNDS }, () => {
    const started = performance.now()
    work()
    return (ITEMS / (performance.now() - started)) * 1000
  })
  return Math.max(...rates)
}

function judgeAll(guard: Guard, items: readonly Item[]): void {
  for (const item of items) {
    if (guard.judge(item, EVERYBODY, IDENTITY, () => 0).kind !== 'allow') throw new Error('an item was not allowed')
  }
}

/** `rules`, none of which matches, and one that allows. */
function guardOf(rules: readonly string[]): Guard {
  const lines = [...rules, '{ name: rest, action: allow }'].map(rule => `  - ${rule}\n`).join('')
  return createGuard(
    parsePolicyFile(`version: 1\nnetworks: { own: [203.0.113.0/24, gov.example] }\nrules:\n${lines}`).guard,
  )
}

function mixedRules(): string[] {
  const conditions = [
    (i: number) => `type: cve, labels: "tag${i}"`,
    (i: number) => `tlp: RED, source: "source ${i}"`,
    (i: number) => `within: ${rangeAt(i)}, confidence: { min: 50 }`,
    (i: number) => `domain: [bad${i}.test, worse${i}.test]`,
    (i: number) => `labels: ["campaign:${i}", "actor-${i}:*"]`,
    (i: number) => `audience: "group:circle ${i}"`,
    (i: number) => `reader: [XA${i}]`,
    () => 'network: own',
    () => 'mentions: own',
    (i: number) => `value: [name${i}.test, 192.0.2.${i % 256}]`,
  ]
  return Array.from({ length: RULES - 1 }, (_, i) => {
    return `{ name: r${i}, when: { ${conditions[i % conditions.length]!(i)} }, action: deny }`
  })
}

function subjectRules(): string[] {
  return Array.from({ length: RULES - 1 }, (_, i) => {
    const when = i % 2 === 0 ? `overlaps: ${rangeAt(i)}` : `domain: bad${i}.test`
    return `{ name: r${i}, when: { ${when} }, action: deny }`
  })
}

const rangeAt = (i: number) => `10.${i >> 8}.${i & 255}.0/24`
const ranges = () => Array.from({ length: RULES }, (_, i) => rangeAt(i)).join(', ')

/** Half are names, half are addresses; none is what a rule is about. */
function itemAt(i: number): Item {
  const draft: ClaimDraft = {
    ...(i % 2 === 0
      ? { type: 'domain', value: `c${i}.evil.example` }
      : { type: 'ipv4', value: `198.51.100.${i % 256}` }),
    description: 'Beacons every five minutes; seen in a campaign against harbours since June.',
    labels: ['c2', 'apt', 'harbour'],
    references: [{ sourceName: 'advisory', url: `https://cert.example/advisories/${i}` }],
    source: 'sensor net',
    confidence: 70,
  }
  return encodeClaimItem(buildClaim(draft, { ...IDENTITY, defaultTlp: 3 }))
}
