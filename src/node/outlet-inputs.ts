import type { AuditOffice } from './audit-office.ts'
import type { KeysInUse } from './key-succession.ts'
import type { Knowledge } from './knowledge.ts'
import type { Network } from './network.ts'
import type { Opening } from './opening.ts'
import type { ReleaseOffice } from './release-office.ts'
import type { WarningBook } from './warning-book.ts'

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
