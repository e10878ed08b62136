import type { AllianceId } from '../base/ids.ts'
import type { Clock, Logger, Random } from '../base/ports.ts'
import type { KemSecret, NodeKeys } from '../crypto/node-key-file.ts'
import type { Pin } from '../registry/registry-state.ts'
import type { Store } from '../store/store.ts'
import type { Config } from './config/config.ts'
import type { NationalRules } from './rules/national-rules.ts'
import type { NextKeys } from './writing/key-succession.ts'

/** What both kinds of node are opened with. */
export interface CommonOptions {
  readonly allianceId: AllianceId
  readonly config: Config
  readonly store: Store
  readonly pins: readonly Pin[]
  /** SignedDocs from the alliance file, to be taken in before anything else. */
  readonly documents: readonly Uint8Array[]
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** What an edge node is opened with: of all keys the one that its connections need. */
export interface EdgeOptions extends CommonOptions {
  readonly peerSeed: Uint8Array
}

/** What every other node is opened with. */
export interface NodeOptions extends CommonOptions {
  readonly keys: NodeKeys
  /** Where keys wait to replace these. */
  readonly nextKeys?: NextKeys | undefined
  readonly kemKeys: readonly KemSecret[]
  /** As they are kept by now; without it they stay as they are. */
  readonly rereadKemKeys?: () => Promise<readonly KemSecret[]>
  /** Destroys secrets where they are kept, and gives what is left; without it none is destroyed. */
  readonly destroyKemKeys?: (secrets: readonly KemSecret[]) => Promise<readonly KemSecret[]>
  /** What the nation lets leave, and who decides on it. */
  readonly rules: NationalRules
  /** As they stand in their files by now; without it they stay as they are. */
  readonly rereadRules?: () => Promise<NationalRules>
  /** Where files with what feeds are refused go; without it none are written. */
  readonly feedFolder?: string
  /** Files and folders of warninglists beside the built-in ones. */
  readonly warninglistPaths?: () => readonly string[]
  /** Where live exports keep what they held; without it there are none. */
  readonly exportsFolder?: string
}
