import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { planFounding, signFounding, signOwnNation } from '../../src/node/ceremonies/founding.ts'
import { openKeyFile } from '../../src/node/ceremonies/founding-keys.ts'
import { readOwnNode, requestOf } from '../../src/node/ceremonies/founding-own.ts'
import { encodeNationFile } from '../../src/node/ceremonies/nation-file.ts'
import { encodeProposalFile, parseProposalFile } from '../../src/node/ceremonies/proposal-file.ts'
import { encodeSignatureFile, parseSignatureFile } from '../../src/node/ceremonies/signature-file.ts'
import { allianceFileOf, openAlliance, readAllianceFile } from '../../src/node/home/founding-alliance.ts'
import { type Home, homeAt } from '../../src/node/home/home.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { documentsOf } from '../../src/registry/evidence.ts'
import { planRegistry } from '../../src/registry/next-registry.ts'
import { draftOf } from '../../src/registry/proposal.ts'
import { registryBaseOf } from '../../src/registry/registry-base.ts'
import { DOC_TYPE, signDoc } from '../../src/registry/signed-doc.ts'
import { encodeTrust, fingerprint, trustOf } from '../../src/registry/trust-string.ts'
import { type CliRun, runCliHere } from '../support/cli.ts'
import { ask, makeHome, PASSPHRASE, signNation, temporaryDirectory, weak } from '../support/nation-homes.ts'
import { hasTerminal, runOnTerminal } from '../support/terminal.ts'

/** Changes of the alliance as they are typed: three governors at three places, two of whom decide. */

const directory = await temporaryDirectory()
const passphraseFile = join(directory.path, 'passphrase')
writeFileSync(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 })
afterAll(() => directory[Symbol.asyncDispose]())

const NATIONS = ['DEU', 'FRA', 'ITA', 'ESP'] as const

/** Made once, and copied for each test: homes, their requests, and the alliance that DEU, FRA and ITA govern. */
const made = join(directory.path, 'made')
let trust: string

beforeAll(async () => {
  const homes = await Promise.all(NATIONS.map(nation => makeHome(made, nation, ['/ip4/127.0.0.1/tcp/7117'])))
  for (const each of homes) {
    const request = requestOf(await readOwnNode(each, {}))
    writeFileSync(join(made, `${request.nation}.json`), encodeNationFile(request))
  }
  // with copies of the keys, so that those of the tests have signed nothing yet
  const copies = join(directory.path, 'copies')
  cpSync(made, copies, { recursive: true })
  const three = NATIONS.slice(0, 3).map(nation => homeAt(join(copies, nation), {}))
  const owns = await Promise.all(three.map(each => readOwnNode(each, {})))
  const plan = planFounding({
    name: 'Exercise',
    nations: owns.map(own => own.nationFile),
    governors: owns.map(own => own.nationFile.nation),
    threshold: 2,
    byzantineNations: undefined,
    nowMs: Date.now() - DAY_MS,
  })
  const keys = await Promise.all(three.slice(0, 2).map(each => openKeyFile(each.governorKey, ask)))
  let alliance = await signFounding(plan, keys, weak)
  for (const each of three) alliance = await signNation(alliance, each)
  writeFileSync(join(made, 'founded.tocsin'), allianceFileOf(alliance.evidence))
  trust = encodeTrust(trustOf(alliance.directory.registry))
})

let work: string
let count = 0
const path = (name: string) => join(work, name)
const home = (name: string): Home => homeAt(path(name), {})

/** Each place has nothing but its own home. */
beforeEach(() => {
  work = join(directory.path, String(count++))
  cpSync(made, work, { recursive: true })
})

/** DEU, FRA and ITA are in the alliance. */
function inAlliance(): void {
  for (const name of NATIONS.slice(0, 3)) {
    cpSync(path('founded.tocsin'), home(name).alliance)
    writeFileSync(home(name).trust, `${trust}\n`)
  }
}

