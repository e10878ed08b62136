import type { OpinionKind } from '../indicator/remark.ts'

/**
 * What an export says. Whether an indicator leaves, and which of its claims do, is decided before: formats write all
 * that they are given. Times are milliseconds since the Unix epoch, 0 where unsaid.
 */
export interface ExportedIndicator {
  /** Hex, 16 bytes, of type and value. */
  readonly id: string
  readonly type: string
  /** Canonical; tools are given `indicatorText`. */
  readonly value: string
  readonly nations: readonly string[]
  /** `TLP:AMBER`: of the whole, the most restrictive. */
  readonly tlp: string
  readonly confidence: number | null
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly validUntilMs: number
  readonly labels: readonly string[]
  /** 0 to 100, as of now and by the national policy. */
  readonly score: number
  /** The least number of origins of observation that do not go back to each other. */
  readonly origins: number
  /** Empty where every claim is withdrawn. */
  readonly claims: readonly ExportedClaim[]
  readonly sightings: readonly ExportedSighting[]
  /** The last of each nation. */
  readonly opinions: readonly ExportedOpinion[]
  readonly withdrawn: readonly ExportedWithdrawal[]
}

export interface ExportedClaim {
  /** Hex, 16 bytes, chosen by its author. */
  readonly id: string
  readonly nation: string
  readonly tlp: string
  /** `PAP:GREEN`, or empty. */
  readonly pap: string
  readonly exercise: boolean
  readonly confidence: number | null
  readonly publishedMs: number
  readonly validFromMs: number
  readonly validUntilMs: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly name: string
  readonly description: string
  readonly labels: readonly string[]
  readonly references: readonly {
    readonly sourceName: string
    readonly url: string
    readonly externalId: string
    readonly description: string
  }[]
  readonly source: string
  /** How its source names it, such as a STIX id or a MISP uuid. */
  readonly sourceId: string
  /** Empty where its author does not say. */
  readonly lineage: 'observed' | 'relayed' | ''
}

export interface ExportedSighting {
  readonly id: string
  readonly nation: string
  readonly tlp: string
  readonly count: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly source: string
  readonly publishedMs: number
}

export interface ExportedOpinion {
  readonly id: string
  readonly nation: string
  readonly tlp: string
  readonly opinion: OpinionKind
  /** `NATION/ID` of the claim that it is about; empty for the indicator as such. */
  readonly about: string
  readonly comment: string
  readonly publishedMs: number
}

export interface ExportedWithdrawal {
  readonly claim: ExportedClaim
  /** 0 where whoever reads may not see it, nor why. */
  readonly withdrawnMs: number
  readonly reason: string
}

/** A piece of a file of an export; pieces of one file are appended in their order. */
export interface ExportPiece {
  /** Its name in the folder of the export; empty in a format of one file. */
  readonly file: string
  readonly text: string
}

/** What an export is called, and by whom and when it is made. */
export interface ExportContext {
  /** Of the export: lower case letters, digits and hyphens. */
  readonly name: string
  readonly nation: string
  readonly allianceName: string
  readonly madeMs: number
  /** Rises with each export of that name; u32, never 0. */
  readonly serial: number
  /** Of the format; each format names its own and their defaults in `parameters`. */
  readonly parameters: Readonly<Record<string, string>>
  /** Domain names and addresses that are never to be blocked, for formats which can say so. */
  readonly allowed: readonly { readonly type: string; readonly value: string }[]
}

/** Why the format cannot say an indicator: a sentence for people, the same for the same kind of trouble. */
export type Written = { readonly pieces: readonly ExportPiece[] } | { readonly left: string }

/** One export as it is written; in constant memory, but for what must be said at the end. */
export interface ExportWriter {
  begin(): readonly ExportPiece[]
  /** Ascending by type and value. */
  add(indicator: ExportedIndicator): Written
  /** What was in the export of this name before, and is not any more; for formats with `removals`. */
  remove?(indicator: { readonly type: string; readonly value: string }): Written
  end(): Iterable<ExportPiece>
}

export interface ExportFormat {
  /** As in `tocsin export FORMAT`. */
  readonly name: string
  /** One sentence for people: what it is, and for which tool. */
  readonly label: string
  /** `file`: one file, `folder`: several that belong together. */
  readonly shape: 'file' | 'folder'
  /** With the dot: `.csv`. */
  readonly extension: string
  /** Types that it can say; undefined: all. */
  readonly types: ReadonlySet<string> | undefined
  /** It says of indicators whose claims are all withdrawn that they are. */
  readonly withdrawn: boolean
  /** It says what is not any more in it. */
  readonly removals: boolean
  /** Name and default of its own parameters, with what they are for. */
  readonly parameters: Readonly<Record<string, { readonly default: string; readonly label: string }>>
  /** Throws UserError `export-parameter` where a parameter cannot be meant. */
  start(context: ExportContext): ExportWriter
}
