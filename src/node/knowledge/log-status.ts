/** How logs are, and how far others are with them. Times are milliseconds since the Unix epoch. */

export interface LogStatus {
  readonly logId: string
  readonly nation: string
  readonly incarnation: number
  readonly size: number
  /** How much of it a quorum of the alliance has witnessed: nobody can take that back. */
  readonly witnessed: number
  /** How much of it holds even if Ed25519 is broken one day, and when its author stated that; 0: nothing. */
  readonly postQuantum: number
  readonly postQuantumMs: number
  readonly head: string
  readonly lastEntryMs: number
  readonly own: boolean
  /** How many entries the farthest peer claims beyond ours; unsigned, so a hint. */
  readonly behind: number
}

/** What is still to be fetched of a nation, by what peers claim, which is unsigned. */
export interface CatchUp {
  /** '' of logs that are not known here yet. */
  readonly nation: string
  /** Entries. */
  readonly left: number
  /** Entries that came of late. */
  readonly perSecond: number
  /** About how long it will take; null: not known. */
  readonly leftMs: number | null
  /** Until when the quota of the nation lets no more in; null: it does. */
  readonly waitsUntilMs: number | null
}

export interface SyncStatus {
  readonly catchUp: readonly CatchUp[]
  /** Bodies that are missing here. */
  readonly bodiesWanted: number
}

export interface LaggingWitness {
  readonly nation: string
  /** Of how many logs. */
  readonly logs: number
  /** Entries that it has not cosigned, of the log where that is most. */
  readonly behind: number
  /** When it last cosigned any of these logs, by its own clock; 0: never. */
  readonly sinceMs: number
}

/** Which registry a nation said last that it has in force, by the furthest of its nodes. */
export interface StatedRegistry {
  readonly nation: string
  readonly version: number
  /** Hex. */
  readonly hash: string
  /** By the clock of its node. */
  readonly timeMs: number
}
