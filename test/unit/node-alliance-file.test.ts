import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { ALLIANCE_FILE_BYTES_MAX, encodeAllianceFile, parseAllianceFile } from '../../src/node/home/alliance-file.ts'

test('what is written is read again', () => {
  const documents = [utf8('one'), utf8('two'), new Uint8Array(1000).fill(0xff)]
  expect(parseAllianceFile(utf8(encodeAllianceFile({ documents })), 'x')).toEqual({ documents })
})

test.each([
  ['nothing', ''],
  ['no JSON', 'tocsin'],
  ['null', 'null'],
  ['a number', '1'],
  ['a list', '[]'],
  ['another format', '{"format":"tocsin-alliance/2","documents":[]}'],
  ['no documents', '{"format":"tocsin-alliance/1"}'],
  ['documents that are no list', '{"format":"tocsin-alliance/1","documents":"AA=="}'],
  ['a document that is no text', '{"format":"tocsin-alliance/1","documents":[1]}'],
  ['a document that is not base64', '{"format":"tocsin-alliance/1","documents":["not base64!"]}'],
  ['half a document', '{"format":"tocsin-alliance/1","documents":["AAA'],
  ['too many documents', JSON.stringify({ format: 'tocsin-alliance/1', documents: Array(100_001).fill('') })],
])('refuses %s', (_, text) => {
  expect(() => parseAllianceFile(utf8(text), 'x')).toThrow(expect.objectContaining({ code: 'alliance-file-malformed' }))
})

test('refuses bytes that are no text, and a file beyond the cap', () => {
  const malformed = expect.objectContaining({ code: 'alliance-file-malformed' })
  expect(() => parseAllianceFile(Uint8Array.of(0xff, 0xfe, 0x00), 'x')).toThrow(malformed)
  expect(() => parseAllianceFile(new Uint8Array(ALLIANCE_FILE_BYTES_MAX + 1), 'x')).toThrow(malformed)
})
