import type { AllianceId, LogId, NationId } from '../base/ids.ts'
import type { Audience } from './audience.ts'
import type { LogStanding } from './log-standing.ts'
import type { ParsedNationDoc } from './nation-doc.ts'
import type { KeyStatus, Use } from './node-key.ts'
import type { AlliancePolicy } from './policy.ts'
import type { ParsedRegistryDoc, Status } from './registry-doc.ts'

/** What the GENESIS entry of a log says of it. */
export interface LogOrigin {
  readonly logId: LogId
  readonly nation: NationId
  readonly signPk: Uint8Array
  /** `registry_version` of the GENESIS header. */
  readonly registryVersion: number
}

export interface Member {
  readonly nation: NationId
  readonly label: string
  readonly status: Status
  readonly roles: ReadonlySet<number>
  /** Highest TLP level it may be sent, 1 CLEAR to 5 RED; 0: no ceiling. */
  readonly maxTlp: number
  /** Undefined while no document of the nation is in force. */
  readonly doc: ParsedNationDoc | undefined
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
 * 'member': active key of a nation that is ACTIVE or SUSPENDED (a suspended one must be able to learn of its return).
 * 'refused': known and removed. 'limbo': in no document in force here.
 */
export type PeerStanding = 'member' | 'refused' | 'limbo'

/** Answers of the documents of one alliance, frozen at one set of evidence. Pure: time is a parameter. */
export interface Directory {
  readonly allianceId: AllianceId
  /** The registry in force and the versions before it, v1 first. */
  readonly registry: ParsedRegistryDoc
  readonly chain: readonly ParsedRegistryDoc[]
  readonly policy: AlliancePolicy
  /** Every nation of the registry in force. */
  members(): readonly Member[]
  member(nation: NationId): Member | undefined
  /** the key stands in a valid NationDoc of the nation, in force or not. */
  mayOpenLog(nation: NationId, signPk: Uint8Array): boolean
  /** what the documents in force say of a log. */
  logStanding(origin: LogOrigin): LogStanding
  peerStanding(peerPk: Uint8Array): PeerStanding
  /** Nodes that may be connected to, own nation included. */
  peers(): readonly PeerNode[]
  nationOfPeer(peerPk: Uint8Array): NationId | undefined
  /** By documents in force, whatever the key's status. */
  nationOfSignKey(signPk: Uint8Array): NationId | undefined
  /** By any valid document: what was quorate stays so, whatever becomes of a key. */
  nationOfWitness(witnessPk: Uint8Array): NationId | undefined
  /** ACTIVE nations with the role WITNESS in that version of the chain in force; undefined where it has no such version. */
  witnesses(version: number): ReadonlySet<NationId> | undefined
  /** Who may be sealed to at this time, with the key to use, and who may not and why. */
  audience(nowMs: number): Audience
}
