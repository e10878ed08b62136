import { toHex } from '../base/bytes.ts'
import type { AllianceId, NationId } from '../base/ids.ts'
import { type Audience, buildAudience } from './audience.ts'
import { type EvidenceSet, validDocs } from './evidence.ts'
import { checkLogStanding, type LogOrigin, type LogStanding } from './log-standing.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import { hasLeft, type PendingReset } from './nation-history.ts'
import { type NationNodes, type NationWalk, walkNation } from './nation-walk.ts'
import { KEY_STATUS, type KeyStatus, type Use } from './node-key.ts'
import { checkOverruled, type Overruled } from './overruled.ts'
import type { AlliancePolicy } from './policy.ts'
import { type NationRecord, type ParsedRegistryDoc, ROLE, STATUS } from './registry-doc.ts'
import type { Pin, RegistrySplit, RegistryState } from './registry-state.ts'

export interface Member extends NationRecord {
  /** Undefined while no document of the nation is in force. */
  readonly doc: ParsedNationDoc | undefined
  /** Documents of one version that hold the nation up; empty when none do. */
  readonly siblings: readonly ParsedNationDoc[]
  /** The governors put a document in force that the nation did not sign for, without a reset: an alarm. */
  readonly overruled: Overruled | undefined
  /** LOST roots that the governors announce to replace; the nation has 14 days to object. */
  readonly pendingReset: PendingReset | undefined
}

/** A node of a nation in the documents in force, its peer key proved. */
export interface PeerNode {
  readonly nation: NationId
  readonly peerPk: Uint8Array
  /** Multiaddrs without /p2p. */
  readonly addresses: readonly string[]
  readonly use: Use
  readonly status: KeyStatus
}

/**
 * `member`: active key of a nation that is ACTIVE or SUSPENDED (a suspended one must learn of its return). `refused`:
 * in a document in force, and removed. `limbo`: in no document in force here.
 */
export type PeerStanding = 'member' | 'refused' | 'limbo'

/** Answers of the documents of one alliance, frozen at one set of evidence. Pure: time is a parameter. */
export interface Directory {
  readonly allianceId: AllianceId
  readonly registry: ParsedRegistryDoc
  /** Version 1 to the one in force. */
  readonly chain: readonly ParsedRegistryDoc[]
  readonly policy: AlliancePolicy
  /** Governors signed two versions in one place, and the registry stays before them: an alarm. */
  readonly split: RegistrySplit | undefined
  /** Pins that contradict one with precedence and were set aside: an alarm. */
  readonly pinsAside: readonly Pin[]
  /** A version that the pins exclude and that is further than the one in force: an alarm. */
  readonly pinnedOut: ParsedRegistryDoc | undefined
  /** Every nation of the registry in force, in the order of ids. */
  members(): readonly Member[]
  member(nation: NationId): Member | undefined
  /** the key stands in a valid NationDoc of the nation, in force or not. */
  mayOpenLog(nation: NationId, signPk: Uint8Array): boolean
  /** what the documents in force say of a log. */
  logStanding(origin: LogOrigin): LogStanding
  peerStanding(peerPk: Uint8Array): PeerStanding
  /** Nodes with a peer standing of `member`, own nation included. */
  peers(): readonly PeerNode[]
  nationOfPeer(peerPk: Uint8Array): NationId | undefined
  /** By documents in force, whatever the key's status. */
  nationOfSignKey(signPk: Uint8Array): NationId | undefined
  /** By any valid document, ascending: what was quorate stays so, whatever becomes of a key. */
  nationsOfWitness(witnessPk: Uint8Array): readonly NationId[]
  /** ML-DSA-44 keys of the nation's nodes with that sign key, by any valid document. */
  postQuantumKeys(nation: NationId, signPk: Uint8Array): readonly Uint8Array[]
  /** ACTIVE nations with the role WITNESS in that version of the chain in force; undefined where there is none such. */
  witnesses(version: number): ReadonlySet<NationId> | undefined
  /** Who may be sealed to at this time and with which key, and who may not and why. */
  audience(nowMs: number): Audience
}

/** `state` is the `registryState` of the same set. */
export function buildDirectory(set: EvidenceSet, state: RegistryState): Directory {
  const walks = walkNations(set, state)
  const docs = new Map([...walks].flatMap(([nation, { path }]) => path.slice(-1).map(doc => [nation, doc] as const)))
  const members = membersOf(set, state, walks)
  const peers = peersOf(docs)
  const valid = [...set.nations.values()].flatMap(validDocs).sort(byNation)
  const openers = new Set(valid.flatMap(doc => signKeysOf(doc).map(key => `${doc.nation}/${key}`)))
  const witnessKeys = indexWitnesses(valid)
  const signKeys = indexSigners([...docs.values()].sort(byNation))
  const postQuantumKeys = indexPostQuantum(valid)
  const isMember = ({ nation, status }: PeerNode) =>
    status === KEY_STATUS.ACTIVE && !hasLeft(state.inForce.nations.get(nation))

  return {
    allianceId: set.allianceId,
    registry: state.inForce,
    chain: state.chain,
    policy: state.inForce.policy,
    split: state.split,
    pinsAside: state.pinsAside,
    pinnedOut: state.pinnedOut,
    members: () => [...members.values()],
    member: nation => members.get(nation),
    mayOpenLog: (nation, signPk) => openers.has(`${nation}/${toHex(signPk)}`),
    logStanding: origin => checkLogStanding(origin, state.histories.get(origin.nation), docs.get(origin.nation)),
    peerStanding(peerPk) {
      const nodes = peers.get(toHex(peerPk))
      if (nodes === undefined) return 'limbo'
      return nodes.some(isMember) ? 'member' : 'refused'
    },
    peers: () => [...peers.values()].flatMap(nodes => nodes.find(isMember) ?? []),
    nationOfPeer(peerPk) {
      const nodes = peers.get(toHex(peerPk)) ?? []
      return (nodes.find(isMember) ?? nodes[0])?.nation
    },
    nationOfSignKey: signPk => signKeys.get(toHex(signPk)),
    nationsOfWitness: witnessPk => [...(witnessKeys.get(toHex(witnessPk)) ?? [])],
    postQuantumKeys: (nation, signPk) => postQuantumKeys.get(`${nation}/${toHex(signPk)}`) ?? [],
    witnesses: version => witnessesOf(state.chain[version - 1]),
    audience: nowMs => buildAudience(state, docs, nowMs),
  }
}

