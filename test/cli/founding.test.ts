import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type AllianceView, allianceViewOf } from '../../src/cli/alliance/alliance-view.ts'
import { scryptLogNOf } from '../../src/crypto/passphrase-file.ts'
import { readOwnNode, requestOf } from '../../src/node/ceremonies/founding-own.ts'
import { encodeNationFile, parseNationFile } from '../../src/node/ceremonies/nation-file.ts'
import { allianceFileOf } from '../../src/node/home/founding-alliance.ts'
import type { Home } from '../../src/node/home/home.ts'
import { type CliRun, runCli, runCliHere } from '../support/cli.ts'
import { found, makeHome, PASSPHRASE, signNation, temporaryDirectory } from '../support/nation-homes.ts'
import { hasTerminal, runOnTerminal as runTyped } from '../support/terminal.ts'

/** The commands as they are typed, with keys that are quickly opened. */

const directory = await temporaryDirectory()
const passphraseFile = join(directory.path, 'passphrase')
writeFileSync(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 })
afterAll(() => directory[Symbol.asyncDispose]())

/** A folder for each test, with homes of DEU and FRA and the request of FRA. */
let work: string
let deu: Home
let fra: Home
let count = 0

beforeEach(async () => {
  work = join(directory.path, String(count++))
  mkdirSync(work)
  deu = await makeHome(work, 'DEU', ['/ip4/127.0.0.1/tcp/7117'])
  fra = await makeHome(work, 'FRA', ['/ip4/127.0.0.2/tcp/7117'])
  writeFileSync(join(work, 'fra.json'), encodeNationFile(requestOf(await readOwnNode(fra, {}))))
})

