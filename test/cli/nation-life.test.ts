import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { allianceViewOf } from '../../src/cli/alliance/alliance-view.ts'
import { signOwnNation } from '../../src/node/ceremonies/founding.ts'
import { openKeyFile } from '../../src/node/ceremonies/founding-keys.ts'
import { readOwnNode } from '../../src/node/ceremonies/founding-own.ts'
import { pendingFile } from '../../src/node/ceremonies/nation-change.ts'
import { type Alliance, installAlliance, readHeldAlliance } from '../../src/node/home/founding-alliance.ts'
import { type Home, homeAt, readKemKeys, readNextNodeKeys } from '../../src/node/home/home.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { KEY_STATUS } from '../../src/registry/node-key.ts'
import { trustOf } from '../../src/registry/trust-string.ts'
import { ask, found, makeHome, temporaryDirectory, weak } from '../support/nation-homes.ts'
import { contentsOf, createDesk, type Desk, expectOk, expectRefusal, inForceAt } from '../support/typed-commands.ts'

/** What a nation does with its own document, as it is typed. */

const directory = await temporaryDirectory()
afterAll(() => directory[Symbol.asyncDispose]())

/** DEU and FRA are an alliance; the home of DEU has it in force. */
let work: string
let deu: Home
let fra: Home
let alliance: Alliance
let run: Desk['run']
let count = 0

beforeEach(async () => {
  work = join(directory.path, String(count++))
  ;({ deu, fra, alliance, run } = await createDesk(work))
})

const inForce = () => inForceAt(deu)

const fingerprintOf = () => allianceViewOf(alliance.directory).fingerprint

describe('init', () => {
  test('names "nation create" where no invite is given, with --nation too', async () => {
    for (const args of ['init', 'init --nation ITA']) {
      expect(await expectRefusal(run('X', args), 'usage-invalid', 64)).toContain('tocsin nation create')
    }
    expect(await expectRefusal(run('X', 'init invite'), 'home-missing', 64)).toContain('tocsin nation create')
  })

  test('with an invite makes the home of a nation a member', async () => {
    await expectOk(run('FRA', `init invite --trust ${fingerprintOf()}`))
    expect((await readHeldAlliance(fra))!.directory.registry.name).toBe('Exercise')
  })

  test('makes the home of a further node, which the nation then names', async () => {
    const init = `init invite --nation DEU --listen /ip4/127.0.0.1/tcp/7118 --trust ${fingerprintOf()}`
    await expectOk(run('DEU2', init))
    await expectRefusal(run('DEU2', init), 'home-exists', 64)
    await expectOk(run('DEU2', 'nation export --node -O node.json'))
    await expectOk(run('DEU', 'nation add-node node.json --yes'))
    const { nodes } = await inForce()
    expect(nodes.map(({ addresses }) => addresses)).toEqual([['/ip4/127.0.0.1/tcp/7117'], ['/ip4/127.0.0.1/tcp/7118']])
    await expectRefusal(run('DEU', 'nation add-node node.json --yes'), 'nation-change-void', 69)

    const further = homeAt(join(work, 'DEU2'), {})
    expect(await expectRefusal(run('DEU2', 'start'), 'key-file-unreadable', 64)).toContain('kem-import')
    await expectOk(run('DEU', 'nation kem-export -O kem.age'))
    await expectOk(run('DEU2', 'nation kem-import kem.age'))
    expect(await readKemKeys(further)).toEqual(await readKemKeys(deu))
    expect((await expectOk(run('DEU2', 'nation kem-import kem.age'))).stderr).toContain('were here already')
    await expectOk(run('DEU2', `alliance apply ${deu.alliance}`))
    const { stdout } = await expectOk(run('DEU2', 'nation show -o json'))
    expect(JSON.parse(stdout)).toMatchObject({ nation: 'DEU', documentVersion: 2, nodes: [{}, { isHere: true }] })
  })

  test('refuses an invite to a nation that is no member, and another fingerprint', async () => {
    await expectRefusal(run('X', `init invite --nation ITA --trust ${fingerprintOf()}`), 'registry-not-member', 77)
    await expectRefusal(
      run('X', 'init invite --nation DEU --trust aaaa-bbbb-cccc-dddd-eeee-ffff'),
      'registry-fingerprint-mismatch',
      65,
    )
    expect(existsSync(join(work, 'X'))).toBe(false)
  })
})

