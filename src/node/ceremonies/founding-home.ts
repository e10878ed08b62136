import { rm } from 'node:fs/promises'
import { stringify } from 'yaml'
import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import { encryptKeyFile, type RootSecrets } from '../../crypto/key-file.ts'
import { encodeKemKeys, encodeNodeKeys } from '../../crypto/node-key-file.ts'
import type { EncryptOptions } from '../../crypto/passphrase-file.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import { type Config, parseConfig } from '../config/config.ts'
import { STARTER_POLICY } from '../config/starter-policy.ts'
import { exists, type Home, makeHome, writeWhole } from '../home/home.ts'
import { encodeNationFile } from './nation-file.ts'
import {
  KEM_HEAD_START_DAYS,
  KEM_WINDOWS,
  type KeyPorts,
  newEdgeKeys,
  newKemSecrets,
  newNodeKeys,
  newRootSecrets,
  publicKeyOf,
} from './new-keys.ts'

export interface NodeDraft {
  readonly nation: NationId
  /** Multiaddrs to listen on; empty: the default of the configuration. */
  readonly listen: readonly string[]
  /** Multiaddrs that others dial; empty: those listened on. */
  readonly announce: readonly string[]
  /** Own edge nodes, through which alone it reaches others (R-5.9); none: it dials them itself. */
  readonly edges?: readonly string[]
}

export interface FurtherNodeDraft extends NodeDraft {
  /** It relays and stores, and has a peer key and nothing else (R-5.9). */
  readonly edge?: boolean
}

export interface HomeDraft extends NodeDraft {
  readonly label: string
  /** An auditor's: it holds no key to a body. */
  readonly observer?: boolean
}

export interface HomePorts extends EncryptOptions, KeyPorts {}

/**
 * Makes the home of a nation's first node: configuration, the node's own keys, and the root and governor keys under a
 * passphrase, which is asked for once the rest is known to be right. Where it fails it leaves no file behind.
 * Throws UserError `home-exists`, `net-address-invalid` or `passphrase-wrong`.
 */
export async function createHome(
  home: Home,
  draft: HomeDraft,
  askPassphrase: () => Promise<string>,
  ports: HomePorts,
): Promise<Config> {
  await assertVacant(home)
  const text = configText(draft)
  const config = parseDraft(text)
  await writeHome(home, text, [
    ...(await keyFiles(home, draft, await askPassphrase(), ports)),
    [home.policy, STARTER_POLICY],
  ])
  return config
}

/**
 * Makes the home of a further node of a nation, whose root key is elsewhere and whose KEM keys are brought here later.
 * Throws UserError `home-exists` or `net-address-invalid`.
 */
export async function createNodeHome(home: Home, draft: FurtherNodeDraft, ports: KeyPorts): Promise<Config> {
  await assertVacant(home)
  const { nation, edge = false } = draft
  const text = edge ? edgeConfigText(draft) : configText(draft)
  const config = parseDraft(text)
  const keys = encodeNodeKeys(edge ? newEdgeKeys(nation, ports) : newNodeKeys(nation, ports))
  await writeHome(home, text, [[home.nodeKeys, keys], ...(edge ? [] : ([[home.policy, STARTER_POLICY]] as const))])
  return config
}

/** The configuration comes last: a home has one, or is none. */
async function writeHome(home: Home, config: string, files: readonly HomeFile[]): Promise<void> {
  const written: string[] = []
  try {
    await makeHome(home)
    for (const [path, content] of [...files, [home.config, config]] as const) {
      await writeWhole(path, content)
      written.push(path)
    }
  } catch (error) {
    for (const path of written) await rm(path, { force: true })
    throw error
  }
}

type HomeFile = readonly [path: string, content: Uint8Array | string]

/** Throws UserError `home-exists` where any file of a home is there already. */
export async function assertVacant(home: Home): Promise<void> {
  const { config, policy, nodeKeys, kemKeys, rootKey, governorKey, recoveryKey, nation, alliance } = home
  for (const path of [config, policy, nodeKeys, kemKeys, rootKey, governorKey, recoveryKey, nation, alliance]) {
    if (!(await exists(path))) continue
    throw new UserError('home-exists', `${home.path} holds a node already: ${path} is there`, {
      fix: 'Choose another home with --home DIR or TOCSIN_HOME; keys that are overwritten are lost for ever.',
      data: { path },
    })
  }
}