function run(home: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliRun> {
  return runCliHere(args, { cwd: work, env: { ...homeOf(home), ...env } })
}

const homeOf = (home: string) => ({ TOCSIN_HOME: join(work, home), TOCSIN_PASSPHRASE_FILE: passphraseFile })

const runOnTerminal = (home: string, args: string, answers: Parameters<typeof runTyped>[1]) =>
  runTyped(args, answers, { cwd: work, env: homeOf(home) })

async function expectOk(running: Promise<CliRun>): Promise<CliRun> {
  const ran = await running
  expect(ran, ran.stderr).toMatchObject({ status: 0 })
  return ran
}

async function expectRefusal(running: Promise<CliRun>, code: string, status: number): Promise<string> {
  const ran = await running
  expect(ran.stderr).toContain(`error ${code}: `)
  expect(ran.status).toBe(status)
  expect(ran.stdout).toBe('')
  return ran.stderr
}

const foundByCommand = (...more: string[]) =>
  run('DEU', ['alliance', 'found', '--name', 'Exercise', 'fra.json', '--yes', ...more])

/** What `alliance found` does, with keys that stay quick to open; the file is `exercise.tocsin`. */
async function foundHere(): Promise<AllianceView> {
  const alliance = await signNation(await found([deu, fra]), deu)
  writeFileSync(join(work, 'exercise.tocsin'), allianceFileOf(alliance.evidence))
  return allianceViewOf(alliance.directory)
}

const apply = (...more: string[]) => run('FRA', ['alliance', 'apply', 'exercise.tocsin', '--yes', ...more])
const read = (path: string) => readFileSync(join(work, path), 'utf8')

describe('nation create', () => {
  const create = (home: string, ...more: string[]) => run(home, ['nation', 'create', '--nation', 'ITA', ...more])

  test('makes a home that the other commands know, and says what to do next', async () => {
    const address = '/dns4/tocsin.cert.example/tcp/7117'
    const { stderr, stdout } = await expectOk(create('ITA', '--label', 'Italy', '--address', address))
    expect(stdout).toBe('')
    expect(stderr).toContain('tocsin alliance found')
    const shown = JSON.parse((await expectOk(run('ITA', ['nation', 'show', '-o', 'json']))).stdout)
    expect(shown).toMatchObject({ nation: 'ITA', label: 'Italy', addresses: [address], documentVersion: 0 })
    expect(shown.kemWindows).toHaveLength(16)
  })

  test('says so where nobody could dial the node', async () => {
    expect((await expectOk(create('ITA'))).stderr).toContain('Nobody can dial this node')
  })

  test('makes key files on which trying passphrases is as costly as the age tool makes it', async () => {
    const args = ['nation', 'create', '--nation', 'ITA']
    await expectOk(runCli(args, { cwd: work, env: homeOf('ITA') }))
    for (const name of ['root', 'governor', 'governor-recovery']) {
      expect(scryptLogNOf(Buffer.from(read(`ITA/keys/${name}.age`)))).toBe(18)
    }
  }, 60_000)

  test('refuses a home that is there, and leaves it as it is', async () => {
    const before = read('DEU/keys/root.age')
    await expectRefusal(create('DEU'), 'home-exists', 64)
    expect(read('DEU/keys/root.age')).toBe(before)
  })

  test('refuses what is no nation and no address, before it asks for a passphrase', async () => {
    const none = { TOCSIN_PASSPHRASE_FILE: '' }
    await expectRefusal(run('X', ['nation', 'create', '--nation', 'italy'], none), 'wire-text', 65)
    await expectRefusal(
      run('X', ['nation', 'create', '--nation', 'ITA', '--listen', '10.0.0.1'], none),
      'net-address-invalid',
      64,
    )
    await expectRefusal(run('X', ['nation', 'create', '--nation', 'ITA'], none), 'passphrase-missing', 64)
    expect(existsSync(join(work, 'X'))).toBe(false)
  })

  test('refuses a passphrase that others may read', async () => {
    const open = join(work, 'open')
    writeFileSync(open, 'secret', { mode: 0o644 })
    await expectRefusal(create('X', '--passphrase-file', open), 'key-file-permissions', 64)
  })
})

describe('nation export', () => {
  test('prints a request that reads back, and the key to be compared', async () => {
    const { stdout, stderr } = await expectOk(run('FRA', ['nation', 'export']))
    const request = parseNationFile(Buffer.from(stdout), 'stdout')
    expect(request).toMatchObject({ nation: 'FRA', nodes: [{ addresses: ['/ip4/127.0.0.2/tcp/7117'] }] })
    expect(stderr.replaceAll(' ', '')).toContain(request.roots[0]!.idHex.slice(0, 32))
  })

  test('writes over no file, and needs a home', async () => {
    await expectRefusal(run('FRA', ['nation', 'export', '-O', 'fra.json']), 'file-exists', 64)
    await expectRefusal(run('X', ['nation', 'export']), 'home-missing', 64)
  })
})

describe('alliance found', () => {
  test('writes the file, installs it at home with the pin, and prints what to compare', async () => {
    const { fingerprint, words, trust } = JSON.parse((await expectOk(foundByCommand('-o', 'json'))).stdout)
    expect(fingerprint).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){5}$/)
    expect(words).toHaveLength(16)
    expect(read('DEU/trust')).toBe(`${trust}\n`)
    expect(read('exercise.tocsin')).toBe(read('DEU/alliance.tocsin'))
    const { stdout } = await expectOk(run('DEU', ['alliance', 'show']))
    expect(stdout).toContain(fingerprint)
    expect(stdout).toMatch(/FRA .* none yet/)
    await expectRefusal(foundByCommand('-O', 'second.tocsin'), 'alliance-exists', 69)
  })

  test('lets two governors sign on one machine', async () => {
    const key = join(work, 'FRA/keys/governor-recovery.age')
    const two = ['--governors', 'DEU,FRA', '-o', 'json']
    const own = join(work, 'DEU/keys/governor-recovery.age')
    await expectRefusal(foundByCommand(...two, '--governor-key', own), 'doc-threshold', 77)
    const { stdout } = await expectOk(foundByCommand(...two, '--governor-key', key))
    expect(JSON.parse(stdout)).toMatchObject({ governors: ['DEU', 'FRA'], threshold: 2 })
  })

  test('signs nothing where nobody is there to confirm it', async () => {
    const asked = run('DEU', ['alliance', 'found', '--name', 'Exercise', 'fra.json'])
    await expectRefusal(asked, 'confirmation-missing', 64)
    expectNothingDone()
  })

  test('signs nothing with a wrong passphrase', async () => {
    const wrong = join(work, 'wrong')
    writeFileSync(wrong, 'wrong', { mode: 0o600 })
    await expectRefusal(foundByCommand('--passphrase-file', wrong), 'passphrase-wrong', 64)
    expectNothingDone()
  })

  test('signs nothing where others may read a key file', async () => {
    chmodSync(join(work, 'DEU/keys/root.age'), 0o640)
    expect(await expectRefusal(foundByCommand(), 'key-file-permissions', 64)).toContain('chmod 600')
    expectNothingDone()
  })

  test('refuses a request of the wrong form, one that is not there, and a nation named twice', async () => {
    writeFileSync(join(work, 'note.txt'), 'hello')
    const withRequests = (...files: string[]) => run('DEU', ['alliance', 'found', '--name', 'X', ...files, '--yes'])
    await expectRefusal(withRequests('note.txt'), 'nation-file-malformed', 64)
    await expectRefusal(withRequests('DEU/config.yaml'), 'nation-file-malformed', 64)
    await expectRefusal(withRequests('absent.json'), 'file-unreadable', 64)
    await expectRefusal(withRequests('fra.json', 'fra.json'), 'doc-nation-repeated', 65)
    expectNothingDone()
  })

  function expectNothingDone(): void {
    for (const path of ['DEU/alliance.tocsin', 'DEU/trust', 'exercise.tocsin']) {
      expect(existsSync(join(work, path)), path).toBe(false)
    }
  }
})

