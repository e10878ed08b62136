import type { LogIdHex } from '../base/ids.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import type { Standing } from '../chain/standing.ts'
import type { ParsedEntry } from '../wire/entry.ts'
import type { ChainOutcome } from './chain-run.ts'
import type { ContentOutcome } from './content-run.ts'
import type { AuditedEvidence } from './log-evidence.ts'
import type { LogPart } from './part.ts'

/** One run of entries, read to its end. */
export interface AuditedRun {
  readonly part: LogPart
  readonly log: LogIdentity
  readonly logHex: LogIdHex
  readonly genesis: ParsedEntry
  readonly chain: ChainOutcome
  readonly content: ContentOutcome
}

/** One log with all that the file holds of it. */
export interface AuditedLog {
  readonly log: LogIdentity
  readonly logHex: LogIdHex
  /** The branch that the file gives for the one that stands; undefined where it has none. */
  readonly main: AuditedRun | undefined
  readonly asides: readonly AuditedRun[]
  readonly evidence: AuditedEvidence
  readonly standing: Standing
}
