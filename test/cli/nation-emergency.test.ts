import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openControlServer } from '../../src/api/control-server.ts'
import { toHex } from '../../src/base/bytes.ts'
import { parseNationId } from '../../src/base/ids.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { allianceViewOf } from '../../src/cli/alliance/alliance-view.ts'
import { openKeyFile } from '../../src/node/ceremonies/founding-keys.ts'
import { readOwnNode } from '../../src/node/ceremonies/founding-own.ts'
import { proposeChange, signChange } from '../../src/node/ceremonies/nation-change.ts'
import { type Alliance, installAlliance, openAlliance } from '../../src/node/home/founding-alliance.ts'
import type { Home } from '../../src/node/home/home.ts'
import { readOwnNation } from '../../src/node/home/own-nation.ts'
import { openDaemon } from '../../src/node/open-daemon.ts'
import type { NodeService } from '../../src/node/orders/node-service.ts'
import { documentsOf } from '../../src/registry/evidence.ts'
import type { NationChange } from '../../src/registry/next-nation.ts'
import { KEY_STATUS } from '../../src/registry/node-key.ts'
import { trustOf } from '../../src/registry/trust-string.ts'
import { runCliHere } from '../support/cli.ts'
import { ask, found, makeHome, PASSPHRASE, signNation, temporaryDirectory, weak } from '../support/nation-homes.ts'
import { freePort, until } from '../support/node-alliance.ts'
import { contentsOf, createDesk, expectOk, expectRefusal, inForceAt } from '../support/typed-commands.ts'

/** What a nation signs when something went wrong: two documents of one version, root keys that were reset, stolen keys. */

const directory = await temporaryDirectory()
const passphraseFile = join(directory.path, 'passphrase')
writeFileSync(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 })
afterAll(() => directory[Symbol.asyncDispose]())
let count = 0
const nextFolder = () => join(directory.path, String(count++))

describe('a nation that two documents of one version hold up (R-1.6)', () => {
  /** As when the root key was at two places: each copy has signed another document of version 2. */
  async function splitDesk() {
    const desk = await createDesk(nextFolder())
    const { deu, path } = desk
    const copy = join(path, 'copy.age')
    copyFileSync(deu.rootKey, copy)
    const branches: Alliance[] = []
    for (const [key, name] of [
      [deu.rootKey, 'Watch'],
      [copy, 'Press'],
    ] as const) {
      const own = await readOwnNation(deu, {})
      const change: NationChange = { kind: 'contacts', contacts: [{ name, duty: '', reach: '' }] }
      const open = await proposeChange(own, [change], { nowMs: Date.now() })
      branches.push(await signChange(own, open, [await openKeyFile(key, ask)], weak))
    }
    const documents = branches.flatMap(({ evidence }) => documentsOf(evidence))
    const split = openAlliance([...new Map(documents.map(each => [toHex(each.hash), each])).values()])
    await installAlliance(deu, split, trustOf(split.directory.registry))
    const hashes = branches.map(({ directory: each }) => each.member(parseNationId('DEU'))!.doc!.hash)
    return { ...desk, hashes }
  }

  test('goes on with the one that is named, whose successor decides for it', async () => {
    const { deu, run, hashes } = await splitDesk()
    const before = contentsOf(deu)
    const said = await expectRefusal(run('DEU', 'nation renew --yes'), 'nation-split', 69)
    for (const hash of hashes) expect(said).toContain(hash)
    await expectRefusal(run('DEU', `nation renew --onto ${'0'.repeat(64)} --yes`), 'nation-split', 69)
    expect(contentsOf(deu)).toEqual(before)

    await expectOk(run('DEU', `nation renew --onto ${hashes[1]!.slice(0, 12).toUpperCase()} --yes`))
    expect(await inForceAt(deu)).toMatchObject({ version: 3, prevHash: hashes[1], contacts: [{ name: 'Press' }] })
    await expectRefusal(run('DEU', `nation renew --onto ${hashes[0]} --yes`), 'usage-invalid', 64)
    await expectOk(run('DEU', 'nation renew --yes'))
  })

  test('may decide for one with any other change', async () => {
    const { deu, run, hashes } = await splitDesk()
    await expectOk(run('DEU', `nation address --set /dns4/deu.example/tcp/1 --onto ${hashes[0]} --yes`))
    const { version, contacts, nodes } = await inForceAt(deu)
    expect([version, contacts[0]?.name, nodes[0]?.addresses]).toEqual([3, 'Watch', ['/dns4/deu.example/tcp/1']])
  })
})

