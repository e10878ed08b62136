import type { MutedNation } from '../../policy/acceptance.ts'

export interface MuteCommands {
  /** Of which nothing is taken into views and exports here, ascending. */
  muted(): readonly MutedNation[]
  /**
   * Nothing that the nation says shows here from now on; it is stored and passed on as before, and its withdrawals count.
   * Throws UserError for the own nation, one that is unknown, and one that is muted already.
   */
  muteNation(nation: string, reason: string): Promise<void>
  unmuteNation(nation: string): Promise<void>
}
