import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { UserError } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { installNative } from '../crypto/native.ts'
import type { NodeKeys } from '../crypto/node-key-file.ts'
import { selfTest } from '../crypto/self-test.ts'
import { allianceIdOf, parseRegistryDoc } from '../registry/registry-doc.ts'
import { DOC_TYPE, parseSignedDoc } from '../registry/signed-doc.ts'
import { checkTrust, encodeTrust, parseTrust } from '../registry/trust-string.ts'
import { openStore } from '../store/open.ts'
import { createEdgeService } from './commands/edge-service.ts'
import { createNodeService, type ServiceHooks } from './commands/service.ts'
import type { Config } from './config/config.ts'
import { openNode } from './daemon.ts'
import { openEdge } from './edge.ts'
import { parseAllianceFile } from './home/alliance-file.ts'
import { keepAllianceFile } from './home/alliance-file-keeper.ts'
import { assertEdgeHome } from './home/edge-home.ts'
import { operatorPins } from './home/founding-alliance.ts'
import {
  adoptNextNodeKeys,
  destroyKemKeys,
  type Home,
  readConfig,
  readKemKeys,
  readNextNodeKeys,
  readNodeKeys,
  removeLeftovers,
  writeWhole,
} from './home/home.ts'
import type { EvidenceBook } from './knowledge/evidence-book.ts'
import { systemRandom } from './mechanisms/random-system.ts'
import type { CommonOptions } from './node-options.ts'
import type { NodeService } from './orders/node-service.ts'
import { readNationalRules } from './rules/national-rules.ts'
import { warninglistPaths } from './rules/warninglist-files.ts'

const systemClock: Clock = { now: () => Date.now() }

export interface DaemonOptions {
  readonly home: Home
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly logger: Logger
}

export interface Daemon extends AsyncDisposable {
  readonly service: NodeService
  /** Called once, when the service is asked to stop. */
  onStop(listener: () => void): void
}

/** Opens a node of either kind from its home. Throws UserError or StoreError where something is missing, wrong or in use. */
export async function openDaemon({ home, environment, logger }: DaemonOptions): Promise<Daemon> {
  installNative()
  selfTest()
  const config = await readConfig(home, environment)
  const keys = await readNodeKeys(home)
  const open = keys.inner === undefined ? await prepareEdge(home, config, keys) : await prepareNode(home, keys)
  const { documents, allianceId, pins } = await readAlliance(home)
  const listeners = new Set<() => void>()
  const store = await openStore(home.data)
  try {
    const common = { allianceId, config, store, pins, documents, clock: systemClock, random: systemRandom, logger }
    const { node, createService } = await open(common)
    const keeper = keepAllianceFile(home, node.book, logger)
    const service = createService({
      stop() {
        for (const listener of listeners) listener()
        listeners.clear()
      },
      keepDocuments: keeper.flush,
      keepTrust: trust => writeWhole(home.trust, `${encodeTrust(trust)}\n`, { replace: true }),
    })
    return {
      service,
      onStop: listener => void listeners.add(listener),
      async [Symbol.asyncDispose]() {
        await node[Symbol.asyncDispose]()
        await keeper.stop()
      },
    }
  } catch (error) {
    if (store.state !== 'closed') await store[Symbol.asyncDispose]()
    throw error
  }
}

/** What a home is to become once its store is open. */
type Opening = (common: CommonOptions) => Promise<{
  readonly node: { readonly book: EvidenceBook } & AsyncDisposable
  readonly createService: (hooks: ServiceHooks) => NodeService
}>

async function prepareNode(home: Home, keys: NodeKeys): Promise<Opening> {
  const nextKeys = await readNextNodeKeys(home)
  const kemKeys = await readKemKeys(home)
  const rules = await readNationalRules(home)
  return async common => {
    for (const path of [home.nodeKeys, home.nextNodeKeys, home.kemKeys]) await removeLeftovers(path)
    const node = await openNode({
      ...common,
      keys,
      nextKeys: nextKeys && { keys: nextKeys, adopted: () => adoptNextNodeKeys(home) },
      kemKeys,
      rereadKemKeys: () => readKemKeys(home),
      destroyKemKeys: secrets => destroyKemKeys(home, secrets),
      rules,
      rereadRules: () => readNationalRules(home),
      exportsFolder: home.exports,
      feedFolder: home.feeds,
      warninglistPaths: () => warninglistPaths(home, common.config.warninglists),
    })
    return { node, createService: hooks => createNodeService(node, hooks) }
  }
}

async function prepareEdge(home: Home, config: Config, { peerSeed }: NodeKeys): Promise<Opening> {
  await assertEdgeHome(home, config)
  return async common => {
    await removeLeftovers(home.nodeKeys)
    const node = await openEdge({ ...common, peerSeed })
    return { node, createService: hooks => createEdgeService(node, hooks) }
  }
}

async function readAlliance(home: Home) {
  if (!existsSync(home.alliance)) {
    throw new UserError('registry-missing', `${home.path} belongs to no alliance yet`, {
      fix: 'Run "tocsin alliance found …" or "tocsin alliance apply FILE" first.',
    })
  }
  const { documents } = parseAllianceFile(new Uint8Array(await readFile(home.alliance)), home.alliance)
  const registries = documents.map(parseSignedDoc).filter(doc => doc.type === DOC_TYPE.REGISTRY)
  const founding = registries.find(doc => parseRegistryDoc(doc).version === 1)
  if (founding === undefined) {
    throw new UserError('alliance-file-malformed', `${home.alliance} lacks the founding document of the alliance`)
  }
  const trust = existsSync(home.trust) ? parseTrust(await readFile(home.trust, 'utf8')) : undefined
  if (trust !== undefined) checkTrust(trust, [parseRegistryDoc(founding)])
  return { documents, allianceId: allianceIdOf(founding.docBytes), pins: operatorPins(trust) }
}
