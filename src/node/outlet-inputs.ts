import type { AuditOffice } from './audit/audit-office.ts'
import type { Knowledge } from './knowledge.ts'
import type { Network } from './network.ts'
import type { Opening } from './opening.ts'
import type { ReleaseOffice } from './rules/release-office.ts'
import type { WarningBook } from './rules/warning-book.ts'
import type { KeysInUse } from './writing/key-succession.ts'

/** What the outlets of a node are made of. */
export interface OutletInputs {
  readonly keys: KeysInUse
  readonly audit: AuditOffice
  readonly knowledge: Knowledge
  readonly opening: Opening
  readonly network: Pick<Network, 'sync' | 'host'>
  readonly release: ReleaseOffice
  readonly warnings: WarningBook
}
