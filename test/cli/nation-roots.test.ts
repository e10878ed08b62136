import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { openKeyFile } from '../../src/node/ceremonies/founding-keys.ts'
import { parseNationFile } from '../../src/node/ceremonies/nation-file.ts'
import { parseRootFile } from '../../src/node/ceremonies/root-file.ts'
import type { Home } from '../../src/node/home/home.ts'
import { ask, temporaryDirectory } from '../support/nation-homes.ts'
import { contentsOf, createDesk, type Desk, expectOk, expectRefusal, inForceAt } from '../support/typed-commands.ts'

/** Several root keys of one nation, each on the machine of its holder: a folder that has no home. */

const DEU = parseNationId('DEU')
const directory = await temporaryDirectory()
afterAll(() => directory[Symbol.asyncDispose]())

let work: string
let deu: Home
let run: Desk['run']
let count = 0
const path = (name: string) => join(work, name)
const inForce = () => inForceAt(deu)
const rootOf = (name: string) => parseRootFile(readFileSync(path(`${name}.json`)), name, DEU)

beforeEach(async () => {
  work = join(directory.path, String(count++))
  ;({ deu, run } = await createDesk(work))
})

/** A holder makes its key, and hands the public half over. */
async function makeKey(holder: string): Promise<void> {
  mkdirSync(path(holder))
  await expectOk(run(holder, `nation root new ${holder}/root.age --nation DEU -O ${holder}.json`))
}

/** Signs at the places of the holders, and puts it in force at home. */
async function signAt(holders: readonly string[], stem: string): Promise<void> {
  for (const holder of holders) {
    const key = holder === 'DEU' ? '' : ` --key ${holder}/root.age`
    await expectOk(run(holder, `alliance sign ${stem}.proposal${key} --yes -O ${stem}.${holder}.signature`))
  }
  const signatures = holders.map(holder => `${stem}.${holder}.signature`).join(' ')
  await expectOk(run('DEU', `alliance assemble ${stem}.proposal ${signatures} -O ${stem}.tocsin`))
  await expectOk(run('DEU', `alliance apply ${stem}.tocsin`))
}

describe('nation root new', () => {
  test('leaves the secret where it is made, and prints the public half of it', async () => {
    const { stdout, stderr } = await expectOk(run('nowhere', 'nation root new second.age --nation DEU'))
    const root = parseRootFile(Buffer.from(stdout), 'stdout', DEU)
    const { signer, secrets } = await openKeyFile(path('second.age'), ask)
    expect([signer.key.idHex, secrets.kind, secrets.nation]).toEqual([root.idHex, 'root', 'DEU'])
    expect(stderr.replaceAll(' ', '')).toContain(root.idHex.slice(0, 32))
    expect(stdout).not.toContain(toHex(secrets.ed25519Seed))
    expect(existsSync(path('nowhere'))).toBe(false)
  })

  test('writes over no file, and leaves no key behind whose public half could not be written', async () => {
    writeFileSync(path('there'), '')
    await expectRefusal(run('nowhere', 'nation root new there --nation DEU'), 'file-exists', 64)
    await expectRefusal(run('nowhere', 'nation root new second.age --nation DEU -O there'), 'file-exists', 64)
    await expectRefusal(
      run('nowhere', 'nation root new second.age --nation DEU -O there/x.json'),
      'file-unwritable',
      64,
    )
    await expectRefusal(run('nowhere', 'nation root new second.age --nation deu'), 'wire-text', 65)
    expect(existsSync(path('second.age'))).toBe(false)
  })
})