describe('a nation whose root keys the governors have reset (R-1.7)', () => {
  test('signs its next document with the new key alone, and changes its root keys only after that', async () => {
    const { fra, alliance, run } = await createDesk(nextFolder())
    await expectOk(run('FRA', `init invite --trust ${allianceViewOf(alliance.directory).fingerprint}`))
    const before = (await inForceAt(fra, 'FRA')).roots[0]!
    await expectOk(run('FRA', 'nation rotate root --lost --yes'))
    await expectRefusal(run('FRA', 'nation renew --yes'), 'key-file-other', 64)
    await expectOk(run('FRA', 'nation export -O fra-new.json'))

    await expectOk(run('DEU', 'alliance propose reset FRA fra-new.json --compromised -O reset.proposal'))
    await expectOk(run('DEU', 'alliance sign reset.proposal --yes -O reset.signature'))
    await expectOk(run('DEU', 'alliance assemble reset.proposal reset.signature -O reset.tocsin'))
    await expectOk(run('FRA', 'alliance apply reset.tocsin'))

    await expectOk(run('FRA', 'nation root new second.age --nation FRA -O second.json'))
    const early = await expectRefusal(run('FRA', 'nation root add second.json --yes'), 'change-status', 69)
    expect(early).toContain('tocsin nation renew')
    await expectOk(run('FRA', 'nation renew --yes'))
    const { version, roots, nodes } = await inForceAt(fra, 'FRA')
    const [root] = (await readOwnNode(fra, {})).nationFile.roots
    expect([version, roots.map(({ idHex }) => idHex), nodes.length]).toEqual([2, [root!.idHex], 1])
    expect(root!.idHex).not.toBe(before.idHex)
    await expectOk(run('FRA', 'nation root add second.json --yes'))
    expect((await inForceAt(fra, 'FRA')).roots).toHaveLength(2)
  })
})

describe('a nation whose node was compromised (R-1.8)', () => {
  interface Running extends AsyncDisposable {
    readonly home: Home
    readonly service: NodeService
    /** Of its log, which holds `size` entries. */
    readonly log: string
    readonly size: number
    run(args: string): ReturnType<typeof runCliHere>
  }

  /** A nation alone, so that no quorum decides where its log is cut, with its daemon and a log of several entries. */
  async function openRunning(): Promise<Running> {
    const folder = nextFolder()
    const home = await makeHome(folder, 'DEU', [`/ip4/127.0.0.1/tcp/${await freePort()}`])
    const alliance = await signNation(await found([home]), home)
    await installAlliance(home, alliance, trustOf(alliance.directory.registry))
    const opened = new AsyncDisposableStack()
    const { service } = opened.use(await openDaemon({ home, environment: {}, logger: silentLogger }))
    const control = { socketPath: home.socket, metricsListen: '', logger: silentLogger }
    opened.use(await openControlServer(service, control))
    await until(() => service.status().state === 'ready', 10_000)
    const env = { TOCSIN_HOME: home.path, TOCSIN_PASSPHRASE_FILE: passphraseFile }
    const run = (args: string) => runCliHere(args.split(' '), { cwd: folder, env })
    for (const value of ['one.example', 'two.example', 'three.example']) await expectOk(run(`indicator add ${value}`))
    const [own] = service.status().logs
    const { logId: log, size } = own!
    expect(size).toBeGreaterThan(3)
    return { home, service, log, size, run, [Symbol.asyncDispose]: () => opened.disposeAsync() }
  }

  async function boundsAt(home: Home) {
    const { version, bounds } = await inForceAt(home)
    return { version, sizes: [...bounds.values()].map(({ logId, size }) => [toHex(logId), size]) }
  }

  const standing = ({ service, log }: Running) => service.status().logs.find(({ logId }) => logId === log)!.size

  test('cuts the log lower when it revokes the key, and corrects the bound later', async () => {
    await using running = await openRunning()
    const { home, log, size, run } = running
    const before = readRoot(home)
    for (const bound of ['none', '0123456789abcdef=2', `${log}=${size + 1}`]) {
      await expectRefusal(run(`nation compromise 1 --bound ${bound} --yes`), 'usage-invalid', 64)
    }
    expect([(await boundsAt(home)).version, readRoot(home)]).toEqual([1, before])

    const { stderr } = await expectOk(run(`nation compromise 1 --bound ${log.slice(0, 8)}=2 --yes`))
    expect(stderr).toContain(`2 entries stay trusted; ${size} are held here`)
    expect(stderr).toContain('no quorum has cosigned it')
    expect(await boundsAt(home)).toEqual({ version: 2, sizes: [[log, 2]] })
    expect((await inForceAt(home)).nodes.map(({ status }) => status)).toContain(KEY_STATUS.COMPROMISED)
    await until(() => standing(running) === 2, 5000)

    await expectOk(run(`nation compromise 1 --bound ${log}=3 --yes`))
    expect(await boundsAt(home)).toEqual({ version: 3, sizes: [[log, 3]] })
    await until(() => standing(running) === 3, 5000)
    await expectRefusal(run(`nation compromise 1 --bound ${log}=${size + 1} --yes`), 'usage-invalid', 64)
    expect((await boundsAt(home)).version).toBe(3)
  }, 60_000)

  test('gives back what is ours after a revocation that was signed ahead, which could know no bound', async () => {
    await using running = await openRunning()
    const { home, log, run } = running
    await expectOk(run('nation presign 1 --yes -O revocation.tocsin'))
    const { stderr } = await expectOk(run(`nation compromise 1 --revocation revocation.tocsin --bound ${log}=3 --yes`))
    expect(stderr).toContain('Of its logs only what a quorum has cosigned stands')
    expect(await boundsAt(home)).toEqual({ version: 3, sizes: [[log, 3]] })
    await until(() => standing(running) === 3, 5000)
  }, 60_000)

  const readRoot = (home: Home) => contentsOf({ ...home, path: home.keys })
})
