import { appendFile, readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { toBase64 } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { type NationId, parseNationId } from '../../base/ids.ts'
import type { Clock, Random } from '../../base/ports.ts'
import { planFounding, signFounding, signOwnNation } from '../../node/ceremonies/founding.ts'
import { createHome } from '../../node/ceremonies/founding-home.ts'
import { openKeyFile } from '../../node/ceremonies/founding-keys.ts'
import { readOwnNode } from '../../node/ceremonies/founding-own.ts'
import { installAlliance } from '../../node/home/founding-alliance.ts'
import { exists, type Home, homeAt, writeWhole } from '../../node/home/home.ts'
import { trustOf } from '../../registry/trust-string.ts'

export interface SandboxNation {
  readonly nation: NationId
  readonly home: Home
}

export interface SandboxPorts {
  readonly clock: Clock
  readonly random: Random
}

/** Keys of a sandbox protect nothing; a real work factor would take four seconds a nation. */
const SCRYPT_LOG_N = 10
const PASSPHRASE_BYTES = 18

/** The sample, and most of what is tried here, is on them. */
const EXERCISE_LISTS = 'warninglists:\n  perList: { documentation-addresses: off, documentation-names: off }\n'

/** `AAA`, `BBB`, `CCC` and so on. */
function sandboxNames(count: number): NationId[] {
  return Array.from({ length: count }, (_, i) => parseNationId(String.fromCharCode(A + i).repeat(3)))
}

const A = 65

/**
 * Homes for `count` nations in `root`, which all belong to one alliance that they govern together. What an earlier
 * sandbox left in `root` is used again. Throws UserError `home-exists` where something else is there.
 */
export async function openSandboxHomes(root: string, count: number, ports: SandboxPorts): Promise<SandboxNation[]> {
  const nations = sandboxNames(count).map(nation => ({ nation, home: homeAt(join(root, nation), {}) }))
  if (await exists(join(root, PASSPHRASE_FILE))) {
    await assertSame(root, nations)
    return nations
  }
  if ((await exists(root)) && (await readdir(root)).length > 0) throw occupied(root, 'holds something else')
  await foundSandbox(root, nations, ports)
  return nations
}

const PASSPHRASE_FILE = 'passphrase'

async function foundSandbox(root: string, nations: readonly SandboxNation[], ports: SandboxPorts): Promise<void> {
  const passphrase = toBase64(ports.random.bytes(PASSPHRASE_BYTES))
  const options = { scryptLogN: SCRYPT_LOG_N }
  const ask = () => Promise.resolve(passphrase)
  const freePorts = await findFreePorts(nations.length)
  for (const [i, { nation, home }] of nations.entries()) {
    const draft = { nation, label: `Nation ${nation}`, listen: [`/ip4/127.0.0.1/tcp/${freePorts[i]}`], announce: [] }
    await createHome(home, draft, ask, { ...ports, ...options })
    await appendFile(home.config, EXERCISE_LISTS)
  }

  const owns = await Promise.all(nations.map(({ home }) => readOwnNode(home, {})))
  const plan = planFounding({
    name: 'Sandbox',
    nations: owns.map(own => own.nationFile),
    governors: nations.map(({ nation }) => nation),
    threshold: undefined,
    byzantineNations: undefined,
    nowMs: ports.clock.now(),
  })
  const governors = await Promise.all(nations.map(({ home }) => openKeyFile(home.governorKey, ask)))
  let alliance = await signFounding(plan, governors, options)
  for (const [i, { home }] of nations.entries()) {
    const root = await openKeyFile(home.rootKey, ask)
    alliance = await signOwnNation(alliance, owns[i]!, root, ports.clock.now(), options)
  }
  for (const { home } of nations) await installAlliance(home, alliance, trustOf(alliance.directory.registry))
  // Last, since it says that the sandbox is whole.
  await writeWhole(join(root, PASSPHRASE_FILE), `${passphrase}\n`)
}

async function assertSame(root: string, nations: readonly SandboxNation[]): Promise<void> {
  const there = (await readdir(root)).filter(name => name !== PASSPHRASE_FILE).sort()
  const wanted = nations.map(({ nation }) => nation)
  if (there.join() === wanted.join()) return
  throw occupied(root, `holds a sandbox of ${there.length} nations: ${there.join(', ')}`)
}

function occupied(root: string, what: string): UserError {
  return new UserError('home-exists', `${root} ${what}`, {
    fix: 'Name an empty directory with --home, or as many nations with --nations.',
  })
}

/** Ports of the loopback interface that nobody listens on now, each another. */
async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere))
  const ports = servers.map(server => (server.address() as { readonly port: number }).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

function listenAnywhere(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}
