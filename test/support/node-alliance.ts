import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '../../src/base/bytes.ts'
import { type AllianceId, type NationId, parseNationId } from '../../src/base/ids.ts'
import { type Clock, type Logger, silentLogger } from '../../src/base/ports.ts'
import { createEd25519Signer } from '../../src/crypto/ed25519-signer.ts'
import { createMlDsa44Signer } from '../../src/crypto/mldsa-signer.ts'
import { installNative } from '../../src/crypto/native.ts'
import type { KemSecret, NodeKeys } from '../../src/crypto/node-key-file.ts'
import { createXWingKey } from '../../src/crypto/xwing.ts'
import { createNodeService } from '../../src/node/commands/service.ts'
import { type Config, defaultConfig } from '../../src/node/config/config.ts'
import { parsePolicyFile } from '../../src/node/config/policy-file.ts'
import { type Node, openNode } from '../../src/node/daemon.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import type { NodeService } from '../../src/node/orders/node-service.ts'
import type { NationalRules } from '../../src/node/rules/national-rules.ts'
import type { NextKeys } from '../../src/node/writing/key-succession.ts'
import { LOCAL_ONLY } from '../../src/policy/operator.ts'
import { buildInnerNode, buildKemKeys, buildNationDoc } from '../../src/registry/build-nation.ts'
import { buildFoundingRegistry } from '../../src/registry/build-registry.ts'
import { type AlliancePolicy, DEFAULT_POLICY } from '../../src/registry/policy.ts'
import { ROLE, STATUS } from '../../src/registry/registry-doc.ts'
import { createRootSigner } from '../../src/registry/root-signer.ts'
import { DOC_TYPE, encodeSignedDoc, type RootSigner, signDoc } from '../../src/registry/signed-doc.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'

/** Real nodes in this process, each with its own store on disk and its own port on loopback. */

export interface Member {
  readonly nation: NationId
  readonly keys: NodeKeys
  readonly kemKeys: readonly KemSecret[]
  readonly address: string
  readonly home: string
  readonly root: RootSigner
}

export interface RunningNode extends AsyncDisposable {
  readonly member: Omit<Member, 'root'>
  readonly node: Node
  readonly service: NodeService
}

export interface TestAlliance extends AsyncDisposable {
  readonly allianceId: AllianceId
  readonly members: readonly Member[]
  readonly documents: readonly Uint8Array[]
  start(index: number, options?: StartOptions): Promise<RunningNode>
}

/** Where an alliance differs from one of equals with a node each; nations by index. */
export interface AllianceShape {
  /** Where it is not the default. */
  readonly policy?: Partial<AlliancePolicy>
  /** Where a nation is to receive nothing, it has no KEM keys. */
  readonly roles?: ReadonlyMap<number, readonly number[]>
  readonly maxTlp?: ReadonlyMap<number, number>
  /** Nations that have a second node: further members, in this order, with the same roots and KEM keys. */
  readonly secondSites?: readonly number[]
}

export interface StartOptions {
  readonly config?: (config: Config) => Config
  readonly clock?: Clock
  readonly logger?: Logger
  readonly home?: string
  /** Instead of one opened at the home. */
  readonly store?: Store
  /** Instead of the member's first ones. */
  readonly keys?: NodeKeys
  readonly nextKeys?: NextKeys
  /** Instead of the member's first ones. */
  readonly kemKeys?: readonly KemSecret[]
  readonly rereadKemKeys?: () => Promise<readonly KemSecret[]>
  readonly destroyKemKeys?: (secrets: readonly KemSecret[]) => Promise<readonly KemSecret[]>
  /** Instead of letting everything leave. */
  readonly rules?: NationalRules
  readonly rereadRules?: () => Promise<NationalRules>
  /** What the alliance file says, where it is not all documents. */
  readonly documents?: readonly Uint8Array[]
}

export const systemClock: Clock = { now: () => Date.now() }