describe('alliance apply', () => {
  let trust: AllianceView
  beforeEach(async () => {
    trust = await foundHere()
  })

  test('takes the alliance in once it is confirmed, and signs the own document', async () => {
    const { stdout } = await expectOk(apply('--trust', trust.fingerprint, '-o', 'json'))
    expect(JSON.parse(stdout).nations).toMatchObject([{ documentVersion: 1 }, { documentVersion: 1 }])
    const again = await expectOk(apply())
    expect(again.stderr).toContain('All of this was known here already.')
    const shown = JSON.parse((await expectOk(run('FRA', ['nation', 'show', '-o', 'json']))).stdout)
    expect(shown).toMatchObject({ alliance: 'Exercise', documentVersion: 1 })
  })

  test('takes the words and the trust string as well', async () => {
    await expectOk(run('FRA', ['alliance', 'verify', 'exercise.tocsin', '--trust', trust.words.join(' ')]))
    await expectOk(apply('--trust', trust.trust))
  })

  test.skipIf(!hasTerminal)('asks on a terminal for what the founder reads, and whether to sign', async () => {
    const answers = [
      ['He reads: ', trust.words.join(' ')],
      ['[yes/no] ', 'yes'],
    ] as const
    const { status, said } = await runOnTerminal('FRA', 'alliance apply exercise.tocsin', answers)
    expect(status, said).toBe(0)
    expect(read('FRA/trust')).toBe(`${trust.trust}\n`)
  })

  test.skipIf(!hasTerminal)('installs nothing where the answer is no', async () => {
    const answers = [['[yes/no] ', 'no']] as const
    const args = `alliance apply exercise.tocsin --trust ${trust.fingerprint}`
    const { status, said } = await runOnTerminal('FRA', args, answers)
    expect(status).toBe(64)
    expect(said).toContain('it was not confirmed, and nothing was done')
    expectNothingApplied()
  })

  test('refuses another fingerprint, naming both, and changes nothing', async () => {
    const said = await expectRefusal(
      apply('--trust', 'aaaa-bbbb-cccc-dddd-eeee-ffff'),
      'registry-fingerprint-mismatch',
      65,
    )
    expect(said).toContain('aaaa-bbbb-cccc-dddd-eeee-ffff')
    expect(said).toContain(trust.fingerprint)
    expectNothingApplied()
  })

  test('refuses to go on unconfirmed where nobody is there to ask', async () => {
    const said = await expectRefusal(apply(), 'trust-unconfirmed', 64)
    expect(said).not.toContain(trust.fingerprint)
    expectNothingApplied()
  })

  test('refuses a file of which one character is another', async () => {
    const file = JSON.parse(read('exercise.tocsin'))
    const bytes = Buffer.from(file.documents[0], 'base64')
    bytes[bytes.indexOf('Exercise')] = 0x65
    file.documents[0] = bytes.toString('base64')
    writeFileSync(join(work, 'exercise.tocsin'), JSON.stringify(file))
    await expectRefusal(apply('--trust', trust.fingerprint), 'doc-threshold', 77)
    expectNothingApplied()
  })

  test('refuses a file that is cut off', async () => {
    writeFileSync(join(work, 'exercise.tocsin'), read('exercise.tocsin').slice(0, 5000))
    await expectRefusal(apply('--trust', trust.fingerprint), 'alliance-file-malformed', 64)
    expectNothingApplied()
  })

  test('refuses to sign with a wrong passphrase, and then nothing is installed', async () => {
    const wrong = join(work, 'wrong')
    writeFileSync(wrong, 'wrong', { mode: 0o600 })
    const said = apply('--trust', trust.fingerprint, '--passphrase-file', wrong)
    await expectRefusal(said, 'passphrase-wrong', 64)
    expectNothingApplied()
  })

  test('refuses an alliance that this nation is no member of', async () => {
    await makeHome(work, 'ESP')
    const args = ['alliance', 'apply', 'exercise.tocsin', '--trust', trust.fingerprint]
    await expectRefusal(run('ESP', args), 'registry-not-member', 77)
  })

  function expectNothingApplied(): void {
    for (const path of ['FRA/alliance.tocsin', 'FRA/trust']) expect(existsSync(join(work, path)), path).toBe(false)
  }
})

