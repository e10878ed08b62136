import type { CatchUp } from '../knowledge/log-status.ts'

/** Catching up, as operators ask for it and watch it. */
export interface SyncCommands {
  /**
   * Asks the connected nodes of a nation, the owner of a peer key (8 or more digits of it), or everybody for what is
   * missing. Throws UserError `sync-peer-unknown` where nobody such is connected.
   */
  startSync(target?: string): SyncState
  syncState(): SyncState
}

export interface SyncState {
  /** Milliseconds since the Unix epoch, as all times here. */
  readonly nowMs: number
  readonly left: readonly CatchUp[]
  /** Bodies that are missing here. */
  readonly bodies: number
  readonly peers: readonly SyncPeer[]
}

export interface SyncPeer {
  readonly nation: string
  readonly peer: string
  readonly asking: boolean
  /** When all that it has and that stands was here; 0: never. */
  readonly wholeMs: number
  /** When asking it failed; 0: never. */
  readonly failedMs: number
  readonly errorCode: string
  readonly error: string
}
