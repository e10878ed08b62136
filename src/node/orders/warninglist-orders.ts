import type { LeftEntry } from '../../policy/warninglist.ts'
import type { WarningAction, WarningHit } from '../../policy/warninglists.ts'

export interface WarninglistCommands {
  /** `stored`: with how many of the stored indicators each hits, which reads them all. */
  warninglists(stored: boolean): Promise<readonly WarninglistView[]>
  /** Of values in any spelling, not defanged. */
  checkWarninglists(values: readonly string[]): readonly WarninglistCheck[]
  /** Reads the files of lists anew. What is broken keeps its last good list. */
  updateWarninglists(): Promise<WarninglistUpdate>
}

export interface WarninglistView {
  readonly name: string
  readonly description: string
  /** `string`, `hostname`, `cidr`, `substring`, `regex`; `rule` for what cannot be enumerated. */
  readonly kind: string
  readonly entries: number
  readonly version: number
  readonly action: WarningAction | 'off'
  /** The file, or `built-in`. */
  readonly source: string
  /** Types of indicators that it is about; empty: all that are no rules. */
  readonly types: readonly string[]
  /** Entries that nothing could be compared with. */
  readonly left: number
  readonly leftEntries: readonly LeftEntry[]
  /** Stored indicators that it hits; null where nobody asked. */
  readonly stored: number | null
}

export interface WarninglistCheck {
  readonly query: string
  /** Empty where it is no value. */
  readonly type: string
  readonly value: string
  /** Why it is none. */
  readonly reason: string
  readonly hits: readonly WarningHit[]
}

export interface WarninglistChange {
  readonly name: string
  readonly change: 'new' | 'changed' | 'gone' | 'same'
  /** 0 where there was none. */
  readonly versionBefore: number
  readonly version: number
  readonly entries: number
  readonly added: number
  readonly removed: number
}

/** A file that could not be taken up. */
export interface BrokenWarninglist {
  readonly path: string
  readonly reason: string
  /** Whether what it held before stays in force. */
  readonly kept: boolean
}

export interface WarninglistUpdate {
  readonly changes: readonly WarninglistChange[]
  readonly broken: readonly BrokenWarninglist[]
  /** Stored indicators whose warnings changed thereby. */
  readonly stored: {
    readonly newlyBlocked: number
    readonly newlyWarned: number
    /** Blocked before, and not any more. */
    readonly released: number
    readonly unwarned: number
  }
  /** Live exports that follow. */
  readonly exports: readonly string[]
}