export async function createTestAlliance(count: number, shape: AllianceShape = {}): Promise<TestAlliance> {
  installNative()
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-test-'))
  const members: Member[] = []
  const rolesOf = (i: number) => shape.roles?.get(i) ?? [ROLE.PUBLISH, ROLE.RECEIVE, ROLE.WITNESS]
  for (let i = 0; i < count; i++) {
    const member = await createMember(nationName(i), folder)
    members.push(rolesOf(i).includes(ROLE.RECEIVE) ? member : { ...member, kemKeys: [] })
  }
  const nations = [...members]
  for (const i of shape.secondSites ?? []) members.push(await createSecondSite(nations[i]!, folder))
  const issuedMs = Date.now() - 60_000
  const founding = buildFoundingRegistry({
    name: 'Test alliance',
    governors: nations.map(({ nation, root }) => ({ nation, primary: root.key })),
    threshold: Math.floor(count / 2) + 1,
    nations: nations.map(({ nation, root }, i) => ({
      nation,
      label: `Nation ${nation}`,
      status: STATUS.ACTIVE,
      roles: rolesOf(i),
      rootThreshold: 1,
      roots: [root.key],
      maxTlp: shape.maxTlp?.get(i) ?? 0,
    })),
    policy: { ...DEFAULT_POLICY, ...shape.policy },
    issuedMs,
    validDays: 365,
  })
  const { allianceId } = founding
  const registry = signDoc(
    DOC_TYPE.REGISTRY,
    new Uint8Array(0),
    founding.docBytes,
    nations.map(member => member.root),
  )
  const sitesOf = ({ nation }: Member) => members.filter(member => member.nation === nation)
  const ofNations = nations.map(member => nationDocument(allianceId, sitesOf(member), issuedMs))
  const documents = [encodeSignedDoc(registry), ...ofNations]
  return {
    allianceId,
    members,
    documents,
    start: (index, options = {}) => startNode({ allianceId, documents }, members[index]!, options),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

export function nationName(index: number): NationId {
  const letter = String.fromCharCode(65 + (index % 26))
  return parseNationId(index < 26 ? letter.repeat(3) : `${letter}${Math.floor(index / 26)}`)
}

async function createMember(nation: NationId, folder: string): Promise<Member> {
  const port = await freePort()
  const nowMs = Date.now()
  return {
    nation,
    keys: {
      nation,
      createdMs: nowMs,
      peerSeed: randomBytes(32),
      inner: { signSeed: randomBytes(32), witnessSeed: randomBytes(32), mldsa44Seed: randomBytes(32) },
    },
    kemKeys: [{ seed: randomBytes(32), fromMs: nowMs - 86_400_000, untilMs: nowMs + 300 * 86_400_000 }],
    address: `/ip4/127.0.0.1/tcp/${port}`,
    home: join(folder, nation),
    root: createRootSigner(randomBytes(32), randomBytes(32)),
  }
}

async function createSecondSite(first: Member, folder: string): Promise<Member> {
  const second = await createMember(first.nation, folder)
  return { ...second, kemKeys: first.kemKeys, root: first.root, home: `${first.home}-2` }
}

export function nationDocument(allianceId: AllianceId, sites: readonly Member[], issuedMs: number): Uint8Array {
  const { nation, kemKeys, root } = sites[0]!
  const docBytes = buildNationDoc({
    allianceId,
    nation,
    prev: undefined,
    issuedMs,
    validDays: 365,
    rootThreshold: 1,
    roots: [root.key],
    nodes: sites.map(({ keys: { inner, peerSeed }, address }) =>
      buildInnerNode(
        allianceId,
        nation,
        {
          sign: createEd25519Signer(inner!.signSeed),
          witness: createEd25519Signer(inner!.witnessSeed),
          mldsa44Pk: createMlDsa44Signer(inner!.mldsa44Seed).publicKey,
          peer: createEd25519Signer(peerSeed),
        },
        [address],
      ),
    ),
    kems: buildKemKeys(
      kemKeys.map(kem => createXWingKey(kem.seed).publicKey),
      kemKeys[0]?.fromMs ?? 0,
      300,
    ),
    bounds: [],
    contacts: [],
  })
  return encodeSignedDoc(signDoc(DOC_TYPE.NATION, allianceId, docBytes, [root]))
}

/** What another process needs to start a member; root keys stay behind. */
export interface SerialisedAlliance {
  readonly allianceId: AllianceId
  readonly documents: readonly Uint8Array[]
  readonly members: readonly Omit<Member, 'root'>[]
}

export function serialise({ allianceId, documents, members }: TestAlliance): SerialisedAlliance {
  return { allianceId, documents, members: members.map(({ root: _, ...member }) => member) }
}

export function startFrom(
  alliance: SerialisedAlliance,
  index: number,
  options: StartOptions = {},
): Promise<RunningNode> {
  installNative()
  return startNode(alliance, alliance.members[index]!, options)
}

async function startNode(
  alliance: Pick<TestAlliance, 'allianceId' | 'documents'>,
  member: Omit<Member, 'root'>,
  options: StartOptions,
): Promise<RunningNode> {
  const base = defaultConfig(member.nation)
  const config: Config = {
    ...base,
    net: { ...base.net, listen: [member.address] },
    sync: { ...base.sync, gapMs: 200, intervalMs: 2000 },
  }
  const node = await openNode({
    allianceId: alliance.allianceId,
    config: options.config?.(config) ?? config,
    keys: options.keys ?? member.keys,
    nextKeys: options.nextKeys,
    kemKeys: options.kemKeys ?? member.kemKeys,
    ...(options.rereadKemKeys && { rereadKemKeys: options.rereadKemKeys }),
    ...(options.destroyKemKeys && { destroyKemKeys: options.destroyKemKeys }),
    store: options.store ?? (await openStore(options.home ?? member.home)),
    pins: [],
    rules: options.rules ?? allowAll(),
    ...(options.rereadRules && { rereadRules: options.rereadRules }),
    documents: options.documents ?? alliance.documents,
    exportsFolder: join(`${options.home ?? member.home}-work`, 'exports'),
    clock: options.clock ?? systemClock,
    random: systemRandom,
    logger: options.logger ?? silentLogger,
  })
  const service = createNodeService(node, { stop: () => {}, keepTrust: async () => {}, keepDocuments: async () => {} })
  return { member, node, service, [Symbol.asyncDispose]: () => node[Symbol.asyncDispose]() }
}

function allowAll(): NationalRules {
  return {
    policy: parsePolicyFile('{ version: 1, rules: [{ name: all, action: allow }] }'),
    operators: LOCAL_ONLY,
  }
}

/** Below the ports that outgoing connections are given: a node that is stopped for a while finds its own free again. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 10_000 + (randomBytes(4).readUInt32BE() % 20_000)
    if (await isFree(port)) return port
  }
  throw new Error('no port')
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const listening = await new Promise<boolean>(resolve => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (listening) await new Promise(resolve => server.close(resolve))
  return listening
}

/** Waits until all hold the same and have opened it; throws with what differs after `timeoutMs`. */
export async function converged(nodes: readonly Pick<RunningNode, 'service'>[], timeoutMs = 20_000): Promise<void> {
  await until(
    () => {
      const [first, ...others] = nodes.map(({ service }) => service.status())
      return first!.backlog === 0 && others.every(other => other.frontier === first!.frontier && other.backlog === 0)
    },
    timeoutMs,
    () => JSON.stringify(nodes.map(({ service }) => service.status().logs.map(log => `${log.nation}:${log.size}`))),
  )
}

export async function until(
  condition: () => boolean,
  timeoutMs: number,
  state: () => string = () => '',
): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not reached within ${timeoutMs} ms ${state()}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

export async function ready(nodes: readonly RunningNode[], timeoutMs = 20_000): Promise<void> {
  await until(
    () => nodes.every(({ node }) => node.guard.state().kind === 'open'),
    timeoutMs,
    () => JSON.stringify(nodes.map(({ node, service }) => [node.guard.state(), service.peers()])),
  )
}

export function domainDraft(name: string) {
  return { kind: 'claim', draft: { type: 'domain', value: name } } as const
}

export function hex(bytes: Uint8Array): string {
  return toHex(bytes)
}
