import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { sigma } from '../../src/formats/out/sigma.ts'
import { checkSigmaRules } from '../../src/formats/out/sigma-rule.ts'
import { INDICATOR_TYPES } from '../../src/indicator/type.ts'
import { exported, exportedIndicator } from '../support/exported.ts'

const ID = '6f3e2987-db24-4c78-a860-b4f4095a7095'
const RULE = `title: Evil service
id: ${ID}
logsource:
  product: windows
detection:
  selection:
    EventID: 7045
    ServiceName|re: '^[A-Z]{4}: "x" # no comment$'
    Big: 12345678901234567890
    Switch: yes   # as its author's YAML has it
  condition: selection
`

const prepared = (text: string) => exportedIndicator('sigma', INDICATOR_TYPES.get('sigma')!.prepare!(text))
const raw = (text: string) => exportedIndicator('sigma', text.replaceAll('\n', '\u240a').replaceAll('\t', '\u2409'))

test('a rule is a file, as its author wrote it, with whose it is', () => {
  const indicator = prepared(RULE)
  const { files } = exported(sigma, [indicator])
  expect([...files.keys()]).toEqual([`${indicator.id}.yml`])
  expect([...files.values()]).toEqual([
    `${RULE.replace('yes   #', 'yes #')}tocsin:\n  indicator: ${indicator.id}\n  nations:\n    - NLD\n  tlp: TLP:GREEN\n`,
  ])
})

test('ids are unique: of two rules with one id the second has its own, always the same', () => {
  const two = [prepared(RULE), prepared(RULE.replace('Evil', 'Other')), prepared(RULE.replace(`id: ${ID}\n`, ''))]
  const idsOf = () => [...exported(sigma, two).files.values()].map(text => parse(text).id)
  expect(idsOf()[0]).toBe(ID)
  expect(new Set(idsOf()).size).toBe(3)
  expect(idsOf()).toEqual(idsOf())
})

test('several documents are several files', () => {
  const indicator = prepared(`${RULE}---\n${RULE}`)
  const { files } = exported(sigma, [indicator])
  expect([...files.keys()]).toEqual([`${indicator.id}-1.yml`, `${indicator.id}-2.yml`])
  for (const text of files.values()) expect(text).not.toContain('---')
})

describe('a rule is left out', () => {
  test.each([
    ['whose aliases unfold without end', `${RULE}a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]`],
    ['that names a type of a programming language', `${RULE}x: !!python/object/apply:os.system ["id"]`],
    ['that has directives', `%TAG ! tag:evil,2026:\n---\n${RULE}`],
    ['that is nested in brackets', `${RULE}x: ${'['.repeat(20_000)}`],
    ['that is nested in dashes', `${RULE}x:\n  ${'- '.repeat(20_000)}`],
    ['that is no YAML', `${RULE}\tx: [`],
    ['that has a key twice', `${RULE}title: again`],
    ['that is a list', `- title: a\n- detection: b`],
    ['that speaks for all in its file', `action: global\n${RULE}`],
    ['without a condition', RULE.replace('condition', 'conditions')],
    ['without a source of logs', RULE.replace('logsource', 'logsources')],
  ])('%s', (_, text) => {
    const { left, files } = exported(sigma, [raw(text)])
    expect(left.size).toBe(1)
    expect(files.size).toBe(0)
  })
})

test.each([
  ['a key twice', `${RULE}a: 1\na: 2\n`],
  ['a key that is no text', `${RULE}? [a]\n: b\n`],
])('a rule with %s is left out', (_, text) => {
  expect(checkSigmaRules(text)).toEqual({ left: 'the YAML of the rule has a key twice, or one that is no text' })
})

test('what YAML 1.1 fails on is quoted, and stands in lines of its own', () => {
  const odd = 'title: x\nlogsource: {a: b}\ndetection: {a: 2020-99-99, b: =, c: {d?: "e"}, condition: a}\n'
  const [text = ''] = [...exported(sigma, [raw(odd)]).files.values()]
  expect(text).toMatch(/^ {2}a: "2020-99-99"\n {2}b: "="\n {2}c:\n {4}d\?: "e"\n/m)
})
