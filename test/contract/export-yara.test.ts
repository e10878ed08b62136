import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { yara } from '../../src/formats/out/yara.ts'
import { INDICATOR_TYPES } from '../../src/indicator/type.ts'
import { debianTool } from '../support/debian-tool.ts'
import { exported, exportedIndicator } from '../support/exported.ts'

const program = debianTool('yara', 'yara')
const prepared = (text: string) => exportedIndicator('yara', INDICATOR_TYPES.get('yara')!.prepare!(text))

const TAKEN = [
  'rule evil { strings: $a = "needle" condition: $a }',
  // Of another nation, by the same name.
  'rule evil : tag other\n{\n\tmeta:\n\t\tauthor = "b"\n\t\tlevel = -3\n\tstrings:\n\t\t$a = "haystack" wide ascii nocase\n\tcondition:\n\t\tany of them\n}',
  'import "pe"\nimport "hash"\nprivate rule small { condition: filesize < 1MB }\nrule late { strings: $ = /n[e]{2}dle\\d?/i condition: small and any of them and (hash.md5(0, 4) != "x" or pe.is_dll()) }',
  'rule hex { strings: $h = { 6E 65 [0-2] (64 | 65) ?? /* } */ 65 } $t = "}" xor(1-2) condition: $h or #t > 2 or @t[1] == 0 }',
  'rule loops { strings: $a = "e" $b1 = "d" $b2 = "l" condition: for any i in (1..#a) : (@a[i] > 0 and uint16be(i) >= 0x0) and 1 of ($b*) and for all of ($b*) : ($ in (0..filesize)) }',
  'import "pe"\nrule lists { condition: not for any k, v in pe.version_info : (k == v) }',
  'rule comments // rule hidden { condition: true }\n{ /* "} */ condition: true }',
] as const

const LEFT: readonly (readonly [string, string])[] = [
  ['include', 'include "/etc/passwd"\nrule a { condition: true }'],
  ['global', 'global rule a { condition: false }'],
  ['private global', 'private global rule a { condition: false }'],
  ['console', 'import "console"\nrule a { condition: console.log("x") }'],
  ['unknown module', 'import "vt"\nrule a { condition: vt.metadata.new_file }'],
  ['external variable', 'rule a { condition: filename matches /x/ }'],
  ['unused string', 'rule a { strings: $a = "x" condition: true }'],
  ['undefined string', 'rule a { strings: $a = "x" condition: $a and $b }'],
  ['string twice', 'rule a { strings: $a = "x" $a = "y" condition: $a }'],
  ['rule twice', 'rule a { condition: true } rule a { condition: true }'],
  ['no condition', 'rule a { strings: $a = "condition :" }'],
  ['open brace', 'rule a { condition: true'],
  ['open bracket', 'rule a { condition: (true }'],
  ['more after it', 'rule a { condition: true } }'],
  ['lookahead', 'rule a { strings: $a = /a(?=b)/ condition: $a }'],
  ['open text', 'rule a { strings: $a = "x condition: $a }'],
]

/** Of which only a compiler knows that it is none. */
const BROKEN = [
  'import "pe"\nrule broken { condition: pe.nosuch }',
  'rule broken { strings: $a = /abcd{5,2}/ condition: $a }',
  'rule broken { strings: $a = /(a|b)*c/ condition: $a }',
  'rule broken { strings: $a = "x" xor nocase condition: $a }',
  'rule broken { strings: $a = { [2] 01 } condition: $a }',
  'rule broken { strings: $a = "x" condition: 2 of them }',
  'rule broken : rule { condition: true }',
  'rule broken { meta: condition = 1 condition: true }',
  'rule broken { condition: 1 % 0 == 1 }',
  'rule broken { condition: true true }',
  'rule broken { condition: all of (1, 2) }',
  '\ufeffrule broken { condition: true }',
]

test.each(LEFT)('a rule is left out, with its reason: %s', (_, text) => {
  const { left, files } = exported(yara, [exportedIndicator('yara', text.replaceAll('\n', '\u240a'))])
  expect(left.size).toBe(1)
  expect(files.get('index.yar')).not.toContain('include')
})

describe.skipIf(program === undefined)('yara, with the folder that is exported for it', () => {
  let folder: string
  const run = (rules: string, target: string) =>
    spawnSync(program!, ['--print-meta', '--no-warnings', join(folder, rules), join(folder, target)], {
      encoding: 'utf8',
    })

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tocsin-yara-'))
    const { files, left } = exported(yara, [
      ...TAKEN.map(prepared),
      ...BROKEN.map(text => exportedIndicator('yara', text.replaceAll('\n', '\u240a'))),
      ...LEFT.map(([, text]) => exportedIndicator('yara', text.replaceAll('\n', '\u240a'))),
    ])
    expect([...left.keys()].filter(value => !BROKEN.includes(value))).toHaveLength(LEFT.length)
    for (const [name, text] of files) writeFileSync(join(folder, name), text)
    writeFileSync(join(folder, 'sample'), 'a needle in the hayStack')
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('compiles all that is in the index, and finds by each', () => {
    const { stdout, stderr, status } = run('index.yar', 'sample')
    expect(stderr).toBe('')
    expect(status).toBe(0)
    const found = stdout
      .trim()
      .split('\n')
      .map(line => line.split(' ')[0])
    expect(found.toSorted()).toEqual(['comments', 'evil', expect.stringMatching(/^evil_[0-9a-f]{8}$/)])
    expect(stdout).toContain('tocsin_nations="NLD",tocsin_tlp="TLP:GREEN",author="b"')
  })

  test('compiles each file alone, and finds by it', () => {
    for (const text of TAKEN) {
      const { stdout, stderr, status } = run(`${prepared(text).id}.yar`, 'sample')
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).toMatch(/^(?:comments|evil(?:_[0-9a-f]{8})?|hex|late|lists|loops) /)
    }
  })

  test('would not compile most of what is left out', () => {
    for (const [why, text] of LEFT.slice(4)) {
      writeFileSync(join(folder, 'left.yar'), text)
      expect(run('left.yar', 'sample').status, why).not.toBe(0)
    }
  })
})
