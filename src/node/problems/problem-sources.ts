import type { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import type { Host } from '../../net/host.ts'
import type { PeerKeyHex } from '../../net/peer-key.ts'
import type { Store } from '../../store/store.ts'
import type { AuditOffice } from '../audit/audit-office.ts'
import type { Config } from '../config/config.ts'
import type { Inlets } from '../inlets.ts'
import type { EvidenceBook } from '../knowledge/evidence-book.ts'
import type { SyncService } from '../network/sync-service.ts'
import type { EpochKeys } from '../opening/epoch-keys.ts'
import type { ExportDesk } from '../outlets/export-desk.ts'
import type { Webhooks } from '../outlets/webhooks.ts'
import type { Quotas } from '../rules/quotas.ts'
import type { ReleaseDesk } from '../rules/release-desk.ts'
import type { WarnedClaims } from '../rules/warned-claims.ts'
import type { WarningBook } from '../rules/warning-book.ts'
import type { SigningGuard } from '../writing/signing-guard.ts'

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
