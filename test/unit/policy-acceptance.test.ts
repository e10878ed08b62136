import { describe, expect, test } from 'vitest'
import { parseNationId } from '../../src/base/ids.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import { acceptanceText, createAcceptance } from '../../src/policy/acceptance.ts'
import { encode } from '../../src/wire/codec.ts'
import { Item } from '../../src/wire/gen/tocsin.ts'
import { claimOf } from '../support/guard-policy.ts'
import { malformedItem, unknownItem, withdrawalItem } from '../support/store-author.ts'

const BBB = parseNationId('BBB')
const OWN = parseNationId('AAA')

/** `rules` is the YAML of `accept:`. */
function acceptanceOf(rules: string) {
  const text = `version: 1\nnetworks: { own: [192.0.2.0/24] }\nrules: []\naccept:\n${rules}`
  return createAcceptance(parsePolicyFile(text).accept, OWN)
}

const claim = (draft: Parameters<typeof claimOf>[0], type?: string) => encode(Item, claimOf(draft, type))
const plain = claim({ value: 'evil.example.org' })

function actionOn(rules: string, item = plain, nation = BBB): string {
  return acceptanceOf(rules).judge({ nation, item }).action
}

const when = (conditions: string, action = 'refuse') => `  - { name: it, when: ${conditions}, action: ${action} }\n`

describe('acceptance', () => {
  test('takes everything without rules', () => {
    const none = createAcceptance([], OWN)
    expect(none.hash).toHaveLength(0)
    expect(none.takes({ nation: BBB, item: plain })).toBe(true)
  })

  test('lets the first rule that matches decide', () => {
    const first = when('{ author: BBB }', 'accept')
    expect(actionOn(first + when('{ author: BBB }').replace('it', 'other'))).toBe('accept')
    expect(actionOn(when('{ author: CCC }') + when('{}', 'quarantine').replace('it', 'other'))).toBe('quarantine')
  })

  test.each<[string, Uint8Array, boolean]>([
    ['{ author: BBB }', plain, true],
    ['{ author: [CCC, DDD] }', plain, false],
    ['{ type: domain }', plain, true],
    ['{ type: [url, ipv4] }', plain, false],
    ['{ item: sighting }', plain, false],
    ['{ confidence: { max: 29 } }', claim({ value: 'evil.example.org', confidence: 29 }), true],
    ['{ confidence: { max: 29 } }', claim({ value: 'evil.example.org', confidence: 30 }), false],
    ['{ confidence: { max: 29 } }', plain, true],
    ['{ source: "feed:*" }', claim({ value: 'evil.example.org', source: 'Feed:abuse' }), true],
    ['{ labels: phishing }', claim({ value: 'evil.example.org', labels: ['Phishing'] }), true],
    ['{ tlp: { min: AMBER+STRICT } }', claim({ value: 'evil.example.org', marking: { tlp: 5 } }), true],
    ['{ tlp: { min: AMBER+STRICT } }', plain, false],
    ['{ exercise: true }', claim({ value: 'evil.example.org', marking: { exercise: true } }), true],
    ['{ exercise: true }', plain, false],
    ['{ network: own }', claim({ value: '192.0.2.7' }, 'ipv4'), true],
    ['{ author: BBB, type: url }', plain, false],
  ])('%s: %#', (conditions, item, matches) => {
    expect(actionOn(when(conditions), item)).toBe(matches ? 'refuse' : 'accept')
  })

  test("takes what is the own nation's, and withdrawals of anybody", () => {
    expect(actionOn(when('{}'), plain, OWN)).toBe('accept')
    expect(actionOn(when('{}'), withdrawalItem('1'))).toBe('accept')
  })

  test('judges what a later version may know, and nothing malformed', () => {
    expect(actionOn(when('{}'), unknownItem('x'))).toBe('refuse')
    expect(actionOn(when('{ author: BBB, type: domain }'), malformedItem())).toBe('accept')
  })

  test('has a hash of what its rules say, wherever they stand', () => {
    const one = acceptanceOf(when('{ author: BBB }')).hash
    expect(one).toHaveLength(32)
    expect(acceptanceOf(`\n# a remark\n${when('{ author: BBB }')}`).hash).toEqual(one)
    expect(acceptanceOf(when('{ author: CCC }')).hash).not.toEqual(one)
    expect(acceptanceOf(when('{ author: BBB }', 'accept')).hash).not.toEqual(one)
  })

  test('says which rule decided, where it stands, and why', () => {
    const policy = acceptanceOf('  - name: unsure\n    action: quarantine\n    reason: look at it\n')
    const verdict = policy.judge({ nation: BBB, item: plain })
    expect(acceptanceText(verdict)).toBe('quarantined by rule 1 "unsure" (line 5): look at it')
  })

  test.each([
    [
      'an unknown field',
      '  - { name: a, when: { colour: red }, action: refuse }\n',
      'line 5, column 24: unknown field "accept.when.colour"',
    ],
    ['an unknown action', '  - { name: a, action: deny }\n', 'line 5'],
    ['no action', '  - { name: a }\n', 'line 5'],
    ['two of one name', when('{}', 'accept') + when('{}'), 'line 6: "it" is the name of rule 1 already'],
    ['an unknown network', when('{ network: theirs }'), '"theirs" is no network of this file'],
    ['a condition on the audience', when('{ reader: BBB }'), 'unknown field "accept.when.reader"'],
  ])('refuses %s, and names the line', (_, rules, message) => {
    expect(() => acceptanceOf(rules)).toThrow(message)
  })
})