describe('a node file', () => {
  test('of another nation is refused, and what is none', async () => {
    await installAlliance(fra, alliance, trustOf(alliance.directory.registry))
    await expectOk(run('FRA', 'nation export --node -O fra.json'))
    const before = contentsOf(deu)
    await expectRefusal(run('DEU', 'nation add-node fra.json --yes'), 'node-file-other', 64)
    writeFileSync(join(work, 'note.txt'), 'hello')
    await expectRefusal(run('DEU', 'nation add-node note.txt --yes'), 'node-file-malformed', 64)
    const file = JSON.parse(readFileSync(join(work, 'fra.json'), 'utf8'))
    writeFileSync(join(work, 'claimed.json'), JSON.stringify({ ...file, nation: 'DEU' }))
    expect(await expectRefusal(run('DEU', 'nation add-node claimed.json --yes'), 'node-file-malformed', 64)).toContain(
      'lacks the proof',
    )
    writeFileSync(join(work, 'elsewhere.json'), JSON.stringify({ ...file, nation: 'DEU', alliance: '00'.repeat(32) }))
    await expectRefusal(run('DEU', 'nation add-node elsewhere.json --yes'), 'node-file-other', 64)
    expect(contentsOf(deu)).toEqual(before)
  })
})

describe('nation renew', () => {
  test('signs a document that expired, and says what it does before', async () => {
    const esp = await makeHome(work, 'ESP')
    const own = await readOwnNode(esp, {})
    const key = await openKeyFile(esp.rootKey, ask)
    const expired = await signOwnNation(await found([esp]), own, key, Date.now() - 500 * DAY_MS, weak)
    await installAlliance(esp, expired, trustOf(expired.directory.registry))
    const { stderr } = await expectOk(run('ESP', 'nation renew --yes --valid-days 100'))
    expect(stderr).toContain('Document 2 of ESP')
    const { version, expiresMs } = (await readHeldAlliance(esp))!.directory.member(own.nationFile.nation)!.doc!
    expect(version).toBe(2)
    expect(Math.round((expiresMs - Date.now()) / DAY_MS)).toBe(100)
  })

  test('changes nothing with a wrong passphrase, without a yes, or with the key of another nation', async () => {
    const before = contentsOf(deu)
    writeFileSync(join(work, 'wrong'), 'wrong', { mode: 0o600 })
    await expectRefusal(run('DEU', 'nation renew --yes --passphrase-file wrong'), 'passphrase-wrong', 64)
    await expectRefusal(run('DEU', 'nation renew'), 'confirmation-missing', 64)
    await expectRefusal(run('DEU', `nation renew --yes --root-key ${fra.rootKey}`), 'key-file-other', 64)
    await expectRefusal(run('DEU', `nation renew --yes --root-key ${deu.governorKey}`), 'key-file-other', 64)
    expect(contentsOf(deu)).toEqual(before)
  })

  test('writes a proposal that the holder of the root key signs elsewhere', async () => {
    await expectOk(run('DEU', 'nation renew --propose -O next.proposal'))
    expect((await inForce()).version).toBe(1)
    await expectOk(run('X', `alliance sign next.proposal --key ${deu.rootKey} -O one.signature --yes`))
    await expectOk(run('X', 'alliance assemble next.proposal one.signature -O next.tocsin'))
    await expectOk(run('DEU', 'alliance apply next.tocsin'))
    expect((await inForce()).version).toBe(2)
  })

  test('waits for a document that was signed and did not come into force', async () => {
    await expectOk(run('DEU', 'nation renew --yes'))
    renameSync(deu.alliance, pendingFile(deu))
    await installAlliance(deu, alliance, trustOf(alliance.directory.registry))
    expect(await expectRefusal(run('DEU', 'nation renew --yes'), 'nation-doc-pending', 69)).toContain('alliance apply')
    await expectOk(run('DEU', `alliance apply ${pendingFile(deu)}`))
    await expectOk(run('DEU', 'nation renew --yes'))
    expect((await inForce()).version).toBe(3)
    expect(existsSync(pendingFile(deu))).toBe(false)
  })

  test('needs an alliance, and a document', async () => {
    await expectRefusal(run('FRA', 'nation renew --yes'), 'registry-missing', 64)
    const bare = await found([fra, deu])
    await installAlliance(fra, bare, trustOf(bare.directory.registry))
    await expectRefusal(run('FRA', 'nation renew --yes'), 'nation-doc-missing', 69)
  })
})

