import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { parseJsonText } from '../../src/base/json-text.ts'

const VALUES_MAX = 1000
const parse = (text: string) => parseJsonText(utf8(text), VALUES_MAX)

test('JSON is read as ever, whatever stands in its strings', () => {
  for (const text of [
    '{}',
    '[1,2,{"a":"]}[{,\\"\\\\"}]',
    ' "x" ',
    `["${'[,'.repeat(2000)}"]`,
    '{"__proto__":{"a":1}}',
  ]) {
    expect(parse(text)).toEqual(JSON.parse(text))
  }
})

test('JSON that would take far more memory than its bytes, or for ever, is refused before', () => {
  expect(() => parse(`[${'{},'.repeat(500)}{}]`)).toThrow(/more than 1000 values/)
  expect(() => parse('['.repeat(129) + ']'.repeat(129))).toThrow(/deeper than 128/)
  expect(parse('['.repeat(128) + ']'.repeat(128))).toBeInstanceOf(Array)
})

test('what is no JSON is refused as ever', () => {
  for (const text of ['', '{', '"', '"\\', ']', '{"a":1}}']) expect(() => parse(text)).toThrow(SyntaxError)
  expect(() => parseJsonText(Uint8Array.of(0x22, 0xff, 0x22), VALUES_MAX)).toThrow(TypeError)
})
