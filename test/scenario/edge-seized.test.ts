import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { allianceViewOf } from '../../src/cli/alliance/alliance-view.ts'
import { allianceFileOf, installAlliance } from '../../src/node/home/founding-alliance.ts'
import { type Home, homeAt, readKemKeys, readNodeKeys } from '../../src/node/home/home.ts'
import type { PeerStatus } from '../../src/node/orders/node-service.ts'
import { trustOf } from '../../src/registry/trust-string.ts'
import { cleanEnvironment, runCliHere, TOCSIN } from '../support/cli.ts'
import { found, makeHome, PASSPHRASE, signNation, temporaryDirectory } from '../support/nation-homes.ts'
import { freePort } from '../support/node-alliance.ts'
import { findInMemory, search } from '../support/process-memory.ts'
import { expectOk, expectRefusal } from '../support/typed-commands.ts'

/**
 * DEU has an inner node and two edges, FRA one node; each is a daemon of its own. One edge is seized as it runs: its
 * disk and its memory are copied (R-5.9).
 */

const directory = await temporaryDirectory()
const work = directory.path
const daemons = new Map<string, ChildProcess>()
const OURS = 'planned-by-us.example'
const THEIRS = 'told-in-confidence.example'

afterAll(async () => {
  await Promise.all([...daemons.keys()].map(name => kill(name)))
  await directory[Symbol.asyncDispose]()
})

const homeOf = (name: string): Home => homeAt(join(work, name), {})

function run(home: string, args: string) {
  const env = { TOCSIN_HOME: join(work, home), TOCSIN_PASSPHRASE_FILE: join(work, 'passphrase') }
  return runCliHere(args.split(' '), { cwd: work, env })
}

