import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { parseNationFile } from '../../src/node/ceremonies/nation-file.ts'
import { parseProposalFile } from '../../src/node/ceremonies/proposal-file.ts'
import { parseSignatureFile } from '../../src/node/ceremonies/signature-file.ts'
import { parseAllianceFile } from '../../src/node/home/alliance-file.ts'

const READERS = {
  'tocsin-alliance/1': parseAllianceFile,
  'tocsin-nation/1': parseNationFile,
  'tocsin-proposal/1': parseProposalFile,
  'tocsin-signature/1': parseSignatureFile,
}
const FORMATS = Object.keys(READERS)

test.each(Object.entries(READERS))('a reader of %s names any other file that it is given', (own, read) => {
  for (const format of FORMATS.filter(each => each !== own)) {
    expect(() => read(utf8(JSON.stringify({ format })), 'letter.json'), format).toThrow(
      /^letter\.json is no [a-z' ]+: it is .* for "tocsin alliance/,
    )
  }
  expect(() => read(utf8('{"format":"other/1"}'), 'x')).toThrow(`it is not of the format ${own}`)
  expect(() => read(utf8('-----BEGIN AGE ENCRYPTED FILE-----\nYWdl'), 'x')).toThrow('it is a key file')
  expect(() => read(utf8('{'), 'x')).toThrow('it is no JSON')
})
