import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { assertSecretMode } from '../../crypto/node-key-file.ts'
import { nodeOfKeys } from '../../node/ceremonies/nation-change.ts'
import type { Config } from '../../node/config/config.ts'
import { assertEdgeHome } from '../../node/home/edge-home.ts'
import { readHeldAlliance } from '../../node/home/founding-alliance.ts'
import { type Home, readConfig, readKemKeys, readNodeKeys } from '../../node/home/home.ts'
import { addressFaultOf } from '../../node/problems/own-addresses.ts'
import { readNationalRules } from '../../node/rules/national-rules.ts'
import { policyMissing } from '../../node/rules/release-desk.ts'
import { KEY_STATUS } from '../../registry/node-key.ts'
import { countOf } from '../../registry/phrase.ts'
import { ROLE } from '../../registry/registry-doc.ts'
import type { ControlClient } from '../terminal/client.ts'
import type { CliContext } from '../terminal/context.ts'
import {
  checkClock,
  checkCryptography,
  checkDisk,
  checkListening,
  checkNodeVersion,
  writtenAt,
} from './check-machine.ts'

/** One thing to look at: gives what was found, or throws what is wrong with it. */
export interface Check {
  readonly name: string
  readonly run: () => Promise<string>
}

/** Everything that can be wrong before a node is started, and whether the one that runs is well. */
export function createHomeChecks(context: CliContext): readonly Check[] {
  const home = context.home()
  const client = context.client()
  const config = () => readConfig(home, context.environment)
  return [
    ...createSetUpChecks(context),
    { name: 'alliance', run: async () => checkAlliance(home, await config()) },
    { name: 'addresses', run: async () => checkAddresses(home, await config()) },
    { name: 'daemon', run: () => checkDaemon(client) },
    { name: 'listening', run: async () => checkPorts(client, await config()) },
  ]
}

/** What a node needs, whatever its alliance and whether it runs. */
export function createSetUpChecks(context: CliContext): readonly Check[] {
  const home = context.home()
  const config = () => readConfig(home, context.environment)
  return [
    { name: 'node', run: checkNodeVersion },
    { name: 'cryptography', run: checkCryptography },
    { name: 'home', run: () => checkHome(home) },
    { name: 'configuration', run: async () => describeConfig(await config()) },
    { name: 'key files', run: () => checkKeyFiles(home) },
    { name: 'node keys', run: async () => checkNodeKeys(home, await config()) },
    { name: 'KEM keys', run: async () => checkKemKeys(home, await config()) },
    { name: 'policy', run: () => checkRules(home) },
    { name: 'clock', run: () => checkHomeClock(home) },
    { name: 'disk', run: () => checkDisk(home.path) },
  ]
}

async function checkHome(home: Home): Promise<string> {
  const found = await stat(home.path).catch(cause => {
    throw new UserError('home-missing', `${home.path} cannot be looked at: ${cause.message}`, {
      fix: 'Run "tocsin nation create" first, or name the home with --home DIR or TOCSIN_HOME.',
      cause,
    })
  })
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0')
  if ((found.mode & 0o077) !== 0) {
    throw new UserError('home-permissions', `${home.path} is open to others (mode ${mode})`, {
      fix: `Run: chmod 700 ${home.path}`,
    })
  }
  if (found.uid !== process.getuid?.()) {
    throw new UserError('home-permissions', `${home.path} belongs to another user (${found.uid})`, {
      fix: 'Run this as the user that runs the daemon.',
    })
  }
  return `${home.path}, mode ${mode}`
}

function describeConfig({ nation, net, metrics }: Config): string {
  const through = net.edges.length === 0 ? '' : `, reaches others through ${countOf(net.edges.length, 'edge node')}`
  const health = through + (metrics.listen === '' ? '' : `, metrics on ${metrics.listen}`)
  return `${nation}, listens on ${net.listen.join(' ') || 'nothing'}${health}`
}

async function checkKeyFiles(home: Home): Promise<string> {
  const names = await readdir(home.keys).catch(cause => {
    throw new UserError('key-file-unreadable', `${home.keys} cannot be read: ${cause.message}`, {
      fix: 'Run "tocsin nation create", or restore it from its backup.',
      cause,
    })
  })
  for (const name of names) assertSecretMode((await stat(join(home.keys, name))).mode, join(home.keys, name))
  return `${names.join(' ')}: for their owner alone`
}

async function checkNodeKeys(home: Home, config: Config): Promise<string> {
  const { nation } = config
  const keys = await readNodeKeys(home)
  if (keys.nation !== nation) {
    throw new UserError('key-file-malformed', `these are keys of ${keys.nation}, and config.yaml says ${nation}`, {
      fix: 'Correct the nation in config.yaml, or restore its keys.',
    })
  }
  if (keys.inner !== undefined) return `of ${nation}, made ${dayOf(keys.createdMs)}`
  await assertEdgeHome(home, config)
  return `of ${nation}, made ${dayOf(keys.createdMs)}: a peer key and nothing else, of an edge node`
}