describe('nation address', () => {
  test('says what config.yaml says, or what is typed', async () => {
    await expectRefusal(run('DEU', 'nation address --yes'), 'nation-change-void', 69)
    writeFileSync(deu.config, readFileSync(deu.config, 'utf8').replace('7117', '7200'))
    await expectOk(run('DEU', 'nation address --yes'))
    expect((await inForce()).nodes[0]!.addresses).toEqual(['/ip4/127.0.0.1/tcp/7200'])
    await expectOk(run('DEU', 'nation address --add /dns4/deu.example/tcp/1 --remove /ip4/127.0.0.1/tcp/7200 --yes'))
    expect((await inForce()).nodes[0]!.addresses).toEqual(['/dns4/deu.example/tcp/1'])
    await expectRefusal(run('DEU', 'nation address --remove /dns4/x.example/tcp/1 --yes'), 'nation-change-void', 69)
    await expectRefusal(run('DEU', 'nation address --set deu.example:7117 --yes'), 'wire-text', 65)
  })
})

describe('nation contact', () => {
  test('names people for others to call, whom the runbook shows, and takes them out again', async () => {
    await expectOk(run('DEU', 'nation contact Watch --duty always --reach +49-30-5550100 --yes'))
    expect((await inForce()).contacts).toEqual([{ name: 'Watch', duty: 'always', reach: '+49-30-5550100' }])
    expect((await expectOk(run('DEU', 'nation compromise'))).stderr).toContain('DEU  Watch, always: +49-30-5550100')
    await expectOk(run('DEU', 'nation contact Watch --remove --yes'))
    expect((await inForce()).contacts).toEqual([])
    await expectRefusal(run('DEU', 'nation contact Watch --remove --yes'), 'nation-change-void', 69)
  })
})

