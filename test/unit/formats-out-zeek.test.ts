import { expect, test } from 'vitest'
import { zeek } from '../../src/formats/out/zeek.ts'
import { exportContext, exported, exportedIndicator } from '../support/exported.ts'

const HEADER = '#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\tmeta.do_notice\tmeta.remove'
const SAID = 'NLD, TLP:GREEN, score 70'

function linesOf(...indicators: Parameters<typeof exportedIndicator>[]): readonly string[] {
  const { files } = exported(
    zeek,
    indicators.map(one => exportedIndicator(...one)),
  )
  return files.get('')!.split('\n').slice(1, -1)
}

test('has the header that Zeek reads, and a line for each indicator', () => {
  const { files } = exported(zeek, [
    exportedIndicator('cidr', '192.0.2.0/24'),
    exportedIndicator('domain', 'evil.example', { nations: ['DEU', 'NLD'], claim: { name: 'Evil' } }),
    exportedIndicator('ipv6', '2001:db8::1'),
    exportedIndicator('sha256', 'ab'.repeat(32)),
  ])
  expect(files.get('')).toBe(`${HEADER}
192.0.2.0/24\tIntel::SUBNET\ttocsin\t${SAID}\t-\tF\tF
evil.example\tIntel::DOMAIN\ttocsin\tDEU, NLD, TLP:GREEN, score 70: Evil\t-\tF\tF
2001:db8::1\tIntel::ADDR\ttocsin\t${SAID}\t-\tF\tF
${'ab'.repeat(32)}\tIntel::FILE_HASH\ttocsin\t${SAID}\t-\tF\tF
`)
})

test('URLs stand as they are seen: no scheme, user or fragment; each scheme has a source of its own', () => {
  expect(
    linesOf(
      ['url', 'http://a:b@evil.example:8080/x?y=1#z'],
      ['url', 'https://evil.example/'],
      ['url', 'http://[2001:db8::1]/@'],
    ),
  ).toEqual([
    `evil.example:8080/x?y=1\tIntel::URL\ttocsin\t${SAID}\t-\tF\tF`,
    `evil.example/\tIntel::URL\ttocsin-https\t${SAID}\t-\tF\tF`,
    `[2001:db8::1]/@\tIntel::URL\ttocsin\t${SAID}\t-\tF\tF`,
  ])
})

test('what would end a line or a cell, or be read as something else, is escaped', () => {
  expect(
    linesOf(['filename', '-'], ['filename', '#fields'], ['filename', '(empty)'], ['filename', 'a\u0085b\u202e']),
  ).toEqual([
    `\\x2d\tIntel::FILE_NAME\ttocsin\t${SAID}\t-\tF\tF`,
    `\\x23fields\tIntel::FILE_NAME\ttocsin\t${SAID}\t-\tF\tF`,
    `\\x28empty)\tIntel::FILE_NAME\ttocsin\t${SAID}\t-\tF\tF`,
    `a\\xc2\\x85b\\xe2\\x80\\xae\tIntel::FILE_NAME\ttocsin\t${SAID}\t-\tF\tF`,
  ])
  expect(
    linesOf(['domain', 'evil.example', { claim: { description: 'a\tb\nevil2.example\tIntel::DOMAIN\\x' } }]),
  ).toEqual([
    `evil.example\tIntel::DOMAIN\ttocsin\t${SAID}: a\\x09b\\x0aevil2.example\\x09Intel::DOMAIN\\x5cx\t-\tF\tF`,
  ])
})

test('what left is said to leave, under the source that said it', () => {
  const writer = zeek.start(exportContext({ parameters: { source: 'cert', notice: 'yes' } }))
  expect(writer.remove!({ type: 'url', value: 'https://evil.example/a' })).toEqual({
    pieces: [{ file: '', text: 'evil.example/a\tIntel::URL\tcert-https\t-\t-\tF\tT\n' }],
  })
  expect(writer.add(exportedIndicator('ipv4', '192.0.2.1'))).toEqual({
    pieces: [{ file: '', text: `192.0.2.1\tIntel::ADDR\tcert\t${SAID}\t-\tT\tF\n` }],
  })
})

test('a certificate that is not named by SHA-1 is left out, and it is said', () => {
  const { left } = exported(zeek, [exportedIndicator('x509-fingerprint', 'ab'.repeat(32))])
  expect([...left.values()]).toEqual(['Zeek knows certificates by their SHA-1 alone'])
})
