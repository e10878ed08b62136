import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkHouse, describeFinding } from '../../scripts/architecture/house.ts'

const root = join(import.meta.dirname, '../..')

function readHouse(): Map<string, string> {
  const paths = globSync('{src,test,scripts}/**/*.{ts,mjs,cjs}', { cwd: root }).filter(
    path => !path.startsWith('src/wire/gen/'),
  )
  return new Map(paths.map(path => [path, readFileSync(join(root, path), 'utf8')]))
}

const manifest: { dependencies: Record<string, string> } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The findings on made-up files, as `path: rule: detail`. */
function check(files: Record<string, string>): string[] {
  return checkHouse(new Map(Object.entries(files)), new Set(['level', '@noble/hashes'])).map(describeFinding)
}

test('the house keeps its rules', () => {
  const files = readHouse()
  expect(files.size).toBeGreaterThan(10)
  expect(checkHouse(files, new Set(Object.keys(manifest.dependencies))).map(describeFinding)).toEqual([])
})

describe('the check finds', () => {
  const cases: readonly [title: string, files: Record<string, string>, expected: string][] = [
    [
      'an arrow that runs back',
      { 'src/base/bytes.ts': "import { x } from '../wire/codec.ts'" },
      'src/base/bytes.ts:1: arrow: base imports wire, which comes after it',
    ],
    [
      'an arrow that runs back for a type alone',
      { 'src/store/entries.ts': "\nimport type { X } from '../node/port.ts'" },
      'src/store/entries.ts:2: arrow: store imports node, which comes after it',
    ],
    [
      'a node that knows the api',
      { 'src/node/ingest.ts': "import type { X } from '../api/port.ts'" },
      'src/node/ingest.ts:1: arrow: node imports api, which comes after it',
    ],
    [
      'an arrow that runs back in a re-export',
      { 'src/chain/verify.ts': "export { x } from '../sync/pull.ts'" },
      'src/chain/verify.ts:1: arrow: chain imports sync, which comes after it',
    ],
    [
      'an arrow that runs back in a dynamic import',
      { 'src/store/open.ts': "await import('../node/daemon.ts')" },
      'src/store/open.ts:1: arrow: store imports node, which comes after it',
    ],
    [
      'a store that knows the net',
      { 'src/store/entries.ts': "import { x } from '../net/gater.ts'" },
      'src/store/entries.ts:1: arrow: store and net do not know each other',
    ],
    [
      'a net that knows the store',
      { 'src/net/gossip.ts': "import { x } from '../store/entries.ts'" },
      'src/net/gossip.ts:1: arrow: net and store do not know each other',
    ],
    [
      'source that imports a test',
      { 'src/node/a.ts': "import { x } from '../../test/unit/fixture.ts'" },
      'src/node/a.ts:1: arrow: node imports test/unit/fixture.ts, which is not in a folder of src',
    ],
    [
      'a folder that is not in the plan',
      { 'src/extra/a.ts': '' },
      'src/extra/a.ts:1: folder: extra is no folder of the house for code',
    ],
    [
      'a file beside the folders',
      { 'src/main.ts': '' },
      'src/main.ts:1: folder: src is no folder of the house for code',
    ],
    [
      'a circle between two files',
      { 'src/wire/a.ts': "import { b } from './b.ts'", 'src/wire/b.ts': "import { a } from './a.ts'" },
      'src/wire/a.ts: circle: src/wire/a.ts → src/wire/b.ts → src/wire/a.ts',
    ],
    [
      'a circle between two folders of one row',
      { 'src/wire/a.ts': "import { b } from '../crypto/b.ts'", 'src/crypto/c.ts': "import { d } from '../wire/d.ts'" },
      'wire: circle: wire → crypto → wire',
    ],
    [
      'a circle between two rooms of a folder',
      {
        'src/node/audit/a.ts': "import { b } from '../home/b.ts'",
        'src/node/home/c.ts': "import { d } from '../audit/d.ts'",
      },
      'node/audit: circle: node/audit → node/home → node/audit',
    ],
    [
      'a built-in module in a pure folder',
      { 'src/wire/a.ts': "import { x } from 'node:fs'" },
      'src/wire/a.ts:1: pure: imports node:fs',
    ],
    [
      'node:crypto outside of crypto',
      { 'src/chain/a.ts': "import { x } from 'node:crypto'" },
      'src/chain/a.ts:1: pure: imports node:crypto',
    ],
    [
      'randomness by name',
      { 'src/crypto/a.ts': "import { randomBytes } from 'node:crypto'" },
      'src/crypto/a.ts:1: pure: imports randomBytes from node:crypto',
    ],
    [
      'randomness through a namespace',
      { 'src/crypto/a.ts': "import * as c from 'node:crypto'\nc.randomBytes(3)" },
      'src/crypto/a.ts:2: pure: uses randomBytes',
    ],
    [
      'a package that does I/O',
      { 'src/sync/a.ts': "import { Level } from 'level'" },
      'src/sync/a.ts:1: pure: imports level, which does I/O',
    ],
    [
      'a built-in module in what a browser runs',
      {
        'src/audit/a.ts': "import { b } from '../crypto/b.ts'",
        'src/crypto/b.ts': "import { hash } from 'node:crypto'",
      },
      'src/crypto/b.ts:1: portable: imports node:crypto, and a browser runs it: src/audit/a.ts → src/crypto/b.ts',
    ],
    [
      'a package in what a browser runs',
      { 'src/verifier/a.ts': "import { Level } from 'level'" },
      'src/verifier/a.ts:1: portable: imports level, and a browser runs it: src/verifier/a.ts',
    ],
    ['a clock', { 'src/chain/a.ts': 'export const x = () => Date.now()' }, 'src/chain/a.ts:1: pure: uses Date.now'],
    ['a clock by another notation', { 'src/chain/a.ts': "Date['now']()" }, 'src/chain/a.ts:1: pure: uses Date.now'],
    [
      'the present time',
      { 'src/chain/a.ts': 'export const x = new Date()' },
      'src/chain/a.ts:1: pure: uses the present time by Date()',
    ],
    ['chance', { 'src/policy/a.ts': 'Math.random()' }, 'src/policy/a.ts:1: pure: uses Math.random'],
    ['a stopwatch', { 'src/merkle/a.ts': 'performance.now()' }, 'src/merkle/a.ts:1: pure: uses performance'],
    ['the process', { 'src/formats/a.ts': 'const { env } = process' }, 'src/formats/a.ts:1: pure: uses process'],
    [
      'the process in an object',
      { 'src/formats/a.ts': 'f({ process }, [x])' },
      'src/formats/a.ts:1: pure: uses process',
    ],
    ['a timer', { 'src/sync/a.ts': 'setTimeout(f, 1)' }, 'src/sync/a.ts:1: pure: uses setTimeout'],
    ['a log line', { 'src/indicator/a.ts': "console.log('x')" }, 'src/indicator/a.ts:1: pure: uses console'],
    ['a request', { 'src/registry/a.ts': 'fetch(url)' }, 'src/registry/a.ts:1: pure: uses fetch'],
    ['WebCrypto without import', { 'src/wire/a.ts': 'crypto.subtle' }, 'src/wire/a.ts:1: pure: uses crypto'],
    ['a default export', { 'src/base/a.ts': 'export default 1' }, 'src/base/a.ts:1: export: a default export'],
    [
      'a barrel',
      { 'test/unit/a.ts': "export * from './b.ts'" },
      'test/unit/a.ts:1: export: exports all of another module',
    ],
    [
      'a file of 401 lines',
      { 'src/base/a.ts': 'f()\n'.repeat(401) },
      'src/base/a.ts:1: length: 401 lines, more than 400',
    ],
    [
      'a name in camelCase',
      { 'src/base/someBytes.ts': '' },
      'src/base/someBytes.ts:1: file-name: someBytes.ts is not in kebab-case',
    ],
    [
      'a name that says nothing',
      { 'scripts/utils.ts': '' },
      'scripts/utils.ts:1: file-name: utils.ts names no concept',
    ],
    ['the type any', { 'test/unit/a.test.ts': 'const x = y as any' }, 'test/unit/a.test.ts:1: any: the type any'],
    ['a muted type error', { 'src/cli/a.ts': '// @ts-ignore: later' }, 'src/cli/a.ts:1: suppression: @ts-ignore'],
    [
      'an expected type error',
      { 'src/cli/a.ts': '/* @ts-expect-error */' },
      'src/cli/a.ts:1: suppression: @ts-expect-error',
    ],
    [
      'a package that is not published along',
      { 'src/cli/a.ts': "import { test } from 'vitest/node'" },
      'src/cli/a.ts:1: package: vitest is not among the dependencies',
    ],
  ]
  test.each(cases)('%s', (_title, files, expected) => {
    expect(check(files)).toEqual([expected])
  })
})

