import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allianceFileOf } from '../../src/node/home/founding-alliance.ts'
import { homeAt } from '../../src/node/home/home.ts'
import { openStore } from '../../src/store/open.ts'
import { runCliHere } from '../support/cli.ts'
import { found, makeHome, PASSPHRASE, signNation } from '../support/nation-homes.ts'

const root = mkdtempSync(join(tmpdir(), 'tcs-backup-'))
const at = (name: string) => join(root, name)
const AGE = 'age'
const KEYGEN = 'age-keygen'
const passphrase = at('passphrase')
const HOME = at('AAA')

const run = (...args: string[]) =>
  runCliHere(['--home', HOME, ...args], { cwd: root, env: { TOCSIN_PASSPHRASE_FILE: passphrase } })
const withoutPassphrase = (...args: string[]) => runCliHere(['--home', HOME, ...args], { cwd: root })

/** Undefined where this machine has no `age`. */
function ageKey(): { readonly identity: string; readonly recipient: string } | undefined {
  try {
    const identity = at('identity')
    execFileSync(KEYGEN, ['-o', identity], { stdio: 'pipe' })
    return { identity, recipient: execFileSync(KEYGEN, ['-y', identity]).toString().trim() }
  } catch {
    return undefined
  }
}

const keys = ageKey()

