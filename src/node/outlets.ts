import type { AuditOffice } from './audit-office.ts'
import type { KeysInUse } from './key-succession.ts'
import type { Knowledge } from './knowledge.ts'
import type { Network } from './network.ts'
import type { NodeOptions } from './node-options.ts'
import type { Opening } from './opening.ts'
import type { ReleaseOffice } from './release-office.ts'

export interface OutletInputs {
  readonly keys: KeysInUse
  readonly audit: AuditOffice
  readonly knowledge: Knowledge
  readonly opening: Opening
  readonly network: Pick<Network, 'sync'>
  readonly release: ReleaseOffice
}

export type Outlets = Awaited<ReturnType<typeof composeOutlets>>

/** What follows the view and brings it to the tools of the nation. */
export async function composeOutlets(_options: NodeOptions, _inputs: OutletInputs, _parts: AsyncDisposableStack) {
  return {
    /** The view may have changed. */
    viewChanged(): void {},
  }
}
