import { silentLogger } from '../../src/base/ports.ts'
import { createNodeService } from '../../src/node/commands/service.ts'
import { type Config, defaultConfig } from '../../src/node/config/config.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import { openNode } from '../../src/node/daemon.ts'
import { LOCAL_ONLY } from '../../src/policy/operator.ts'
import { buildFoundingRegistry } from '../../src/registry/build-registry.ts'
import { DEFAULT_POLICY } from '../../src/registry/policy.ts'
import { ROLE, STATUS } from '../../src/registry/registry-doc.ts'
import { createRootSigner } from '../../src/registry/root-signer.ts'
import { DOC_TYPE, encodeSignedDoc, signDoc } from '../../src/registry/signed-doc.ts'
import type { Level } from '../../src/store/database.ts'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { drawFrom } from './deterministic-crypto.ts'
import { type Member, nationDocument, nationName, type RunningNode, type TestAlliance } from './node-alliance.ts'
import { randomFrom } from './seeded-random.ts'
import { useVirtualNetwork, VirtualNetwork } from './virtual-network.ts'
import { VirtualTime } from './virtual-time.ts'

/**
 * Whole nodes in one process, in virtual time and over virtual links, where the same seed gives the same run to the
 * byte. The cryptography is real; what draws from the machine's own generator, or waits for its threads, stands aside
 * for an equal that does not (`deterministic-crypto.ts`, put in place by `vi.mock` in the test).
 */
export interface VirtualWorld extends AsyncDisposable {
  readonly seed: number
  readonly time: VirtualTime
  readonly net: VirtualNetwork
  readonly random: () => number
  readonly alliance: Pick<TestAlliance, 'allianceId' | 'documents' | 'members'>
  start(index: number, options?: VirtualStart): Promise<RunningNode>
}

export interface VirtualStart {
  readonly level?: Level
  readonly clockOffMs?: () => number
  readonly config?: (config: Config) => Config
}

const START_MS = Date.UTC(2026, 10, 21, 12)

export async function createVirtualWorld(count: number, seed: number): Promise<VirtualWorld> {
  const random = randomFrom(seed)
  const bytes = (length: number) => Uint8Array.from({ length }, () => Math.floor(random() * 256))
  drawFrom(bytes)
  const time = new VirtualTime(START_MS)
  const net = new VirtualNetwork(time, random)
  useVirtualNetwork(net)
  const alliance = found(count, bytes)
  return {
    seed,
    time,
    net,
    random,
    alliance,
    async start(index, { level = memoryLevel(), clockOffMs, config = (each: Config) => each } = {}) {
      const member = alliance.members[index]!
      const node = await openNode({
        allianceId: alliance.allianceId,
        config: config(defaultConfig(member.nation)),
        keys: member.keys,
        kemKeys: member.kemKeys,
        store: await openStore({ level }),
        pins: [],
        rules: {
          policy: parsePolicyFile('{ version: 1, rules: [{ name: all, action: allow }] }'),
          operators: LOCAL_ONLY,
        },
        documents: alliance.documents,
        clock: time.clock(clockOffMs),
        random: { bytes },
        logger: silentLogger,
      })
      const service = createNodeService(node, {
        stop: () => {},
        keepTrust: async () => {},
        keepDocuments: async () => {},
      })
      return { member, node, service, [Symbol.asyncDispose]: () => node[Symbol.asyncDispose]() }
    },
    async [Symbol.asyncDispose]() {
      useVirtualNetwork(undefined)
      time[Symbol.dispose]()
    },
  }
}

function found(count: number, bytes: (length: number) => Uint8Array): VirtualWorld['alliance'] {
  const members = Array.from({ length: count }, (_, i): Member => createMember(i, bytes))
  const founding = buildFoundingRegistry({
    name: 'Virtual alliance',
    governors: members.slice(0, 3).map(({ nation, root }) => ({ nation, primary: root.key })),
    threshold: 2,
    nations: members.map(({ nation, root }) => ({
      nation,
      label: nation,
      status: STATUS.ACTIVE,
      roles: [ROLE.PUBLISH, ROLE.RECEIVE, ROLE.WITNESS],
      rootThreshold: 1,
      roots: [root.key],
      maxTlp: 0,
    })),
    policy: DEFAULT_POLICY,
    issuedMs: START_MS - 60_000,
    validDays: 365,
  })
  const { allianceId, docBytes } = founding
  const registry = signDoc(
    DOC_TYPE.REGISTRY,
    new Uint8Array(0),
    docBytes,
    members.slice(0, 3).map(({ root }) => root),
  )
  const ofNations = members.map(member => nationDocument(allianceId, [member], START_MS - 60_000))
  return { allianceId, members, documents: [encodeSignedDoc(registry), ...ofNations] }
}

function createMember(index: number, bytes: (length: number) => Uint8Array): Member {
  const nation = nationName(index)
  return {
    nation,
    keys: {
      nation,
      createdMs: START_MS,
      peerSeed: bytes(32),
      inner: { signSeed: bytes(32), witnessSeed: bytes(32), mldsa44Seed: bytes(32) },
    },
    kemKeys: [{ seed: bytes(32), fromMs: START_MS - 86_400_000, untilMs: START_MS + 300 * 86_400_000 }],
    address: `/ip4/192.0.2.1/tcp/${10_000 + index}`,
    home: '',
    root: createRootSigner(bytes(32), bytes(32)),
  }
}
