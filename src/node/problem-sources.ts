import type { UserError } from '../base/errors.ts'
import type { NationId } from '../base/ids.ts'
import type { Clock } from '../base/ports.ts'
import type { Host } from '../net/host.ts'
import type { PeerKeyHex } from '../net/peer-key.ts'
import type { Store } from '../store/store.ts'
import type { AuditOffice } from './audit-office.ts'
import type { Config } from './config.ts'
import type { EpochKeys } from './epoch-keys.ts'
import type { EvidenceBook } from './evidence-book.ts'
import type { ExportDesk } from './export-desk.ts'
import type { Inlets } from './inlets.ts'
import type { Quotas } from './quotas.ts'
import type { ReleaseDesk } from './release-desk.ts'
import type { SigningGuard } from './signing-guard.ts'
import type { SyncService } from './sync-service.ts'
import type { WarnedClaims } from './warned-claims.ts'
import type { WarningBook } from './warning-book.ts'
import type { Webhooks } from './webhooks.ts'

/** The parts of an edge node that may have problems. */
export interface EdgeProblemSources {
  readonly nation: NationId
  readonly config: Config
  readonly store: Pick<Store, 'state'>
  readonly book: Pick<EvidenceBook, 'directory'>
  readonly sync: Pick<SyncService, 'clockSkewMs' | 'faults'>
  readonly quotas: Pick<Quotas, 'problems'>
  nationOf(peer: PeerKeyHex): NationId | undefined
  readonly host: Pick<Host, 'peers' | 'self' | 'worstCaller'>
  readonly audit: AuditOffice
  readonly clock: Clock
}

/** The parts of every other node that may have problems. */
export interface ProblemSources extends EdgeProblemSources {
  readonly epochs: Pick<EpochKeys, 'holdsKemKey'>
  readonly guard: Pick<SigningGuard, 'state' | 'renewal' | 'waitedMs'>
  readonly release: { readonly desk: Pick<ReleaseDesk, 'hindrance'> }
  readonly warnings: Pick<WarningBook, 'problems'>
  readonly warned: Pick<WarnedClaims, 'problems'>
  readonly inlets: Pick<Inlets, 'feeds'>
  readonly outlets: {
    readonly exports: { readonly desk: Pick<ExportDesk, 'problems'> }
    readonly webhooks: Pick<Webhooks, 'problems'>
  }
  /** Why nothing can be published now. */
  hindrance(): UserError | undefined
}
