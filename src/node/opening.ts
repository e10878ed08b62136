import type { LogId } from '../base/ids.ts'
import type { ClockEvidence } from '../policy/kem-destruction.ts'
import type { AuditOffice } from './audit/audit-office.ts'
import type { Knowledge } from './knowledge.ts'
import type { NodeOptions } from './node-options.ts'
import { createEpochKeys, ownKemKey } from './opening/epoch-keys.ts'
import { openGroupBook } from './opening/group-book.ts'
import { createKemKeeper } from './opening/kem-keeper.ts'
import { createProjector, type ProjectEvents } from './opening/project.ts'

export interface OpeningInputs {
  readonly knowledge: Knowledge
  readonly audit: AuditOffice
  readonly clockEvidence: () => ClockEvidence
  readonly events: ProjectEvents
}

export type Opening = Awaited<ReturnType<typeof composeOpening>>

/** View out: what is committed is opened with the nation's KEM keys, and merged. */
export async function composeOpening(options: NodeOptions, inputs: OpeningInputs, parts: AsyncDisposableStack) {
  const { allianceId, store, clock, logger } = options
  const { knowledge, audit, clockEvidence, events } = inputs
  const epochs = createEpochKeys({
    allianceId,
    nation: knowledge.nation,
    store,
    kemKeys: options.kemKeys.map(ownKemKey),
    used: keyId => audit.keys.count('kem', keyId),
    clock,
  })
  const groups = await openGroupBook(store, logger)
  const projector = createProjector({ allianceId, store, epochs, groupsChanged: groups.refresh, logger, events })
  parts.defer(() => projector.stop())
  const kemKeeper = createKemKeeper({
    read: options.rereadKemKeys ?? (() => Promise.resolve(options.kemKeys)),
    first: options.kemKeys,
    destroy: options.destroyKemKeys,
    documentVersion: () => knowledge.ownDocument()?.version ?? 0,
    clockEvidence,
    epochs,
    projector,
    clock,
    logger,
  })
  parts.defer(() => kemKeeper.stop())
  return {
    epochs,
    groups,
    projector,
    kemKeeper,
    /** A log gives way to another branch by `commit`: what was read of it is forgotten. */
    async rewinding(logId: LogId, commit: () => Promise<void>): Promise<void> {
      await projector.settled()
      projector.forget(logId)
      epochs.forget(logId)
      await commit()
      projector.wake()
    },
  }
}
