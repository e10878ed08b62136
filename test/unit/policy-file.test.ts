import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/base/errors.ts'
import { parseOperatorsFile, withOperator, withoutOperator } from '../../src/node/config/operators-file.ts'
import { POLICY_BYTES_MAX, parsePolicyFile } from '../../src/node/config/policy-file.ts'
import { STARTER_POLICY } from '../../src/node/config/starter-policy.ts'
import type { Operator } from '../../src/policy/operator.ts'

const GOOD = `version: 1
approvals: { expireDays: 3 }
networks:
  own: [192.0.2.0/24, "*.gov.example"]
rules:
  - name: own stays
    when: { network: own }
    action: deny
  - name: rest
    when:
      tlp: { min: GREEN, max: AMBER }
      within: [198.51.100.0/24, 203.0.113.7]
    redact: source
    action: allow
`

function fault(parse: () => unknown): string {
  try {
    parse()
  } catch (error) {
    if (error instanceof UserError) return `${error.code} ${error.message}`
    throw error
  }
  throw new Error('it was taken')
}

test('reads rules with their lines', () => {
  const { guard, warnings } = parsePolicyFile(GOOD)
  expect(warnings).toEqual([])
  expect(guard.holdMs).toBe(3 * 86_400_000)
  expect(guard.rules).toMatchObject([
    { name: 'own stays', number: 1, line: 6, action: 'deny', when: { network: [{ domains: ['gov.example'] }] } },
    { name: 'rest', line: 9, redact: ['source'], when: { tlp: [2, 3], within: ['198.51.100.0/24', '203.0.113.7'] } },
  ])
})

test('the starter policy is right, and lets leave what a first exchange needs', () => {
  const { guard, warnings } = parsePolicyFile(STARTER_POLICY)
  expect(warnings).toEqual([])
  expect(guard.rules.map(({ action }) => action)).toEqual(['deny', 'hold', 'allow'])
})

describe('refuses, naming line and column,', () => {
  const cases: readonly [what: string, from: string, to: string, message: string][] = [
    ['an unknown field', 'network: own', 'netwrok: own', 'line 7, column 13: unknown field "rules.when.netwrok"'],
    ['an unknown field at the top', 'approvals:', 'aprovals:', 'line 2, column 1: unknown field "aprovals"'],
    ['a network that is not defined', 'network: own', 'network: others', 'line 7: "others" is no network of this file'],
    [
      'a range that is none',
      '198.51.100.0/24',
      '198.51.100.0/40',
      'line 12, column 16: rules.when.within: prefix length 40 is above 32',
    ],
    [
      'a range with host bits',
      '198.51.100.0/24',
      '198.51.100.9/24',
      '198.51.100.9/24 does not begin its range; 198.51.100.0/24 does',
    ],
    ['a marking that is none', 'GREEN', 'GRN', 'line 11, column 19: rules.when.tlp.min: "GRN" is no TLP level'],
    ['another version', 'version: 1', 'version: 2', 'line 1, column 10: version: this program knows version 1'],
    ['a rule that does nothing', '    action: deny\n', '', 'line 6: rule "own stays" does nothing'],
    [
      'a denial that would change',
      'action: deny',
      'action: deny\n    redact: source',
      'rule "own stays" denies, and so has nothing to change',
    ],
    ['two rules of one name', 'name: rest', 'name: own stays', 'line 9: "own stays" is the name of rule 1 already'],
    [
      'a field given twice',
      'redact: source',
      'redact: source\n    redact: name',
      'line 14, column 5: Map keys must be unique',
    ],
    ['an alias', 'redact: source', 'redact: *own', 'line 13, column 13: an alias'],
    ['what is no YAML', 'redact: source', 'redact: [', 'line 14'],
  ]
  test.each(cases)('%s', (_, from, to, message) => {
    const found = fault(() => parsePolicyFile(GOOD.replace(from, to)))
    expect(found).toContain('policy-invalid policy.yaml')
    expect(found).toContain(message)
  })
})

test('refuses what is too large', () => {
  expect(fault(() => parsePolicyFile(`${GOOD}# ${'x'.repeat(POLICY_BYTES_MAX)}`))).toContain('bytes')
  const rules = Array.from({ length: 4097 }, (_, i) => `  - { name: r${i}, action: deny }\n`).join('')
  expect(fault(() => parsePolicyFile(`version: 1\nrules:\n${rules}`))).toContain('rules')
})

test('warns of rules that are never read, and of a policy that lets nothing leave', () => {
  const { warnings } = parsePolicyFile(
    'version: 1\nrules:\n  - { name: a, action: deny }\n  - { name: b, action: deny }\n',
  )
  expect(warnings).toEqual([
    'line 4: rule "b" is never read, since rule 1 ends it all',
    'no rule allows anything: nothing leaves',
  ])
})

describe('the operators file', () => {
  const operator = (name: string, byte: number): Operator => ({
    name,
    key: new Uint8Array(32).fill(byte),
    roles: new Set(['publish', 'approve'] as const),
  })
  const two = withOperator(withOperator(undefined, operator('anna', 1)), operator('bert', 2))

  test('takes operators in and out, and keeps its remarks', () => {
    expect(parseOperatorsFile(two).operators).toEqual([operator('anna', 1), operator('bert', 2)])
    const none = withoutOperator(withoutOperator(two, 'anna'), 'bert')
    expect(parseOperatorsFile(none).operators).toEqual([])
    expect(none).toContain('# Who acts for this nation.')
    expect(parseOperatorsFile(withOperator(none, operator('carl', 3))).operators).toEqual([operator('carl', 3)])
  })

  test('has no name and no key twice', () => {
    expect(fault(() => withOperator(two, operator('anna', 3)))).toBe(
      'operator-exists there is an operator anna already',
    )
    expect(fault(() => withOperator(two, operator('carl', 1)))).toBe('operator-exists this is the key of anna')
    expect(fault(() => parseOperatorsFile(two.replaceAll('02', '01')))).toContain('bert has the key of anna')
    expect(fault(() => withoutOperator(two, 'carl'))).toBe('operator-unknown there is no operator carl')
  })

  test('lets nobody approve without a key', () => {
    const found = fault(() => parseOperatorsFile(two.replace('local: [publish', 'local: [approve')))
    expect(found).toMatch(/^operators-invalid operators.yaml, line 6, column 9: local/)
  })

  test('names the line of an unknown field', () => {
    expect(fault(() => parseOperatorsFile(two.replace('roles:', 'role:')))).toMatch(
      /line \d+, column 5: unknown field "operators.role"/,
    )
  })
})