async function start(name: string): Promise<void> {
  const env = cleanEnvironment({ TOCSIN_HOME: join(work, name) })
  const child = spawn(process.execPath, [TOCSIN, 'start'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  daemons.set(name, child)
  let said = ''
  child.stderr.on('data', text => {
    said += text
  })
  const ended = once(child, 'exit').then(() => [said])
  const [first] = await Promise.race([once(child.stdout, 'data'), ended])
  expect(String(first)).toContain('ready')
}

async function kill(name: string): Promise<void> {
  const child = daemons.get(name)
  daemons.delete(name)
  if (child === undefined || child.exitCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function read(home: string, args: string) {
  const { stdout } = await run(home, `${args} -o json`)
  return JSON.parse(stdout)
}

async function untilSo(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

const isKnown = async (home: string, value: string) => (await run(home, `lookup ${value}`)).status === 0

async function exchange(home: string, other: string, value: string): Promise<void> {
  await expectOk(run(home, `indicator add ${value} --tlp AMBER`))
  await untilSo(`${value} is known at ${other}`, () => isKnown(other, value))
}

/** The peer key of an edge, as others list it. */
async function peerKeyOf(name: string): Promise<string> {
  const { nodes } = await read(name, 'nation show')
  return nodes.find(({ isHere }: { isHere: boolean }) => isHere).peerKey
}

const connects = async (home: string, peer: string) =>
  ((await read(home, 'peer list')) as PeerStatus[]).some(each => each.peer === peer && each.state === 'connected')

beforeAll(async () => {
  writeFileSync(join(work, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 })
  const deu = await makeHome(work, 'DEU', [`/ip4/127.0.0.1/tcp/${await freePort()}`])
  const fra = await makeHome(work, 'FRA', [`/ip4/127.0.0.1/tcp/${await freePort()}`])
  const alliance = await signNation(await signNation(await found([deu, fra]), deu), fra)
  const trust = trustOf(alliance.directory.registry)
  await installAlliance(deu, alliance, trust)
  await installAlliance(fra, alliance, trust)
  writeFileSync(join(work, 'invite'), allianceFileOf(alliance.evidence))
  const { fingerprint } = allianceViewOf(alliance.directory)
  const edges: string[] = []
  for (const name of ['EDGE1', 'EDGE2']) {
    const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`
    await expectOk(run(name, `init invite --nation DEU --edge --listen ${listen} --trust ${fingerprint}`))
    const { stderr } = await expectOk(run(name, `nation export --node -O ${name}.json`))
    edges.push(stderr.match(/\S+\/p2p\/\w+/)![0])
    await expectOk(run('DEU', `nation add-node ${name}.json --yes`))
  }
  writeFileSync(deu.config, `nation: DEU\nnet:\n  edges:\n${edges.map(text => `    - ${text}\n`).join('')}`)
  await expectOk(run('DEU', 'nation address --yes'))
  for (const name of ['FRA', 'EDGE1', 'EDGE2']) await expectOk(run(name, `alliance apply ${deu.alliance} --yes`))
  for (const name of ['EDGE1', 'EDGE2', 'FRA', 'DEU']) await start(name)
  await untilSo('all may sign', async () => {
    return (await read('DEU', 'status')).state === 'ready' && (await read('FRA', 'status')).state === 'ready'
  })
}, 120_000)

describe('an edge that is seized', () => {
  let secrets: Readonly<Record<string, Uint8Array>>

  /** Raw and as the key files have them. */
  async function secretsOf(home: Home): Promise<Readonly<Record<string, Uint8Array>>> {
    const { inner, peerSeed } = await readNodeKeys(home)
    const kems = (await readKemKeys(home)).map(({ seed }, i) => [`KEM seed ${i}`, seed] as const)
    const seeds: readonly (readonly [string, Uint8Array])[] = [
      ['peerSeed', peerSeed],
      ...Object.entries(inner!),
      ...kems,
    ]
    const named = seeds.flatMap(([name, seed]) => [
      [`${name} of ${home.path}`, seed] as const,
      [`${name} of ${home.path}, as text`, utf8(Buffer.from(seed).toString('base64'))] as const,
    ])
    return Object.fromEntries(named)
  }

  test('has relayed what both nations say to each other', { timeout: 90_000 }, async () => {
    await exchange('DEU', 'FRA', OURS)
    await exchange('FRA', 'DEU', THEIRS)
    await untilSo('the edge holds all of it', async () => {
      const [edge, inner] = [await read('EDGE1', 'status'), await read('DEU', 'status')]
      return edge.frontier === inner.frontier
    })
    expect(await read('EDGE1', 'status')).toMatchObject({ use: 'edge', state: 'ready', indicators: 0, claims: 0 })
    secrets = {
      ...(await secretsOf(homeOf('DEU'))),
      ...(await secretsOf(homeOf('FRA'))),
      [OURS]: utf8(OURS),
      [THEIRS]: utf8(THEIRS),
    }
  })

  test.skipIf(process.platform !== 'linux')(
    'has no secret and no word of it in its memory',
    { timeout: 90_000 },
    async () => {
      const { peerSeed } = await readNodeKeys(homeOf('EDGE1'))
      const edge = await findInMemory(daemons.get('EDGE1')!.pid!, { ...secrets, own: peerSeed })
      expect([...edge]).toEqual(['own'])
      // The same search finds at the inner node what is there.
      const inner = await findInMemory(daemons.get('DEU')!.pid!, secrets)
      const { inner: keys } = await readNodeKeys(homeOf('DEU'))
      expect(keys).toBeDefined()
      expect(inner).toContain(`signSeed of ${homeOf('DEU').path}`)
      expect(inner).toContain(OURS)
      expect(inner).toContain(THEIRS)
    },
  )

  test('has none on its disk', async () => {
    await kill('EDGE1')
    cpSync(join(work, 'EDGE1'), join(work, 'THIEF'), { recursive: true })
    const contents = (name: string) =>
      Buffer.concat(
        readdirSync(join(work, name), { recursive: true, withFileTypes: true })
          .filter(entry => entry.isFile())
          .map(({ parentPath, name: file }) => readFileSync(join(parentPath, file))),
      )
    expect([...search(contents('THIEF'), secrets)]).toEqual([])
    expect(readdirSync(homeOf('THIEF').keys)).toEqual(['node.keys'])
    expect(Object.keys(await readNodeKeys(homeOf('THIEF')))).toEqual(['nation', 'createdMs', 'peerSeed'])
    expect(search(contents('DEU'), secrets)).toContain(THEIRS)
  })

  test('is not missed: the inner node goes on through the other', { timeout: 90_000 }, async () => {
    await exchange('DEU', 'FRA', 'after-the-seizure.example')
    await exchange('FRA', 'DEU', 'and-the-answer.example')
  })

  test('opens and signs nothing for the thief', { timeout: 90_000 }, async () => {
    await start('THIEF')
    for (const command of [
      `lookup ${OURS}`,
      'indicator list',
      'indicator add forged.example',
      'node incarnate --yes',
    ]) {
      await expectRefusal(run('THIEF', command), 'edge-node', 69)
    }
    await kill('THIEF')
  })

  test('is hung up once it is retired, and lets in no more', { timeout: 90_000 }, async () => {
    const peer = await peerKeyOf('THIEF')
    await start('THIEF')
    await untilSo('the thief is connected', () => connects('FRA', peer))
    await expectOk(run('DEU', `nation retire-node ${peer.slice(0, 16)} --yes`))
    await untilSo('FRA has hung up', async () => !(await connects('FRA', peer)))
    await untilSo('the inner node, too', async () => !(await connects('DEU', peer)))
    expect((await read('DEU', 'status')).problems.map(({ code }: { code: string }) => code)).toContain('edge-unknown')
    await exchange('DEU', 'FRA', 'without-it.example')
    expect(await connects('FRA', peer)).toBe(false)
  })
})
