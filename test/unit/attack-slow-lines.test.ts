import { expect, test } from 'vitest'
import { refang } from '../../src/formats/in/defang.ts'
import { readListLine } from '../../src/formats/in/list-line.ts'

const LENGTH = 60_000
const ALLOWED_MS = 1500

const LINES: readonly (readonly [what: string, line: string])[] = [
  ['opening brackets', '('.repeat(LENGTH)],
  ['opening square brackets', `a@${'['.repeat(LENGTH)}`],
  ['closing brackets', `.${']'.repeat(LENGTH)}x`],
  ['spaces', `1.2.3.4${' '.repeat(LENGTH)}x`],
  ['parts of a STIX pattern', "[a:b='c'] AND ".repeat(LENGTH / 14)],
  ['brackets and spaces', '[ '.repeat(LENGTH / 2)],
  ['broken dots', 'a[.'.repeat(LENGTH / 3)],
]

for (const [what, line] of LINES) {
  test(`reads a line of nothing but ${what} in little time`, () => {
    const startMs = performance.now()
    refang(line)
    readListLine(line)
    expect(performance.now() - startMs).toBeLessThan(ALLOWED_MS)
  })
}

test('finds a broken dot in whatever brackets it stands', () => {
  for (const text of ['a[.]b', 'a[[.]]b', 'a([.])b', 'a(.)b', 'a[ dot ]b', 'a{dot}b', 'a.]]b', 'a[[.b'])
    expect([text, refang(text)]).toEqual([text, 'a.b'])
  expect(refang('a([.b')).toBe('a(.b')
})