beforeAll(async () => {
  writeFileSync(passphrase, PASSPHRASE, { mode: 0o600 })
  const home = await makeHome(root, 'AAA')
  writeFileSync(home.alliance, allianceFileOf((await signNation(await found([home]), home)).evidence), { mode: 0o600 })
  await using store = await openStore(home.data)
  await store.commit({ notes: new Map([['kept', new TextEncoder().encode('yes')]]) })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('backup and restore', () => {
  test('bring a home back, whole, without KEM keys unless their escrow is given', async () => {
    expect(await run('backup', 'b.age', '--escrow', 'kem.age')).toMatchObject({ status: 0, stdout: '' })
    expect(statSync(at('b.age')).mode & 0o777).toBe(0o600)
    const verified = await run('restore', 'b.age', '--verify', '-o', 'json')
    expect(verified.status).toBe(0)
    expect(JSON.parse(verified.stdout)).toMatchObject({
      header: { nation: 'AAA' },
      holdsKeys: true,
      store: { lost: 0 },
    })

    const bare = homeAt(at('bare'), {})
    expect((await run('--home', bare.path, 'restore', 'b.age')).status).toBe(0)
    const whole = homeAt(at('whole'), {})
    expect((await run('--home', whole.path, 'restore', 'b.age', '--escrow', 'kem.age')).status).toBe(0)
    const original = homeAt(HOME, {})
    for (const restored of [bare, whole]) {
      for (const file of ['config', 'nation', 'alliance', 'nodeKeys', 'policy'] as const) {
        expect(readFileSync(restored[file])).toEqual(readFileSync(original[file]))
      }
      expect(readdirSync(restored.keys).sort()).toEqual(['kem.keys', 'node.keys'])
      await using store = await openStore(restored.data)
      expect(await store.note('kept')).toBeDefined()
      expect(store.audit().next).toBeGreaterThan(0)
    }
    expect(readFileSync(whole.kemKeys)).toEqual(readFileSync(original.kemKeys))
    const secrets = readFileSync(original.kemKeys, 'utf8').match(/^kem: .*$/gm)!
    expect(readFileSync(bare.kemKeys, 'utf8')).not.toContain(secrets[0])
  })

  const title = 'hold no KEM secret, and no key of people, even for who can open them'
  test.skipIf(keys === undefined)(keys ? title : `${title} (skipped: there is no age on this machine)`, async () => {
    if (keys === undefined) return
    expect((await withoutPassphrase('backup', 'r.age', '--recipient', keys.recipient)).status).toBe(0)
    const plain = execFileSync(AGE, ['-d', '-i', keys.identity, at('r.age')])
    expect(plain.subarray(0, 16).toString()).toBe('tocsin-backup/1\n')
    const kem = readFileSync(homeAt(HOME, {}).kemKeys, 'utf8').match(/[A-Za-z0-9+/=_-]{40,}/g)!
    expect(kem.length).toBeGreaterThan(0)
    for (const secret of kem) expect(plain.includes(secret)).toBe(false)
    expect(plain.includes('AGE ENCRYPTED')).toBe(false)
    const verified = await withoutPassphrase('restore', 'r.age', '--verify', '--identity', keys.identity)
    expect(verified).toMatchObject({ status: 0 })
  })

  test('leave the keys of the node out where that is asked for', async () => {
    expect((await run('backup', 'n.age', '--without-keys')).status).toBe(0)
    const { stdout } = await run('restore', 'n.age', '--verify', '-o', 'json')
    expect(JSON.parse(stdout)).toMatchObject({ holdsKeys: false })
  })

  test('refuse what is cut off, altered, no backup, for others, or there already, and leave nothing', async () => {
    await run('backup', 'x.age')
    const bytes = readFileSync(at('x.age'))
    const altered = Buffer.from(bytes)
    altered[bytes.length - 100]! ^= 1
    writeFileSync(at('altered.age'), altered)
    writeFileSync(at('cut.age'), bytes)
    truncateSync(at('cut.age'), bytes.length - 3000)
    writeFileSync(at('other'), 'wrong', { mode: 0o600 })
    writeFileSync(at('none.age'), 'nothing of the kind')
    const home = at('refused')
    const refusals: [string[], string][] = [
      [['restore', 'altered.age'], 'backup-altered'],
      [['restore', 'cut.age'], 'backup-altered'],
      [['restore', 'none.age'], 'backup-malformed'],
      [['restore', 'missing.age'], 'file-unreadable'],
      [['restore', 'x.age', '--passphrase-file', 'other'], 'passphrase-wrong'],
      [['restore', 'x.age', '--escrow', 'x.age'], 'key-file-malformed'],
    ]
    for (const [args, code] of refusals) {
      const { status, stderr } = await run('--home', home, ...args)
      expect(status, args.join(' ')).toBeGreaterThanOrEqual(64)
      expect(stderr).toContain(code)
      expect(readdirSync(root).filter(name => name.startsWith('refused'))).toEqual([])
    }
    expect((await run('restore', 'x.age')).stderr).toContain('restore-home-used')
    expect((await run('backup', 'x.age')).stderr).toContain('file-exists')
    expect((await run('backup')).stderr).toContain('usage-invalid')
    expect((await withoutPassphrase('backup', 'y.age', '--recipient', 'age1no')).stderr).toContain('backup-recipient')
    expect((await withoutPassphrase('backup', 'y.age')).stderr).toContain('passphrase-missing')
    expect(readdirSync(root)).not.toContain('y.age')
  })
})

describe('the store of a home', () => {
  test('is checked and repaired without the daemon', async () => {
    expect((await run('store', 'check')).status).toBe(0)
    const { data } = homeAt(HOME, {})
    const table = join(data, readdirSync(data).find(name => name.endsWith('.ldb'))!)
    const bytes = readFileSync(table)
    bytes[10]! ^= 1
    writeFileSync(table, bytes)
    const found = await run('store', 'check', '-o', 'json')
    expect(found.status).toBe(1)
    expect(JSON.parse(found.stdout)).toMatchObject({ lost: 1, faults: [{ record: 'file' }] })
    expect((await run('store', 'repair')).status).toBe(0)
    expect((await run('store', 'check')).status).toBe(0)
  })

  test('says what an upgrade would do', async () => {
    const { status, stdout } = await run('upgrade', '--check', '-o', 'json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ format: 2, known: 2, migration: 'none', downgrade: 'possible' })
    expect((await run('upgrade')).stderr).toContain('usage-invalid')
  })
})
