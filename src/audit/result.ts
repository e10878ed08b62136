import type { LogIdHex, NationId } from '../base/ids.ts'
import type { Predecessor } from '../chain/genesis.ts'
import type { StandingAlarm, StandingReason } from '../chain/standing.ts'
import type { StoryStep } from '../registry/story.ts'
import type { Trust } from '../registry/trust-string.ts'
import type { AuditVerdict, Finding } from './finding.ts'
import type { AlertPart, HeaderPart } from './part.ts'

/**
 * What an audit came to: data alone, for a report, a screen or a comparison of two. Times are milliseconds since the
 * epoch; what an author or a witness says of the time is what it says.
 */
export interface AuditResult {
  readonly verdict: AuditVerdict
  readonly findings: readonly Finding[]
  /** Findings that are not listed, since they are too many. */
  readonly findingsLeftOut: number
  /** Undefined where the file did not get so far. */
  readonly header: HeaderPart | undefined
  readonly alliance: AllianceFacts | undefined
  /** Every valid document in the order of cause, what it changed and who signed it: rotations and revocations too. */
  readonly story: readonly StoryStep[]
  /** In the order of their ids: of the registry in force, and whoever has a log besides. */
  readonly nations: readonly NationFacts[]
  /** As they stand in the file. */
  readonly logs: readonly LogFacts[]
  /** What the exporter noted. */
  readonly alerts: readonly AlertPart[]
  readonly counts: AuditCounts
}

export interface AuditCounts {
  readonly documents: number
  readonly entries: number
  /** Of entries; each was verified. */
  readonly signatures: number
  readonly bodies: number
  readonly checkpoints: number
  readonly cosignatures: number
  readonly proofs: number
}

export interface AllianceFacts {
  readonly allianceIdHex: string
  readonly name: string
  /** The registry in force by the documents of the file. */
  readonly registry: Trust
  readonly fingerprint: string
  readonly expiresMs: number
  /** It contains the version that the auditor was given out of band. */
  readonly trusted: boolean
}

export interface NationFacts {
  readonly nation: NationId
  /** Empty where the registry in force does not name it. */
  readonly label: string
  readonly status: 'active' | 'suspended' | 'expelled' | 'unknown'
  /** Version of its document in force; 0: none. */
  readonly documentVersion: number
  readonly logs: readonly LogIdHex[]
}

/** One run of entries. */
export interface LogFacts {
  readonly log: LogIdHex
  readonly nation: NationId
  /** Ed25519, 32 bytes, hex. */
  readonly signPk: string
  readonly incarnation: number
  /** The log that it carries on. */
  readonly predecessor: Predecessor | undefined
  /** Of the successor that its CLOSE names. */
  readonly successor: LogIdHex | undefined
  readonly closed: boolean
  /** A branch that does not stand. */
  readonly aside: boolean
  /** Entries `[from, size)` were here, but for those that findings name. */
  readonly from: number
  readonly size: number
  /** Merkle root of all entries below `size`; undefined where a gap keeps it from being known. */
  readonly root: string | undefined
  readonly entries: EntryFacts
  readonly erasures: readonly ErasureFacts[]
  readonly standing: StandingFacts | undefined
  /** Who held how much of it, in the order of nations. */
  readonly receipts: readonly ReceiptFacts[]
}

export interface EntryFacts {
  readonly total: number
  /** By kind of: `genesis`, `batch`, `key-grant`, `tombstone`, `close`, `complaint`, `other`. */
  readonly byKind: Readonly<Record<EntryKind, number>>
  readonly firstMs: number | undefined
  readonly lastMs: number | undefined
  /** Content void: on the chain, without effect. */
  readonly void: number
  /** Bodies that were here, and entries whose body was not. */
  readonly bodies: number
  readonly bodiesMissing: number
  /** Of a missing body, how many a TOMBSTONE accounts for. */
  readonly bodiesErased: number
}

export type EntryKind = 'genesis' | 'batch' | 'key-grant' | 'tombstone' | 'close' | 'complaint' | 'other'

/** A TOMBSTONE that stands in this log. */
export interface ErasureFacts {
  /** Where the TOMBSTONE stands. */
  readonly seq: number
  readonly timeMs: number
  /** What it erases. */
  readonly target: { readonly log: LogIdHex; readonly seq: number }
  /** 1 ERROR, 2 LEGAL, 3 PERSONAL_DATA, 4 CLASSIFIED, 5 OTHER. */
  readonly reason: number
  /** Who says, under a witness key, to have destroyed it. */
  readonly purged: readonly { readonly nation: NationId; readonly timeMs: number }[]
}

export interface StandingFacts {
  /** Entries below it stand; undefined where nothing limits the log. */
  readonly limit: number | undefined
  readonly reason: StandingReason
  readonly alarms: readonly StandingAlarm[]
  /** Conflicts of the author that are proved, by the lowest seq of each. */
  readonly conflicts: readonly number[]
  /** Largest tree of a checkpoint of the author. */
  readonly checkpointSize: number
  /** The largest tree that a quorum has reached, and when the last cosignature that it took was made. */
  readonly quorate: { readonly size: number; readonly root: string; readonly timeMs: number | undefined } | undefined
  /** The largest tree under an ML-DSA-44 line of its author, and the time that line gives. */
  readonly postQuantum: { readonly size: number; readonly timeMs: number } | undefined
}

/** The largest tree of a log that a nation has cosigned. */
export interface ReceiptFacts {
  readonly nation: NationId
  /** Hex. */
  readonly witnessPk: string
  readonly size: number
  readonly timeMs: number
}