/** What is wrong with its keys is told of them alone. */
async function isEdge(home: Home): Promise<boolean> {
  const keys = await readNodeKeys(home).catch(() => undefined)
  return keys !== undefined && keys.inner === undefined
}

async function checkKemKeys(home: Home, { nation }: Config): Promise<string> {
  if (await isEdge(home)) return 'none: an edge node opens nothing'
  const keys = await readKemKeys(home)
  if (keys.length === 0) return assertObserves(home, nation as NationId)
  const nowMs = Date.now()
  const lastMs = Math.max(0, ...keys.map(key => key.untilMs))
  if (keys.some(key => key.fromMs <= nowMs && nowMs < key.untilMs)) {
    return `${keys.length} windows, the last until ${dayOf(lastMs)}`
  }
  throw new UserError('key-file-malformed', `no KEM key is for today; the last is until ${dayOf(lastMs)}`, {
    fix: 'Make new KEM keys and publish them in a new nation document: nobody can seal to this node.',
  })
}

/** To hold no KEM key is right for whoever is to open nothing. */
async function assertObserves(home: Home, nation: NationId): Promise<string> {
  const held = await readHeldAlliance(home)
  if (held?.directory.member(nation)?.roles.has(ROLE.RECEIVE) !== true) return 'none: this node opens no body'
  throw new UserError('kem-key-missing', `there is no KEM key, and the registry gives ${nation} the role RECEIVE`, {
    fix: 'Make KEM keys with "tocsin nation rotate kem", bring those that are elsewhere with "tocsin nation kem-import FILE", or ask the governors to take the role away.',
  })
}

async function checkAlliance(home: Home, { nation }: Config): Promise<string> {
  const held = await readHeldAlliance(home)
  if (held === undefined) {
    throw new UserError('registry-missing', `${home.path} belongs to no alliance yet`, {
      fix: 'Found one or join one: "tocsin alliance --help".',
    })
  }
  const { registry } = held.directory
  if (held.directory.member(nation as NationId) === undefined) {
    throw new UserError('registry-not-member', `${nation} is no member in the alliance's registry`, {
      fix: 'Check the nation in config.yaml, or ask the governors to admit it.',
    })
  }
  if (registry.expiresMs <= Date.now()) {
    throw new UserError('publish-registry-expired', `the registry expired on ${dayOf(registry.expiresMs)}`, {
      fix: 'Ask the governors for a new version and apply it: 30 days after this date publishing stops.',
    })
  }
  return `${registry.name}, registry version ${registry.version}, until ${dayOf(registry.expiresMs)}`
}

async function checkRules(home: Home): Promise<string> {
  if (await isEdge(home)) return 'none: an edge node publishes nothing'
  const { policy, operators } = await readNationalRules(home)
  if (policy === undefined) throw policyMissing()
  const [warning] = policy.warnings
  const count = `${policy.guard.rules.length} rules, ${operators.operators.length} operators`
  return warning === undefined ? count : `${count}; ${warning}`
}

/** Others call this node where the document of its nation says, whatever config.yaml does. */
async function checkAddresses(home: Home, config: Config): Promise<string> {
  const doc = (await readHeldAlliance(home))?.directory.member(config.nation as NationId)?.doc
  const node = doc && nodeOfKeys(doc, await readNodeKeys(home))
  if (node?.status !== KEY_STATUS.ACTIVE) return 'no document names this node'
  const fault = addressFaultOf(config, node.addresses)
  if (fault !== undefined) throw fault
  return node.addresses.join(' ') || 'none: it only dials'
}

async function checkHomeClock(home: Home): Promise<string> {
  const keys = await readNodeKeys(home).catch(() => undefined)
  const made = keys === undefined ? [] : [{ what: 'the making of the node keys', timeMs: keys.createdMs }]
  return checkClock([...made, ...(await writtenAt(home.config)), ...(await writtenAt(home.data))])
}

async function checkDaemon(client: ControlClient): Promise<string> {
  const status = await runningStatus(client)
  if (status === undefined) return 'not running'
  const problem = status.problems.find(({ grade }) => grade === 'alarm')
  if (problem !== undefined) throw new UserError(problem.code, problem.message, { fix: problem.fix })
  return `process ${status.pid}, ${status.state}, ${status.peersConnected} of ${status.peersKnown} peers connected`
}

async function checkPorts(client: ControlClient, { net }: Config): Promise<string> {
  const status = await runningStatus(client)
  return status === undefined ? checkListening(net.listen) : `${status.listen.join(' ')} by the daemon`
}

async function runningStatus(client: ControlClient) {
  try {
    return await client.status()
  } catch (error) {
    const absent = error instanceof UserError && (error.code === 'daemon-not-running' || error.code === 'home-missing')
    if (absent) return undefined
    throw error
  }
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}
