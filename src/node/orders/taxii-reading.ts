import type { StixObject } from '../../formats/stix-object.ts'
import type { Cursors } from '../reading/cursor-seal.ts'

/** What the TAXII server asks of the node. Times added are microseconds since the Unix epoch. */
export interface TaxiiCommands {
  /** Throws UserError `token-invalid` where the token is unknown, or is called otherwise than `name`. */
  taxiiReader(token: string, name?: string): Promise<TaxiiReader>
  /** Begins to read what it will be asked for. */
  warmTaxii(): void
  /** How the server calls itself. */
  taxiiTitle(): TaxiiTitle
}

export interface TaxiiTitle {
  readonly nation: string
  readonly allianceName: string
}

/** The bearer of a token as a TAXII client: nothing that its clearance hides has a part in any answer. */
export interface TaxiiReader {
  /** For times up to which a page was read. */
  readonly cursors: Cursors
  /** The first is of everything that may be read, the others of one sharing group each, ascending by title. */
  collections(): readonly TaxiiCollection[]
  /** Ascending by when they were added. Throws UserError `taxii-absent` for an unknown collection. */
  objects(query: TaxiiQuery): Promise<TaxiiPage>
  /**
   * Publishes a body of STIX objects by the release guard. Throws UserError `token-forbidden`, `taxii-absent`, or
   * `api-request-invalid` where it holds no list of objects.
   */
  add(collection: string, body: Uint8Array): Promise<TaxiiStatus>
  /** Of what this token added; undefined for any other. */
  status(id: string): Promise<TaxiiStatus | undefined>
}

export interface TaxiiCollection {
  /** UUID, the same at every node and for ever. */
  readonly id: string
  readonly title: string
  readonly description: string
  readonly alias: string
  readonly canWrite: boolean
}

export interface TaxiiQuery {
  readonly collection: string
  /** Added later than that; 0: from the first on. */
  readonly afterUs: number
  /** At least 1. */
  readonly limit: number
  readonly match: TaxiiMatch
}

/** Each list: one of these; left out: any, and of versions the last. */
export interface TaxiiMatch {
  readonly ids?: readonly string[]
  readonly types?: readonly string[]
  /** `first`, `last`, `all`, or timestamps. */
  readonly versions?: readonly string[]
  readonly specVersions?: readonly string[]
}

export interface TaxiiPage {
  /** May be none though it is not the last page, where a filter lets few through. */
  readonly objects: readonly TaxiiObject[]
  /** What the next page comes after; undefined: there is none. */
  readonly nextUs: number | undefined
}

export interface TaxiiObject {
  readonly object: StixObject
  readonly addedUs: number
  /** Its `modified`, `created`, or when it was added. */
  readonly version: string
  /** `2.1`. */
  readonly specVersion: string
}

export interface TaxiiStatus {
  readonly id: string
  readonly requestedMs: number
  readonly successes: readonly TaxiiOutcome[]
  readonly failures: readonly TaxiiOutcome[]
  /** Accepted, and not published yet. */
  readonly pendings: readonly TaxiiOutcome[]
}

export interface TaxiiOutcome {
  /** Of the object as it came. */
  readonly id: string
  readonly version: string
  readonly message?: string
}
