import type { LogIdHex, NationId } from '../base/ids.ts'
import type { StandingReason } from '../chain/standing.ts'
import type { AuditVerdict, Finding } from './finding.ts'
import type { AllianceFacts, EntryKind } from './result.ts'

/** What a proof of one entry came to. Times are milliseconds since the epoch, and what somebody says of the time. */
export interface ProofResult {
  readonly verdict: AuditVerdict
  readonly findings: readonly Finding[]
  readonly alliance: AllianceFacts | undefined
  /** Undefined where it is no entry of its log, signed by the key of that log. */
  readonly entry: ProvenEntry | undefined
}

export interface ProvenEntry {
  readonly log: LogIdHex
  readonly seq: number
  readonly nation: NationId
  readonly kind: EntryKind
  /** As its author says. */
  readonly timeMs: number
  /** SHA-256 of the body, hex, whether the body is here or not; a BATCH is sealed. */
  readonly bodyHash: string
  readonly bodyBytes: number
  readonly bodyHere: boolean
  readonly key: ProvenKey
  /** Trees of the author's checkpoints in which it was shown to be, ascending. */
  readonly treeSizes: readonly number[]
  readonly receipts: ProvenReceipts
  readonly standing: { readonly reason: StandingReason; readonly limit: number | undefined }
  /** Nations that say they have destroyed what they had of it. */
  readonly purges: readonly { readonly nation: NationId; readonly sinceMs: number }[]
  /** The largest tree with it under an ML-DSA-44 line of its author. */
  readonly postQuantum: { readonly size: number; readonly timeMs: number } | undefined
}

/** How the key that signed it comes from the trust that was confirmed. */
export interface ProvenKey {
  /** Ed25519, hex. */
  readonly signPk: string
  /** The first document of its nation in the file that names it. */
  readonly documentVersion: number
  readonly documentIssuedMs: number
}

/** Who states to hold the log whole up to the entry and further. */
export interface ProvenReceipts {
  /** In the order of time: since when at the latest. */
  readonly held: readonly { readonly nation: NationId; readonly sinceMs: number }[]
  /** Witnesses of the registry in force that have not stated it here. */
  readonly waiting: readonly NationId[]
  /** How many witnesses make a quorum under the registry in force; undefined where none can. */
  readonly needed: number | undefined
  /** The highest version of the registry in which those that hold it are a quorum. */
  readonly quorate: boolean
}