/** Of every nation that the registries in force ever named: an expelled one still has documents in force. */
function walkNations(set: EvidenceSet, state: RegistryState): ReadonlyMap<NationId, NationWalk> {
  const walks = new Map<NationId, NationWalk>()
  for (const [nation, history] of state.histories) {
    walks.set(nation, walkNation(history, nodesOf(set, nation)))
  }
  return walks
}

function nodesOf(set: EvidenceSet, nation: NationId): NationNodes {
  return set.nations.get(nation)?.nodes ?? new Map()
}

function membersOf(
  set: EvidenceSet,
  state: RegistryState,
  walks: ReadonlyMap<NationId, NationWalk>,
): ReadonlyMap<NationId, Member> {
  const members = [...state.inForce.nations.values()].sort(byNation).map((entry): Member => {
    const { nation } = entry
    // the line that names it in its last version has a history of it
    const walk = walks.get(nation)!
    const history = state.histories.get(nation)!
    return {
      ...entry,
      doc: walk.path.at(-1),
      siblings: walk.siblings,
      overruled: checkOverruled(walk, history, nodesOf(set, nation)),
      pendingReset: history.pendingReset,
    }
  })
  return new Map(members.map(member => [member.nation, member]))
}

/** Two nations may name one key, if both prove it: hence a list. */
function peersOf(docs: ReadonlyMap<NationId, ParsedNationDoc>): ReadonlyMap<string, readonly PeerNode[]> {
  const nodes = [...docs.values()]
    .sort(byNation)
    .flatMap(({ nation, nodes }) =>
      nodes.flatMap(({ peerPk, addresses, use, status }): PeerNode[] =>
        peerPk === undefined ? [] : [{ nation, peerPk, addresses, use, status }],
      ),
    )
  return Map.groupBy(nodes, node => toHex(node.peerPk))
}

/** Of several nations that prove one key the first in the order of ids has it. */
function indexSigners(docs: readonly ParsedNationDoc[]): ReadonlyMap<string, NationId> {
  const index = new Map<string, NationId>()
  for (const doc of docs) {
    for (const key of signKeysOf(doc)) if (!index.has(key)) index.set(key, doc.nation)
  }
  return index
}

function indexWitnesses(docs: readonly ParsedNationDoc[]): ReadonlyMap<string, ReadonlySet<NationId>> {
  const index = new Map<string, Set<NationId>>()
  for (const { nation, nodes } of docs) {
    for (const { witnessPk } of nodes) {
      if (witnessPk === undefined) continue
      const key = toHex(witnessPk)
      index.set(key, (index.get(key) ?? new Set()).add(nation))
    }
  }
  return index
}

function indexPostQuantum(docs: readonly ParsedNationDoc[]): ReadonlyMap<string, readonly Uint8Array[]> {
  const index = new Map<string, Map<string, Uint8Array>>()
  for (const { nation, nodes } of docs) {
    for (const { signPk, mldsa44Pk, identityHex } of nodes) {
      if (signPk === undefined || mldsa44Pk === undefined) continue
      const name = `${nation}/${toHex(signPk)}`
      const keys = index.get(name) ?? new Map<string, Uint8Array>()
      index.set(name, keys.set(identityHex, mldsa44Pk))
    }
  }
  return new Map([...index].map(([name, keys]) => [name, [...keys.values()]]))
}

function signKeysOf({ nodes }: ParsedNationDoc): string[] {
  return nodes.flatMap(({ signPk }) => (signPk === undefined ? [] : toHex(signPk)))
}

function witnessesOf(registry: ParsedRegistryDoc | undefined): ReadonlySet<NationId> | undefined {
  if (registry === undefined) return undefined
  const witnesses = [...registry.nations.values()].filter(
    ({ status, roles }) => status === STATUS.ACTIVE && roles.has(ROLE.WITNESS),
  )
  return new Set(witnesses.map(({ nation }) => nation))
}

function byNation(a: { readonly nation: NationId }, b: { readonly nation: NationId }): number {
  return a.nation < b.nation ? -1 : a.nation > b.nation ? 1 : 0
}