describe('a nation with three root keys, two of which sign', () => {
  beforeEach(async () => {
    await makeKey('second')
    await makeKey('third')
    const { stderr } = await expectOk(run('DEU', 'nation root add second.json third.json --threshold 2 --yes'))
    expect(stderr).toContain('Nothing is changed yet')
    // the old root key alone may not bring in keys whose holders have not signed
    await expectOk(run('DEU', 'alliance sign exercise-deu-v2.proposal --yes -O one.signature'))
    const alone = await run('DEU', 'alliance assemble exercise-deu-v2.proposal one.signature')
    expect(alone.stderr).toContain('error proposal-incomplete: 1 of 2')
    await signAt(['DEU', 'second'], 'exercise-deu-v2')
  })

  test('names them in its document, in "nation show" and in its request', async () => {
    const { roots, rootThreshold } = await inForce()
    expect([roots.length, rootThreshold]).toEqual([3, 2])
    expect(roots.slice(1).map(({ idHex }) => idHex)).toEqual(['second', 'third'].map(name => rootOf(name).idHex))
    const shown = JSON.parse((await expectOk(run('DEU', 'nation show -o json'))).stdout)
    expect(shown).toMatchObject({ rootThreshold: 2, rootKeyIds: roots.map(({ idHex }) => idHex) })
    const request = parseNationFile(Buffer.from((await expectOk(run('DEU', 'nation export'))).stdout), 'request')
    expect([request.roots.map(({ idHex }) => idHex), request.rootThreshold]).toEqual([shown.rootKeyIds, 2])
  })

  test('replaces one of them by the signatures of the other two, at two places', async () => {
    const gone = (await inForce()).roots[0]!.idHex
    await makeKey('fourth')
    await expectOk(run('DEU', `nation root remove ${gone.slice(0, 8)} --propose --yes -O remove.proposal`))
    await signAt(['second', 'third'], 'remove')
    expect((await inForce()).roots.map(({ idHex }) => idHex)).not.toContain(gone)
    // the key that is gone has no say any more
    await expectOk(run('DEU', 'nation root add fourth.json --yes -O add.proposal'))
    await expectRefusal(run('DEU', 'alliance sign add.proposal --yes'), 'key-file-other', 64)
    await signAt(['second', 'third'], 'add')
    const { roots, rootThreshold, version } = await inForce()
    expect([roots.length, rootThreshold, version]).toEqual([3, 2, 4])
  })

  test('raises the threshold, which then counts', async () => {
    await expectOk(run('DEU', 'nation root threshold 3 --yes -O all.proposal'))
    for (const holder of ['DEU', 'second']) {
      const key = holder === 'DEU' ? '' : ` --key ${holder}/root.age`
      await expectOk(run(holder, `alliance sign all.proposal${key} --yes -O all.${holder}.signature`))
    }
    // two of the version before are enough for that one, and not for the new one
    const two = await run('DEU', 'alliance assemble all.proposal all.DEU.signature all.second.signature')
    expect(two.stderr).toContain('2 of 3')
    await signAt(['third'], 'all')
    expect((await inForce()).rootThreshold).toBe(3)
  })

  test('signs at once where the key files are at one place, and goes back to one key', async () => {
    const two = `--root-key ${deu.rootKey} --root-key second/root.age --yes`
    const before = contentsOf(deu)
    await expectRefusal(run('DEU', `nation root threshold 1 --root-key ${deu.rootKey} --yes`), 'doc-threshold', 77)
    const same = '--root-key second/root.age --root-key second/root.age --yes'
    await expectRefusal(run('DEU', `nation root threshold 1 ${same}`), 'doc-threshold', 77)
    expect(contentsOf(deu)).toEqual(before)
    const others = ['second', 'third'].map(name => rootOf(name).idHex).join(' ')
    await expectOk(run('DEU', `nation root remove ${others} --threshold 1 ${two}`))
    await expectOk(run('DEU', 'nation renew --yes'))
    expect(await inForce()).toMatchObject({ version: 4, rootThreshold: 1, roots: [{}] })
  })

  test('is refused what could not be met, and nothing is changed', async () => {
    const before = contentsOf(deu)
    const [first] = (await inForce()).roots
    const all = ['second', 'third'].map(name => rootOf(name).idHex)
    for (const [change, code, status] of [
      ['threshold 4', 'nation-root-threshold', 64],
      ['threshold 0', 'usage-invalid', 64],
      ['threshold 2', 'nation-change-void', 69],
      [`remove ${all.join(' ')}`, 'nation-root-threshold', 64],
      [`remove ${[first!.idHex, ...all].join(' ')}`, 'nation-last-root', 64],
      ['remove 00000000', 'nation-root-unknown', 64],
      ['add second.json', 'nation-change-void', 69],
      ['add exercise-deu-v2.DEU.signature', 'root-file-malformed', 64],
      ['add second/root.age', 'root-file-malformed', 64],
      ['add absent.json', 'file-unreadable', 64],
    ] as const) {
      await expectRefusal(run('DEU', `nation root ${change} --yes`), code, status)
    }
    mkdirSync(path('other'))
    await expectOk(run('other', 'nation root new other/root.age --nation FRA -O fra-root.json'))
    await expectRefusal(run('DEU', 'nation root add fra-root.json --yes'), 'root-file-other', 64)
    expect(contentsOf(deu)).toEqual(before)
  })

  test('replaces the root key of this home alone with "nation rotate root"', async () => {
    const before = (await inForce()).roots.map(({ idHex }) => idHex)
    await expectOk(run('DEU', `nation rotate root --yes --root-key ${deu.rootKey} --root-key second/root.age`))
    const { roots, rootThreshold } = await inForce()
    expect(roots.map(({ idHex }) => idHex).filter(id => before.includes(id))).toEqual(before.slice(1))
    expect(rootThreshold).toBe(2)
  })
})