describe('the check lets pass', () => {
  const cases: readonly [title: string, files: Record<string, string>][] = [
    [
      'imports along the order',
      { 'src/chain/a.ts': "import { x } from '../registry/b.ts'\nimport { y } from './c.ts'" },
    ],
    ['an api that offers what the node provides', { 'src/api/a.ts': "import type { X } from '../node/b.ts'" }],
    [
      'a room that asks the root of its folder, which composes it',
      {
        'src/node/daemon.ts': "import { a } from './status/a.ts'",
        'src/node/status/b.ts': "import type { Node } from '../daemon.ts'",
      },
    ],
    ['node:crypto in crypto', { 'src/crypto/a.ts': "import { hkdfSync } from 'node:crypto'" }],
    ['built-in modules and the clock where I/O lives', { 'src/net/a.ts': "import { x } from 'node:net'\nDate.now()" }],
    ['a parameter called process', { 'src/sync/a.ts': 'export const x = (process: string) => process.length' }],
    [
      'a parameter with a default called console',
      { 'src/wire/a.ts': 'export const x = (console = silent) => console.log(1)' },
    ],
    ['a variable called crypto', { 'src/wire/a.ts': 'const { crypto } = ports\ncrypto.seal()' }],
    ['a member called process', { 'src/wire/a.ts': 'queue.process()\nexport const x = { fetch: 1 }' }],
    ['a date made of a number', { 'src/formats/a.ts': 'new Date(timeMs).toISOString()' }],
    ['the default export of a configuration', { 'vitest.config.ts': 'export default 1' }],
    ['a package of the dependencies', { 'src/base/a.ts': "import { sha256 } from '@noble/hashes/sha2.js'" }],
    [
      'a type of a file that is not portable in one that is',
      {
        'src/audit/a.ts': "import type { B } from '../crypto/b.ts'\nimport { x } from '@noble/hashes/sha2.js'",
        'src/crypto/b.ts': "import { hash } from 'node:crypto'",
      },
    ],
    ['a long test', { 'test/unit/a.test.ts': 'f()\n'.repeat(401) }],
    ['any as a word', { 'src/base/a.ts': "// any of them\nexport const any = 'any'" }],
  ]
  test.each(cases)('%s', (_title, files) => {
    expect(check(files)).toEqual([])
  })
})
