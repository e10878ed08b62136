import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { NationId } from '../../src/base/ids.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { peerIdText } from '../../src/net/peer-key.ts'
import { createEdgeService } from '../../src/node/commands/edge-service.ts'
import { type Config, defaultConfig } from '../../src/node/config/config.ts'
import { type EdgeNode, openEdge } from '../../src/node/edge.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import type { NodeService } from '../../src/node/orders/node-service.ts'
import { buildEdgeNode } from '../../src/registry/build-nation.ts'
import { parseNationDoc } from '../../src/registry/nation-doc.ts'
import type { NationChange } from '../../src/registry/next-nation.ts'
import { parseSignedDoc } from '../../src/registry/signed-doc.ts'
import { openStore } from '../../src/store/open.ts'
import {
  createTestAlliance,
  freePort,
  type RunningNode,
  type StartOptions,
  systemClock,
  type TestAlliance,
} from './node-alliance.ts'
import { renewNation } from './node-rotation.ts'

/** An alliance whose first nation has an inner node, which nobody can dial, and edges. */
export interface EdgeAlliance extends AsyncDisposable {
  readonly alliance: TestAlliance
  /** With the document that names the edges. */
  readonly documents: readonly Uint8Array[]
  startInner(options?: StartOptions): Promise<RunningNode>
  startOther(index: number, options?: StartOptions): Promise<RunningNode>
  /** `home` instead of its own: with another store. */
  startEdge(index: number, home?: string): Promise<RunningEdge>
  /** The document of the first nation that gives an edge up. */
  retire(index: number): Uint8Array
}

export interface RunningEdge extends AsyncDisposable {
  readonly node: EdgeNode
  readonly service: NodeService
}

export async function createEdgeAlliance(nations: number, edgeCount: number): Promise<EdgeAlliance> {
  const alliance = await createTestAlliance(nations)
  const [inner] = alliance.members
  const { allianceId, documents } = alliance
  const edges = await Promise.all(Array.from({ length: edgeCount }, () => createEdge(allianceId, inner!.nation)))
  const first = parseNationDoc(parseSignedDoc(documents[1]!))
  const changes: NationChange[] = [
    ...edges.map(({ key }): NationChange => ({ kind: 'add-node', node: key })),
    { kind: 'addresses', node: first.nodes[0]!.identityHex, addresses: [] },
  ]
  const { document } = renewNation(inner!, first, Date.now() - 30_000, changes)
  const named = [...documents, document]
  const after = parseNationDoc(parseSignedDoc(document))

  const behindEdges = (config: Config): Config => ({
    ...config,
    net: { ...config.net, listen: [], edges: edges.map(({ address, id }) => `${address}/p2p/${id}`) },
  })

  return {
    alliance,
    documents: named,
    startInner: (options = {}) =>
      alliance.start(0, { documents: named, ...options, config: options.config ?? behindEdges }),
    startOther: (index, options = {}) => alliance.start(index, { documents: named, ...options }),
    async startEdge(index, home = `edge-${index}`) {
      const { peerSeed, address } = edges[index]!
      const base = defaultConfig(inner!.nation)
      const node = await openEdge({
        allianceId,
        config: {
          ...base,
          net: { ...base.net, listen: [address] },
          sync: { ...base.sync, gapMs: 200, intervalMs: 2000 },
        },
        peerSeed,
        store: await openStore(join(inner!.home, '..', home)),
        pins: [],
        documents: named,
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
      })
      const hooks = { stop: () => {}, keepTrust: async () => {}, keepDocuments: async () => {} }
      const service = createEdgeService(node, hooks)
      return { node, service, [Symbol.asyncDispose]: () => node[Symbol.asyncDispose]() }
    },
    retire(index) {
      const { identityHex } = after.nodes[index + 1]!
      const given: NationChange = { kind: 'retire-node', node: identityHex, bounds: [] }
      return renewNation(inner!, after, Date.now() - 10_000, [given]).document
    },
    [Symbol.asyncDispose]: () => alliance[Symbol.asyncDispose](),
  }
}

async function createEdge(allianceId: TestAlliance['allianceId'], nation: NationId) {
  const peerSeed = randomBytes(32)
  const peer = createEd25519Signer(peerSeed)
  const address = `/ip4/127.0.0.1/tcp/${await freePort()}`
  return { peerSeed, address, id: peerIdText(peer.publicKey), key: buildEdgeNode(allianceId, nation, peer, [address]) }
}
