import { rm } from 'node:fs/promises'
import { stringify } from 'yaml'
import { UserError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import type { Clock, Random } from '../base/ports.ts'
import { type EncryptOptions, encryptKeyFile, type RootSecrets } from '../crypto/key-file.ts'
import { encodeKemKeys, encodeNodeKeys, type KemSecret, type NodeKeys } from '../crypto/node-key-file.ts'
import { DAY_MS } from '../registry/doc-fields.ts'
import type { RootKeyRecord } from '../registry/root-key.ts'
import { createRootSigner } from '../registry/root-signer.ts'
import { type Config, parseConfig } from './config.ts'
import { exists, type Home, makeHome, writeWhole } from './home.ts'
import { encodeNationFile } from './nation-file.ts'

export interface HomeDraft {
  readonly nation: NationId
  readonly label: string
  /** Multiaddrs to listen on; empty: the default of the configuration. */
  readonly listen: readonly string[]
  /** Multiaddrs that others dial; empty: those listened on. */
  readonly announce: readonly string[]
}

export interface HomePorts extends EncryptOptions {
  readonly clock: Clock
  readonly random: Random
}

const SEED_BYTES = 32
/** R-3.7: as many as may be made ahead; together they outlast a document. */
const KEM_WINDOWS = 16
const KEM_WINDOW_DAYS = 30
/** The first window began yesterday, so that nobody whose clock is behind finds none. */
const KEM_HEAD_START_DAYS = 1

/**
 * Makes the home of a new node: configuration, the node's own keys, and the root and governor keys under a passphrase,
 * which is asked for once the rest is known to be right. Where it fails it leaves no file behind.
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
  // The configuration comes last: a home has one, or is none.
  const files = [...(await keyFiles(home, draft, await askPassphrase(), ports)), [home.config, text] as const]
  const written: string[] = []
  try {
    await makeHome(home)
    for (const [path, content] of files) {
      await writeWhole(path, content)
      written.push(path)
    }
  } catch (error) {
    for (const path of written) await rm(path, { force: true })
    throw error
  }
  return config
}

/** Throws UserError `home-exists` where any file of a home is there already. */
async function assertVacant(home: Home): Promise<void> {
  const { config, nodeKeys, kemKeys, rootKey, governorKey, recoveryKey, nation, alliance } = home
  for (const path of [config, nodeKeys, kemKeys, rootKey, governorKey, recoveryKey, nation, alliance]) {
    if (!(await exists(path))) continue
    throw new UserError('home-exists', `${home.path} holds a node already: ${path} is there`, {
      fix: 'Choose another home with --home DIR or TOCSIN_HOME; keys that are overwritten are lost for ever.',
      data: { path },
    })
  }
}

async function keyFiles(home: Home, { nation, label }: HomeDraft, passphrase: string, ports: HomePorts) {
  const root = rootSecrets('root', '', nation, ports)
  const primary = rootSecrets('governor', 'primary', nation, ports)
  const recovery = rootSecrets('governor', 'recovery', nation, ports)
  const encrypt = (secrets: RootSecrets) => encryptKeyFile(passphrase, secrets, ports)
  const publicHalf = encodeNationFile({
    nation,
    label,
    rootThreshold: 1,
    roots: [publicKeyOf(root)],
    governor: { primary: publicKeyOf(primary), recovery: publicKeyOf(recovery) },
    nodes: [],
  })
  return [
    [home.rootKey, await encrypt(root)],
    [home.governorKey, await encrypt(primary)],
    [home.recoveryKey, await encrypt(recovery)],
    [home.nodeKeys, encodeNodeKeys(nodeKeys(nation, ports))],
    [home.kemKeys, encodeKemKeys(nation, kemWindows(ports))],
    [home.nation, publicHalf],
  ] as const
}

function rootSecrets(kind: RootSecrets['kind'], comment: string, nation: NationId, ports: HomePorts): RootSecrets {
  return {
    kind,
    nation,
    alliance: '',
    createdMs: ports.clock.now(),
    comment,
    ed25519Seed: ports.random.bytes(SEED_BYTES),
    mldsa65Seed: ports.random.bytes(SEED_BYTES),
    signed: [],
  }
}

function publicKeyOf({ ed25519Seed, mldsa65Seed }: RootSecrets): RootKeyRecord {
  return createRootSigner(ed25519Seed, mldsa65Seed).key
}

function nodeKeys(nation: NationId, { clock, random }: HomePorts): NodeKeys {
  return {
    nation,
    createdMs: clock.now(),
    peerSeed: random.bytes(SEED_BYTES),
    inner: {
      signSeed: random.bytes(SEED_BYTES),
      witnessSeed: random.bytes(SEED_BYTES),
      mldsa44Seed: random.bytes(SEED_BYTES),
    },
  }
}

/** Each window follows the other. */
function kemWindows({ clock, random }: HomePorts): KemSecret[] {
  const firstMs = clock.now() - KEM_HEAD_START_DAYS * DAY_MS
  return Array.from({ length: KEM_WINDOWS }, (_, i) => ({
    seed: random.bytes(SEED_BYTES),
    fromMs: firstMs + i * KEM_WINDOW_DAYS * DAY_MS,
    untilMs: firstMs + (i + 1) * KEM_WINDOW_DAYS * DAY_MS,
  }))
}

function configText({ nation, listen, announce }: HomeDraft): string {
  const list = (addresses: readonly string[]) => addresses.map(address => `    - ${scalar(address)}\n`).join('')
  const defaults = ['/ip4/0.0.0.0/tcp/7117']
  return `# A Tocsin node. Fields that are left out have their defaults; "tocsin check" names what is wrong.
nation: ${scalar(nation)}
net:
  # Where this node listens.
  listen:
${list(listen.length > 0 ? listen : defaults)}\
  # What others dial, where that differs; the nation's signed document says the same.
${announce.length > 0 ? `  announce:\n${list(announce)}` : '  # announce:\n  #   - /ip4/192.0.2.10/tcp/7117\n'}\
# publish:
#   tlp: AMBER                # the marking of what comes without one
# metrics:
#   listen: 127.0.0.1:9117    # health and Prometheus metrics over HTTP
# log:
#   level: info
`
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