describe('alliance verify', () => {
  let fingerprint: string
  beforeEach(async () => {
    fingerprint = (await foundHere()).fingerprint
  })
  const verify = (...args: string[]) => run('X', ['alliance', 'verify', ...args])

  test('exits 0 where every signature holds, and says what only --trust can tell', async () => {
    expect((await expectOk(verify('exercise.tocsin'))).stderr).toContain('only --trust can tell')
    expect((await expectOk(verify('exercise.tocsin', '--trust', fingerprint))).stderr).toContain(
      'Version 1 is the one that you named.',
    )
  })

  test('exits 1 where one does not, or where it is another alliance', async () => {
    const other = await verify('exercise.tocsin', '--trust', 'aaaa-bbbb-cccc-dddd-eeee-ffff')
    expect(other).toMatchObject({ status: 1, stderr: expect.stringContaining('registry-fingerprint-mismatch') })
    const file = JSON.parse(read('exercise.tocsin'))
    const bytes = Buffer.from(file.documents[1], 'base64')
    bytes[bytes.indexOf('/ip4/127') + 5]! ^= 1
    file.documents[1] = bytes.toString('base64')
    writeFileSync(join(work, 'altered.tocsin'), JSON.stringify(file))
    expect(await verify('altered.tocsin')).toMatchObject({ status: 1, stdout: '' })
  })

  test('exits 2 where it cannot be judged', async () => {
    expect(await verify('fra.json')).toMatchObject({ status: 2, stdout: '' })
    expect(await verify('absent.tocsin')).toMatchObject({ status: 2, stdout: '' })
  })
})