function run(at: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliRun> {
  return runCliHere(args, {
    cwd: work,
    env: { TOCSIN_HOME: path(at), TOCSIN_PASSPHRASE_FILE: passphraseFile, ...env },
  })
}

async function ok(at: string, command: string): Promise<CliRun> {
  const ran = await run(at, command.split(' '))
  expect(ran, ran.stderr).toMatchObject({ status: 0 })
  return ran
}

/** A refusal that leaves everything as it was. */
async function refused(at: string, command: string, code: string, status: number): Promise<string> {
  const before = snapshot()
  const ran = await run(at, command.split(' '))
  expect(ran.stderr).toContain(`error ${code}: `)
  expect(ran.status).toBe(status)
  expect(ran.stderr).toMatch(/^→ /m)
  expect(snapshot()).toEqual(before)
  return ran.stderr
}

function snapshot(): Record<string, string> {
  const files = readdirSync(work, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return Object.fromEntries(
    files.map(entry => [
      join(entry.parentPath, entry.name),
      readFileSync(join(entry.parentPath, entry.name), 'latin1'),
    ]),
  )
}

const registryOf = async (file: string) => openAlliance(await readAllianceFile(path(file))).directory

describe('three governors at three places', () => {
  const found = 'alliance found FRA.json ITA.json --name Exercise --governors DEU,FRA,ITA --threshold 3'

  test('found an alliance that all of them then apply', async () => {
    const proposed = await ok('DEU', found)
    expect(proposed.stderr).toContain('tocsin alliance sign PROPOSAL')
    expect(existsSync(home('DEU').alliance)).toBe(false)

    // one at home, one at a machine that has the key file and nothing else
    await ok('DEU', 'alliance sign exercise.proposal --yes')
    cpSync(home('FRA').governorKey, path('stick/governor.age'))
    const offline = await ok(
      'nowhere',
      'alliance sign exercise.proposal --key stick/governor.age --yes -O fra.signature',
    )
    expect(offline.stderr).toContain('Fingerprint of this proposal: ')

    const partial = await run('DEU', ['alliance', 'assemble', 'exercise.proposal', 'exercise.DEU.signature'])
    expect(partial.status).toBe(75)
    expect(partial.stderr).toMatch(/error proposal-incomplete: 1 of 3 .* 2 more of FRA, ITA/)
    const second = await run('DEU', ['alliance', 'assemble', 'exercise.proposal', 'fra.signature', '-o', 'json'])
    expect(second.status).toBe(75)
    expect(JSON.parse(second.stdout).map((seat: { hasSigned: boolean }) => seat.hasSigned)).toEqual([true, true, false])

    await ok('ITA', 'alliance sign exercise.proposal --yes')
    const complete = await ok('ITA', 'alliance assemble exercise.proposal exercise.ITA.signature')
    const { registry } = await registryOf('exercise.tocsin')
    const print = fingerprint(trustOf(registry))
    expect(complete.stderr).toContain(`alliance apply FILE --trust ${print}`)
    expect(proposed.stderr).toContain(print)
    expect(complete.stderr).toContain(`init INVITE --trust ${print}`)
    const first = await ok('DEU', `alliance apply exercise.tocsin --trust ${print} --yes`)
    expect(first.stderr).toMatch(
      /No node of another nation is known .*for FRA and ITA:\n {2}tocsin alliance invite NATION/,
    )
    await ok('DEU', 'alliance invite FRA -O fra.invite')
    const invited = await ok('FRA', `init fra.invite --trust ${print} --yes`)
    expect(invited.stderr).toMatch(/No document of ITA is here yet.*tocsin alliance invite NATION/)
    const alone = await ok('ITA', `alliance apply exercise.tocsin --trust ${print} --yes`)
    expect(alone.stderr).toContain('No node of another nation is known here yet')
  })

  test('may be asked to by a nation that does not govern', async () => {
    await ok('ESP', 'alliance found FRA.json ITA.json --name Exercise --governors FRA,ITA')
    expect(await refused('ESP', 'alliance sign exercise.proposal --yes', 'key-file-other', 64)).toContain('FRA, ITA')
    await ok('FRA', 'alliance sign exercise.proposal --yes')
    await ok('ITA', 'alliance sign exercise.proposal --yes')
    await ok('ESP', 'alliance assemble exercise.proposal exercise.FRA.signature exercise.ITA.signature')
    const { registry } = await registryOf('exercise.tocsin')
    await ok('ESP', `alliance apply exercise.tocsin --trust ${fingerprint(trustOf(registry))} --yes`)
  })

  test('see what they sign before the passphrase is asked for', async () => {
    await ok('DEU', found)
    const asked = await run('DEU', ['alliance', 'sign', 'exercise.proposal', '--yes'], { TOCSIN_PASSPHRASE_FILE: '' })
    expect(asked.stderr).toMatch(/Fingerprint of this proposal.*error passphrase-missing/s)
    await refused('DEU', 'alliance sign exercise.proposal', 'confirmation-missing', 64)
  })

  test('write no founding over another file', async () => {
    writeFileSync(path('exercise.proposal'), '')
    await refused('DEU', found, 'file-exists', 64)
  })
})

describe('two of three governors', () => {
  beforeEach(inAlliance)

  test('admit a nation, which then applies the file', async () => {
    await ok('DEU', 'alliance propose admit ESP.json')
    await ok('DEU', 'alliance sign exercise-v2.proposal --yes')
    await ok('ITA', 'alliance sign exercise-v2.proposal --yes')
    await ok('DEU', 'alliance assemble exercise-v2.proposal exercise-v2.DEU.signature exercise-v2.ITA.signature')
    const { registry } = await registryOf('exercise-v2.tocsin')
    expect(registry.version).toBe(2)
    expect([...registry.nations.keys()]).toEqual(['DEU', 'FRA', 'ITA', 'ESP'])
    await ok('FRA', 'alliance apply exercise-v2.tocsin')
    await ok('ESP', `alliance apply exercise-v2.tocsin --trust ${fingerprint(trustOf(registry))} --yes`)
  })

  test('take several changes into one version', async () => {
    await ok('DEU', 'alliance propose admit ESP.json -O change.proposal')
    await ok('DEU', 'alliance propose governor-add ESP.json --threshold 3 --onto change.proposal')
    await ok('DEU', 'alliance propose governor-remove ITA --threshold 2 --onto change.proposal')
    await ok('DEU', 'alliance propose policy skew-seconds=60 byzantine-nations=1 --onto change.proposal')
    const { docBytes } = parseProposalFile(readFileSync(path('change.proposal')), 'change')
    expect(docBytes.length).toBeGreaterThan(0)
    for (const name of ['DEU', 'FRA', 'ESP']) await ok(name, `alliance sign change.proposal --yes -O ${name}.signature`)
    // those who sign must be a threshold of both: ESP governs in version 2 alone
    const early = await run('DEU', ['alliance', 'assemble', 'change.proposal', 'ESP.signature', 'DEU.signature'])
    expect(early.stderr).toContain('1 more of FRA, ITA')
    await refused('DEU', 'alliance propose renew --onto change.proposal', 'proposal-signed', 69)
    await ok('DEU', 'alliance assemble change.proposal FRA.signature -O v2.tocsin')
    const { registry } = await registryOf('v2.tocsin')
    expect(registry.governors.map(({ nation }) => nation)).toEqual(['DEU', 'FRA', 'ESP'])
    expect(registry.policy).toMatchObject({ skewSeconds: 60, byzantineNations: 1 })
  })

  test('cut where the typed bound says, and say what counts without one', async () => {
    const bound = `${'a1'.repeat(32)}:7:${'b2'.repeat(32)}`
    const { stderr } = await ok('DEU', `alliance propose suspend ITA --bound ${bound}`)
    expect(stderr).toContain('No daemon runs here')
    expect(stderr).toContain('stands up to entry 7: as typed')
    await refused('DEU', 'alliance propose suspend ITA --bound 7 -O x', 'change-value', 64)
  })

  test('let a recovery key sign for its governor, and replace the keys of a governor by it', async () => {
    const old = readFileSync(home('ITA').governorKey)
    await ok('ITA', 'nation rotate governor')
    await ok('ITA', 'nation export -O ITA-new.json')
    await ok('DEU', 'alliance propose governor-rotate ITA-new.json')
    expect((await ok('ITA', 'nation rotate governor')).stderr).toContain('wait in keys/governor-next.age')
    expect(readFileSync(home('ITA').governorKey)).toEqual(old)
    const sign = (name: string, key: string) =>
      ok(name, `alliance sign exercise-v2.proposal --key ${key} --yes -O ${name}.signature`)
    await sign('ITA', 'ITA/keys/governor-recovery.age')
    await sign('DEU', 'DEU/keys/governor.age')
    await sign('new', 'ITA/keys/governor-next.age')
    const half = await run('DEU', ['alliance', 'assemble', 'exercise-v2.proposal', 'ITA.signature', 'DEU.signature'])
    expect(half.stderr).toMatch(/1 more of FRA, ITA/)
    await ok('DEU', 'alliance assemble exercise-v2.proposal new.signature')

    const next = readFileSync(path('ITA/keys/governor-next.age'))
    await ok('ITA', 'alliance apply exercise-v2.tocsin --yes')
    const recovery = path('ITA/keys/governor-recovery-next.age')
    cpSync(recovery, path('aside'))
    expect((await ok('ITA', 'nation rotate governor')).stderr).toContain('put the new keys in force')
    expect(readFileSync(home('ITA').governorKey)).toEqual(next)
    // As if it had ended between the two files.
    cpSync(path('aside'), recovery)
    await ok('ITA', 'nation rotate governor')
    expect(readdirSync(home('ITA').keys).filter(name => name.includes('next'))).toEqual([])
    expect(readFileSync(home('ITA').recoveryKey)).toEqual(readFileSync(path('aside')))
  })

  test('tell a new home to which its nation was reset how it takes part', async () => {
    const renewed = await makeHome(path('new'), 'ITA')
    writeFileSync(path('ITA-new.json'), encodeNationFile(requestOf(await readOwnNode(renewed, {}))))
    await ok('DEU', 'alliance propose reset ITA ITA-new.json --compromised')
    for (const name of ['DEU', 'FRA', 'ITA']) await ok(name, 'alliance sign exercise-v2.proposal --yes')
    await ok('DEU', 'alliance assemble exercise-v2.proposal exercise-v2.DEU.signature exercise-v2.FRA.signature')
    const print = fingerprint(trustOf((await registryOf('exercise-v2.tocsin')).registry))
    const apply = `alliance apply exercise-v2.tocsin --trust ${print}`
    expect((await ok('new/ITA', apply)).stderr).toContain('does not name this node yet')
    await ok('new/ITA', 'nation export --node -O node.json')
    await ok('new/ITA', 'nation add-node node.json --yes')
    expect((await ok('new/ITA', apply)).stderr).not.toContain('does not name this node yet')
  })

  test('count a governor once, whichever of its keys have signed', async () => {
    await ok('DEU', 'alliance propose renew')
    await ok('DEU', 'alliance sign exercise-v2.proposal --yes')
    const recovery =
      'alliance sign exercise-v2.proposal --key DEU/keys/governor-recovery.age --yes -O recovery.signature'
    await ok('DEU', recovery)
    const ran = await run(
      'DEU',
      'alliance assemble exercise-v2.proposal exercise-v2.DEU.signature recovery.signature'.split(' '),
    )
    expect(ran.stderr).toContain('DEU had signed already, and counts once')
    expect(ran.status).toBe(75)
  })

  test('never sign two documents of one version, but for one that is given up by its hash (R-1.5)', async () => {
    await ok('DEU', 'alliance propose renew -O first.proposal')
    await ok('DEU', 'alliance propose admit ESP.json -O second.proposal')
    await ok('DEU', 'alliance sign first.proposal --yes -O first.signature')
    const sign = 'alliance sign second.proposal --yes -O second.signature'
    const said = await refused('DEU', sign, 'key-signed-another', 65)
    const [, hash] = /--abandon ([0-9a-f]{64})/.exec(said)!
    await ok('DEU', `${sign} --abandon ${hash}`)
  })
})

describe('a proposal', () => {
  beforeEach(inAlliance)

  test.each([
    ['admit DEU.json', 'change-member-already', 64],
    ['admit founded.tocsin', 'nation-file-malformed', 64],
    ['reset FRA ESP.json --lost', 'change-other-nation', 64],
    ['reset FRA FRA.json', 'usage-invalid', 64],
    ['threshold 4', 'change-threshold', 64],
    ['renew --on 00', 'change-value', 64],
    ['renew --onto founded.tocsin', 'proposal-malformed', 64],
  ] as const)('is refused for "%s"', async (change, code, status) => {
    await refused('DEU', `alliance propose ${change}`, code, status)
  })

  test('is refused where the last governors would go', async () => {
    await ok('DEU', 'alliance propose governor-remove ITA --threshold 2 -O x.proposal')
    await ok('DEU', 'alliance propose governor-remove FRA --threshold 1 --onto x.proposal')
    await refused('DEU', 'alliance propose governor-remove DEU --onto x.proposal', 'change-last-governor', 64)
  })

  test('needs an alliance', async () => {
    await refused('ESP', 'alliance propose renew', 'registry-missing', 64)
  })

  test('is not signed with a wrong passphrase, with the key of another nation, or with a root key', async () => {
    await ok('DEU', 'alliance propose renew')
    const sign = 'alliance sign exercise-v2.proposal --yes'
    writeFileSync(path('wrong'), 'wrong', { mode: 0o600 })
    await refused('DEU', `${sign} --passphrase-file wrong`, 'passphrase-wrong', 64)
    await refused('DEU', `${sign} --key ESP/keys/governor.age`, 'key-file-other', 64)
    await refused('DEU', `${sign} --key DEU/keys/root.age`, 'key-file-other', 64)
    await refused('DEU', `${sign} --key DEU/config.yaml`, 'key-file-malformed', 64)
    await refused('DEU', `${sign} --key absent`, 'key-file-unreadable', 64)
  })

  test.skipIf(!hasTerminal)(
    'is not signed where the passphrase is wrong three times, nor where the answer is no',
    async () => {
      await ok('DEU', 'alliance propose renew')
      const before = snapshot()
      const env = { TOCSIN_HOME: path('DEU'), TOCSIN_PASSPHRASE_FILE: '' }
      const sign = (...answers: readonly (readonly [string, string])[]) =>
        runOnTerminal('alliance sign exercise-v2.proposal', answers, { cwd: work, env })
      const wrong = ['Passphrase of', 'wrong'] as const
      const { status, said } = await sign(['[yes/no]', 'yes'], wrong, wrong, wrong)
      expect(status, said).toBe(64)
      expect(said).toContain('error passphrase-wrong: ')
      expect((await sign(['[yes/no]', 'no'])).said).toContain('error confirmation-missing: ')
      expect(snapshot()).toEqual(before)
    },
  )

  test('is not made for the return of a nation whose document has expired (R-1.9)', async () => {
    const nowMs = Date.now() - 401 * DAY_MS
    const owns = await Promise.all(['DEU', 'FRA'].map(name => readOwnNode(home(name), {})))
    const nations = owns.map(own => own.nationFile)
    const wish = {
      name: 'Old',
      nations,
      governors: [nations[0]!.nation],
      threshold: 1,
      byzantineNations: undefined,
      nowMs,
    }
    const key = await openKeyFile(home('DEU').governorKey, ask)
    const founded = await signFounding(planFounding(wish), [key], weak)
    const rootKey = await openKeyFile(home('FRA').rootKey, ask)
    const { evidence, directory: old } = await signOwnNation(founded, owns[1]!, rootKey, nowMs, weak)
    const base = registryBaseOf(evidence, old.registry.hash)!
    const expel = { kind: 'expel', nation: nations[1]!.nation, bounds: [] } as const
    const { docBytes } = planRegistry(base, [expel], { nowMs, validDays: 400 })
    const signed = signDoc(DOC_TYPE.REGISTRY, evidence.allianceId, docBytes, [key.signer])
    const expelled = openAlliance([...documentsOf(evidence), signed])
    writeFileSync(home('DEU').alliance, allianceFileOf(expelled.evidence))
    writeFileSync(home('DEU').trust, `${encodeTrust(trustOf(expelled.directory.registry))}\n`)
    const said = await refused('DEU', 'alliance propose readmit FRA', 'nation-doc-expired', 69)
    expect(said).toContain('tocsin nation renew')
  })

  test('is not signed at the home of another alliance, nor where a newer registry is in force', async () => {
    await ok('DEU', 'alliance propose renew')
    await ok('ESP', 'alliance found FRA.json --name Other --yes')
    await refused('ESP', 'alliance sign exercise-v2.proposal --yes', 'proposal-other-alliance', 65)
    for (const name of ['DEU', 'FRA']) await ok(name, 'alliance sign exercise-v2.proposal --yes')
    await ok('ITA', 'alliance propose admit ESP.json -O late.proposal')
    await ok('DEU', 'alliance assemble exercise-v2.proposal exercise-v2.DEU.signature exercise-v2.FRA.signature')
    await ok('ITA', 'alliance apply exercise-v2.tocsin')
    await refused('ITA', 'alliance sign late.proposal --yes', 'proposal-outdated', 65)
  })

  test('is refused when it is cut off, altered, or older than 30 days', async () => {
    await ok('DEU', 'alliance propose renew')
    const text = readFileSync(path('exercise-v2.proposal'), 'utf8')
    writeFileSync(path('cut.proposal'), text.slice(0, 4000))
    await refused('DEU', 'alliance sign cut.proposal --yes', 'proposal-malformed', 64)
    const proposal = parseProposalFile(Buffer.from(text), 'text')
    const docBytes = proposal.docBytes.slice()
    docBytes[docBytes.length - 1]! ^= 0x80
    writeFileSync(path('altered.proposal'), encodeProposalFile({ ...proposal, docBytes }))
    const altered = await run('DEU', ['alliance', 'sign', 'altered.proposal', '--yes'])
    expect(altered.status).toBe(65)
    writeFileSync(path('old.proposal'), await oldProposal())
    await refused('DEU', 'alliance sign old.proposal --yes', 'proposal-expired', 69)
    await refused('DEU', 'alliance assemble old.proposal', 'proposal-expired', 69)
  })

  /** Of an alliance that was founded long before, so that the date may be. */
  async function oldProposal(): Promise<string> {
    const nowMs = Date.now() - 31 * DAY_MS
    const { nationFile } = await readOwnNode(home('DEU'), {})
    const wish = { name: 'Old', nations: [nationFile], governors: [nationFile.nation] }
    const plan = planFounding({ ...wish, threshold: 1, byzantineNations: undefined, nowMs })
    const { evidence, directory } = await signFounding(plan, [await openKeyFile(home('DEU').governorKey, ask)], weak)
    const base = registryBaseOf(evidence, directory.registry.hash)!
    const { docBytes } = planRegistry(base, [{ kind: 'renew' }], { nowMs, validDays: 400 })
    return encodeProposalFile(draftOf(DOC_TYPE.REGISTRY, docBytes, documentsOf(evidence)))
  }
})

describe('a signature', () => {
  beforeEach(async () => {
    inAlliance()
    await ok('DEU', 'alliance propose renew -O one.proposal')
    await ok('DEU', 'alliance sign one.proposal --yes -O deu.signature')
  })

  test('is refused for another proposal, and the others are not taken either', async () => {
    await ok('FRA', 'alliance propose admit ESP.json -O two.proposal')
    await ok('FRA', 'alliance sign two.proposal --yes -O fra.signature')
    const said = await refused(
      'DEU',
      'alliance assemble one.proposal deu.signature fra.signature',
      'signature-other-proposal',
      65,
    )
    expect(said).toContain('fra.signature')
  })

  test('is refused when it is no file of its kind, does not verify, or is by a key without a say', async () => {
    const signature = parseSignatureFile(readFileSync(path('deu.signature')), 'deu')
    const write = (name: string, sig: Partial<typeof signature.sig>) =>
      writeFileSync(path(name), encodeSignatureFile({ ...signature, sig: { ...signature.sig, ...sig } }))
    write('bad.signature', { mldsa65: signature.sig.mldsa65.map((byte, i) => (i === 10 ? byte ^ 1 : byte)) })
    write('other.signature', { keyId: new Uint8Array(32).fill(7) })
    await refused('DEU', 'alliance assemble one.proposal bad.signature', 'signature-invalid', 65)
    await refused('DEU', 'alliance assemble one.proposal other.signature', 'signature-not-asked', 77)
    await refused('DEU', 'alliance assemble one.proposal FRA.json', 'signature-file-malformed', 64)
    await refused('DEU', 'alliance assemble one.proposal absent', 'file-unreadable', 64)
  })
})