describe('nation rotate kem', () => {
  test('has nothing to do while sixteen windows are there, and makes those that are missing', async () => {
    const before = contentsOf(deu)
    await expectRefusal(run('DEU', 'nation rotate kem --yes'), 'nation-change-void', 69)
    expect(contentsOf(deu)).toEqual(before)
  })

  test('gives up compromised keys for sixteen others, which are on the disk before they are named', async () => {
    const old = await readKemKeys(deu)
    await expectOk(run('DEU', 'nation rotate kem --compromised --yes'))
    const { kems } = await inForce()
    expect(kems.filter(({ status }) => status === KEY_STATUS.ACTIVE)).toHaveLength(16)
    expect(kems.filter(({ status }) => status === KEY_STATUS.COMPROMISED)).toHaveLength(16)
    expect(await readKemKeys(deu)).toEqual([...old, ...(await readKemKeys(deu)).slice(16)])
    expect(await readKemKeys(deu)).toHaveLength(32)
  })

  test('refuses without kem.keys, and for a nation that observes', async () => {
    const kem = readFileSync(deu.kemKeys)
    rmSync(deu.kemKeys)
    await expectRefusal(run('DEU', 'nation rotate kem --yes'), 'key-file-unreadable', 64)
    writeFileSync(deu.kemKeys, kem, { mode: 0o600 })
    await expectOk(run('OBS', 'nation create --nation OBS --observer'))
    const obs = homeAt(join(work, 'OBS'), {})
    expect(await readKemKeys(obs)).toEqual([])
    const own = await readOwnNode(obs, {})
    expect(own.nationFile.observer).toBe(true)
    const bare = await found([fra, obs])
    const joined = await signOwnNation(bare, own, await openKeyFile(obs.rootKey, ask), Date.now(), weak)
    await installAlliance(obs, joined, trustOf(joined.directory.registry))
    await expectRefusal(run('OBS', 'nation rotate kem --yes'), 'nation-observes', 69)
    await expectRefusal(run('OBS', 'nation kem-export -O obs.age'), 'nation-observes', 69)
  })

  test("takes no KEM keys of another nation's, and none under another passphrase", async () => {
    await expectOk(run('DEU', 'nation kem-export -O kem.age'))
    await expectRefusal(run('FRA', 'nation kem-import kem.age'), 'key-file-other', 64)
    writeFileSync(join(work, 'wrong'), 'wrong', { mode: 0o600 })
    await expectRefusal(run('DEU', 'nation kem-import kem.age --passphrase-file wrong'), 'passphrase-wrong', 64)
    await expectRefusal(run('DEU', 'nation kem-export -O kem.age'), 'file-exists', 64)
  })
})

describe('nation rotate root', () => {
  test('hands over from the old key to the new, which alone signs from then on', async () => {
    const [before] = (await inForce()).roots
    await expectOk(run('DEU', 'nation rotate root --yes'))
    const [after] = (await inForce()).roots
    expect(after!.idHex).not.toBe(before!.idHex)
    const old = readdirSync(deu.keys).find(name => /^root-\d{4}-\d\d-\d\d\.age$/.test(name))!
    await expectRefusal(run('DEU', `nation renew --yes --root-key ${join(deu.keys, old)}`), 'key-file-other', 64)
    await expectOk(run('DEU', 'nation renew --yes'))
    expect((await readOwnNode(deu, {})).nationFile.roots.map(({ idHex }) => idHex)).toEqual([after!.idHex])
  })

  test('goes on where a crash left the new key beside the old', async () => {
    const old = readFileSync(deu.rootKey)
    await expectOk(run('DEU', 'nation rotate root --yes'))
    const key = readFileSync(deu.rootKey)
    renameSync(deu.rootKey, join(deu.keys, 'root-next.age'))
    writeFileSync(deu.rootKey, old, { mode: 0o600 })
    await expectOk(run('DEU', 'nation rotate root --yes'))
    expect(readFileSync(deu.rootKey)).toEqual(key)
    expect((await inForce()).version).toBe(2)
  })

  test('makes a key for the governors to reset the nation to, where the old one is lost', async () => {
    await expectOk(run('DEU', 'nation rotate root --lost --yes'))
    const [root] = (await readOwnNode(deu, {})).nationFile.roots
    expect((await openKeyFile(deu.rootKey, ask)).signer.key.idHex).toBe(root!.idHex)
    await expectRefusal(run('DEU', 'nation renew --yes'), 'key-file-other', 64)
  })
})

