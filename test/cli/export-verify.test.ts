import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import type { Ed25519Signer } from '../../src/crypto/signer.ts'
import { allianceFileOf } from '../../src/node/home/founding-alliance.ts'
import { type Home, readNodeKeys } from '../../src/node/home/home.ts'
import { encodeManifest } from '../../src/node/outlets/export-manifest.ts'
import { fingerprint, trustOf } from '../../src/registry/trust-string.ts'
import { runCliHere } from '../support/cli.ts'
import { found, makeHome, signNation, temporaryDirectory } from '../support/nation-homes.ts'

const root = await temporaryDirectory()
const at = (name: string) => join(root.path, name)
let home: Home
let signer: Ed25519Signer
let alliance: string
let trust: string

beforeAll(async () => {
  home = await makeHome(root.path, 'AAA')
  const founded = await signNation(await found([home]), home)
  writeFileSync(home.alliance, allianceFileOf(founded.evidence), { mode: 0o600 })
  alliance = toHex(founded.directory.allianceId)
  trust = fingerprint(trustOf(founded.directory.registry))
  signer = createEd25519Signer((await readNodeKeys(home)).inner!.signSeed)
})
afterAll(() => root[Symbol.asyncDispose]())

function write(path: string, files: Readonly<Record<string, string>>, by = signer, staleMs = Date.now() + 3_600_000) {
  const isFile = Object.keys(files).join() === basename(path)
  if (!isFile) mkdirSync(path)
  for (const [name, text] of Object.entries(files)) writeFileSync(isFile ? path : join(path, name), text)
  const listed = Object.entries(files).map(([name, text]) => ({
    ...{ name, sha256: toHex(sha256(utf8(text))), bytes: utf8(text).length },
  }))
  const times = { madeMs: 1, checkedMs: 2, staleMs }
  const said = { name: 'plain', format: 'plain', serial: 7, indicators: 1, files: listed, held: 0, behind: [] }
  const who = { alliance, nation: 'AAA', node: toHex(by.publicKey) }
  writeFileSync(`${path}.manifest`, encodeManifest({ ...who, ...said, ...times }, by))
  return path
}

async function verify(path: string, ...args: readonly string[]) {
  const withHome = args.includes('--alliance') ? [] : ['--home', home.path]
  const { status, stdout, stderr } = await runCliHere([...withHome, 'export', 'verify', path, ...args, '-o', 'json'])
  return { status, said: stdout === '' ? {} : JSON.parse(stdout), stderr }
}

test('a file that is what the node has written is good, with the home and without one', async () => {
  const path = write(at('good.txt'), { 'good.txt': 'evil.example\n' })
  const good = { status: 0, said: { name: 'plain', nation: 'AAA', serial: 7, keyStatus: 'ACTIVE', stale: false } }
  expect(await verify(path)).toMatchObject(good)
  expect(await verify(path, '--of', 'plain')).toMatchObject(good)
  expect(await verify(path, '--alliance', home.alliance, '--trust', trust)).toMatchObject(good)
})

test('one that is too old is told by its exit status', async () => {
  const path = write(at('old.txt'), { 'old.txt': 'evil.example\n' }, signer, Date.now() - 1)
  expect(await verify(path)).toMatchObject({ status: 1, said: { stale: true } })
})

test.each([
  ['altered', (path: string) => writeFileSync(path, 'evil.example\nours.example\n'), 'export-file-altered'],
  ['cut', (path: string) => writeFileSync(path, ''), 'export-file-altered'],
  [
    'made younger',
    (path: string) => {
      const text = readFileSync(`${path}.manifest`, 'utf8')
      writeFileSync(`${path}.manifest`, text.replace(/"staleMs": \d+/, '"staleMs": 9999999999999'))
    },
    'export-manifest-forged',
  ],
  [
    'unsigned',
    (path: string) => writeFileSync(`${path}.manifest`, '{"format":"tocsin-export/1"}'),
    'export-manifest-malformed',
  ],
])('a file that is %s is refused', async (what, spoil, code) => {
  const name = `${what.replace(' ', '-')}.txt`
  const path = write(at(name), { [name]: 'evil.example\n' })
  spoil(path)
  expect(await verify(path)).toMatchObject({ status: 65, stderr: expect.stringContaining(code) })
})

test('what another key has signed, another export, and another file are not taken for it', async () => {
  const forged = write(at('forged.txt'), { 'forged.txt': 'x\n' }, createEd25519Signer(sha256(utf8('somebody'))))
  expect(await verify(forged)).toMatchObject({ stderr: expect.stringContaining('export-manifest-forged') })
  const path = write(at('one.txt'), { 'one.txt': 'x\n' })
  expect(await verify(path, '--of', 'rpz')).toMatchObject({
    stderr: expect.stringContaining('export-manifest-forged'),
  })
  for (const suffix of ['', '.manifest']) writeFileSync(`${at('two.txt')}${suffix}`, readFileSync(`${path}${suffix}`))
  expect(await verify(at('two.txt'))).toMatchObject({ stderr: expect.stringContaining('export-file-altered') })
  const other = `${trust.slice(0, -1)}${trust.endsWith('a') ? 'b' : 'a'}`
  expect((await verify(path, '--alliance', home.alliance, '--trust', other)).status).not.toBe(0)
  expect(await verify(path, '--trust', trust, '--home', home.path)).toMatchObject({
    stderr: expect.stringContaining('usage-invalid'),
  })
})

test('a folder is good as a whole alone', async () => {
  const path = write(at('folder'), { 'a.rules': 'a\n', 'b.lst': 'b\n' })
  expect(await verify(path)).toMatchObject({ status: 0, said: { files: 2 } })
  writeFileSync(join(path, 'c.rules'), 'pass\n')
  expect(await verify(path)).toMatchObject({ stderr: expect.stringContaining('export-file-altered') })
})
