import type { ExportFilterText } from '../config/export-filter.ts'
import type { HeldExport } from './export-state.ts'
import type { LeftOut } from './export-tally.ts'

/** What people and tools ask of exports; `export-commands.ts` answers. Times are milliseconds, 0 for never. */
export interface ExportCommands {
  /** Those of config.yaml, in its order. */
  liveExports(): readonly LiveExportView[]
  /**
   * Lets go what is held, and nothing that came since. `held`: only where it is still this. Throws UserError
   * `export-unknown`, `export-held-other`.
   */
  releaseExport(name: string, held?: string): Promise<LiveExportView>
  /** Lines of JSON, an `ExportFrame` each. Throws UserError where the order cannot be meant. */
  exportIndicators(order: ExportOrder): Promise<AsyncGenerator<Uint8Array, void>>
}

export interface ExportOrder {
  readonly format: string
  /** Of the export; the format where it is left out. */
  readonly name?: string
  readonly filter?: ExportFilterText
  readonly parameters?: Readonly<Record<string, string>>
  /** With exercise data, which live exports never hold. */
  readonly exercise?: boolean
  /** Tells of each that is left out. */
  readonly explain?: boolean
}

export type ExportFrame =
  | { readonly pieces: readonly { readonly file: string; readonly text: string }[] }
  | { readonly left: { readonly type: string; readonly value: string; readonly reason: string } }
  /** The last one: without it the export broke off. */
  | { readonly end: { readonly indicators: number; readonly left: readonly LeftOut[] } }

export interface LiveExportView {
  readonly name: string
  readonly format: string
  readonly path: string
  /** `waiting`: not written since the start. `held`: part or all of what is new waits for a person. */
  readonly state: 'current' | 'waiting' | 'held' | 'failed' | 'stale'
  readonly indicators: number
  readonly serial: number
  readonly madeMs: number
  readonly checkedMs: number
  readonly staleMs: number
  /** Why it may lack something that the alliance knows. */
  readonly behind: readonly string[]
  /** Why the last cycle did not end; the version before stands. */
  readonly failure: {
    readonly code: string
    readonly message: string
    readonly fix: string
    readonly sinceMs: number
  } | null
  readonly held: HeldExport | null
  readonly left: readonly LeftOut[]
  /** Who says of what is ours that it is bad. */
  readonly own: readonly { readonly nation: string; readonly count: number; readonly sample: string }[]
  /** Bytes that wait for a syslog receiver. */
  readonly unsentBytes: number
  /** Of the last cycle. */
  readonly seconds: number
}