describe('nation rotate node', () => {
  test('names new keys beside the old ones, and says what comes next when it is run again', async () => {
    await expectOk(run('DEU', 'nation rotate node --yes --keep-old'))
    expect(await readNextNodeKeys(deu)).toBeDefined()
    expect((await inForce()).nodes.map(({ status }) => status)).toEqual([KEY_STATUS.ACTIVE, KEY_STATUS.ACTIVE])
    const before = contentsOf(deu)
    expect((await expectOk(run('DEU', 'nation rotate node --yes'))).stderr).toContain('tocsin start')
    expect(contentsOf(deu)).toEqual(before)
    // As the daemon does when it has opened the new log.
    renameSync(deu.nextNodeKeys, deu.nodeKeys)
    await expectOk(run('DEU', 'nation rotate node --yes'))
    expect((await inForce()).nodes.map(({ status }) => status)).toEqual([KEY_STATUS.RETIRED, KEY_STATUS.ACTIVE])
  })

  test('retires a node by its number or its key, once', async () => {
    const key = Buffer.from((await inForce()).nodes[0]!.signPk!).toString('hex')
    await expectRefusal(run('DEU', 'nation retire-node 9 --yes'), 'nation-node-unknown', 64)
    await expectOk(run('DEU', `nation retire-node ${key.slice(0, 12)} --yes`))
    expect((await inForce()).nodes[0]).toMatchObject({ status: KEY_STATUS.RETIRED, addresses: [] })
    await expectRefusal(run('DEU', 'nation retire-node 1 --yes'), 'nation-change-void', 69)
  })
})

describe('nation compromise', () => {
  test('without a node explains, and does nothing', async () => {
    const before = contentsOf(deu)
    const { stderr } = await expectOk(run('DEU', 'nation compromise'))
    expect(stderr).toContain('take the machine off the network')
    expect(stderr).toContain('node 1  active')
    expect(contentsOf(deu)).toEqual(before)
  })

  test('revokes, makes new node and KEM keys in one document, and has nothing more to sign when run again', async () => {
    const { stderr } = await expectOk(run('DEU', 'nation compromise 1 --yes'))
    expect(stderr).toContain('[done] the key of the node is revoked')
    expect(stderr).toContain('[ to do] the daemon uses the new keys')
    const { version, nodes, kems } = await inForce()
    expect(version).toBe(2)
    expect(nodes.map(({ status }) => status)).toEqual([KEY_STATUS.COMPROMISED, KEY_STATUS.ACTIVE])
    expect(kems.filter(({ status }) => status === KEY_STATUS.ACTIVE)).toHaveLength(16)
    const before = contentsOf(deu)
    await expectOk(run('DEU', 'nation compromise 1 --yes'))
    expect(contentsOf(deu)).toEqual(before)
    renameSync(deu.nextNodeKeys, deu.nodeKeys)
    expect((await expectOk(run('DEU', 'nation compromise 1 --yes'))).stderr).toContain(
      '[done] the daemon uses the new keys',
    )
  })

  test('revokes without the root key by what was signed ahead, and goes on when the root key is there', async () => {
    await expectOk(run('DEU', 'nation presign 1 --yes -O revocation.tocsin'))
    expect((await inForce()).version).toBe(1)
    const away = join(work, 'away.age')
    renameSync(deu.rootKey, away)
    const unsigned = run('DEU', 'nation compromise 1 --revocation revocation.tocsin --yes')
    await expectRefusal(unsigned, 'key-file-unreadable', 64)
    expect((await inForce()).nodes.map(({ status }) => status)).toEqual([KEY_STATUS.COMPROMISED])
    await expectOk(run('DEU', `nation compromise 1 --yes --root-key ${away}`))
    expect((await inForce()).nodes.map(({ status }) => status)).toEqual([KEY_STATUS.COMPROMISED, KEY_STATUS.ACTIVE])
  })

  test('signs nothing else of a version that was signed ahead until that is given up, and makes no keys for it', async () => {
    const said = (await expectOk(run('DEU', 'nation presign 1 --yes'))).stderr
    const before = contentsOf(deu)
    await expectRefusal(run('DEU', 'nation compromise 1 --yes'), 'key-signed-another', 65)
    expect(contentsOf(deu)).toEqual(before)
    const [, hash] = /--abandon ([0-9a-f]{64})/.exec(said)!
    await expectOk(run('DEU', `nation renew --yes --abandon ${hash}`))
    await expectRefusal(
      run('DEU', 'nation compromise 1 --yes --revocation deu-revocation.tocsin'),
      'nation-change-void',
      69,
    )
  })
})