async function keyFiles(
  home: Home,
  { nation, label, observer = false }: HomeDraft,
  passphrase: string,
  ports: HomePorts,
): Promise<readonly HomeFile[]> {
  const root = newRootSecrets('root', '', nation, ports)
  const primary = newRootSecrets('governor', 'primary', nation, ports)
  const recovery = newRootSecrets('governor', 'recovery', nation, ports)
  const encrypt = (secrets: RootSecrets) => encryptKeyFile(passphrase, secrets, ports)
  const publicHalf = encodeNationFile({
    nation,
    label,
    rootThreshold: 1,
    roots: [publicKeyOf(root)],
    governor: { primary: publicKeyOf(primary), recovery: publicKeyOf(recovery) },
    nodes: [],
    ...(observer && { observer }),
  })
  const firstMs = ports.clock.now() - KEM_HEAD_START_DAYS * DAY_MS
  const kems = observer ? [] : newKemSecrets(ports.random, firstMs, KEM_WINDOWS)
  return [
    [home.rootKey, await encrypt(root)],
    [home.governorKey, await encrypt(primary)],
    [home.recoveryKey, await encrypt(recovery)],
    [home.nodeKeys, encodeNodeKeys(newNodeKeys(nation, ports))],
    [home.kemKeys, encodeKemKeys(nation, kems)],
    [home.nation, publicHalf],
  ]
}

function configText(draft: NodeDraft): string {
  return `# A Tocsin node. Fields that are left out have their defaults; "tocsin check" names what is wrong.
${netText(draft)}\
# publish:
#   tlp: AMBER                # the marking of what comes without one
# metrics:
#   listen: 127.0.0.1:9117    # health and Prometheus metrics over HTTP
# api:
#   listen: 127.0.0.1:9118    # indicators and look-ups for programs that show a token ("tocsin token add")
# audit:
#   syslog: udp://192.0.2.20:514   # where the audit log goes as it grows; also tcp://HOST:PORT, unix:/PATH
# retention:
#   bodyDays: 365             # how long the ciphertext of messages is kept here; what was opened of it stays
#   byMarking: { RED: 90 }    # the same for messages that hold what is so marked
# log:
#   level: info
`
}

function edgeConfigText(draft: NodeDraft): string {
  return `# A Tocsin edge node: it relays and stores, and opens and signs nothing. Fields that are left out have their defaults.
${netText(draft)}\
# metrics:
#   listen: 127.0.0.1:9117    # health and Prometheus metrics over HTTP
# audit:
#   syslog: udp://192.0.2.20:514   # where the audit log goes as it grows; also tcp://HOST:PORT, unix:/PATH
# log:
#   level: info
`
}

function netText({ nation, listen, announce, edges = [] }: NodeDraft): string {
  const list = (addresses: readonly string[]) => addresses.map(address => `    - ${scalar(address)}\n`).join('')
  const some = (name: string, addresses: readonly string[]) =>
    addresses.length > 0 ? `  ${name}:\n${list(addresses)}` : `  ${name}: []\n`
  const defaults = edges.length > 0 ? [] : ['/ip4/0.0.0.0/tcp/7117']
  const behind = `  # The edge nodes of the nation: nothing else is dialled, and everybody else is reached through them.\n`
  return `nation: ${scalar(nation)}
net:
  # Where this node listens.
${some('listen', listen.length > 0 ? listen : defaults)}\
  # What others dial, where that differs; the nation's signed document says the same.
${announce.length > 0 ? some('announce', announce) : '  # announce:\n  #   - /ip4/192.0.2.10/tcp/7117\n'}\
${edges.length > 0 ? `${behind}${some('edges', edges)}` : ''}`
}

function scalar(text: string): string {
  return stringify(text, { lineWidth: 0 }).trimEnd()
}

/** What was typed is at fault here, not a file that the reader has never seen. */
function parseDraft(text: string): Config {
  try {
    return parseConfig(text)
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause
    throw new UserError('net-address-invalid', cause.message, {
      fix: 'Write addresses as /ip4/192.0.2.10/tcp/7117 or /dns4/tocsin.cert.example/tcp/7117.',
      cause,
    })
  }
}
