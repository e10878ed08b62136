import type { AllianceId } from '../../base/ids.ts'
import type { Clock, Random } from '../../base/ports.ts'
import type { VerifiedEntry } from '../../chain/verify-entry.ts'
import { sealBody } from '../../crypto/seal.ts'
import { scopeOf } from '../../policy/audience-info.ts'
import { buildGrants, createEpoch, type EpochLimits, type OwnEpoch } from '../../policy/epoch.ts'
import { createEpochPool } from '../../policy/epoch-pool.ts'
import type { ReleasedItem } from '../../policy/release.ts'
import type { Audience } from '../../policy/resolve-audience.ts'
import { encode } from '../../wire/codec.ts'
import { KIND } from '../../wire/entry.ts'
import type { AuditRun } from '../../wire/gen/store.ts'
import { Batch, KeyGrant } from '../../wire/gen/tocsin.ts'
import type { OwnCommit } from '../intake/entry-writer.ts'
import type { EpochKeys } from '../opening/epoch-keys.ts'
import { grantRecord, releaseRecords } from '../rules/release-audit.ts'
import type { OwnLog } from './own-log.ts'

export interface BatchSealerOptions {
  readonly allianceId: AllianceId
  readonly ownLog: OwnLog
  readonly epochs: EpochKeys
  epochLimits(): EpochLimits
  readonly clock: Clock
  readonly random: Random
}

/** What is to be sealed into one message, all for one audience, and what is committed with its entry. */
export interface ReleasedBatch {
  readonly audience: Audience
  readonly items: readonly ReleasedItem[]
  /** What the audit log says of each of them, in their order. */
  readonly runs: readonly AuditRun[]
  readonly own: OwnCommit
}

/** Seals released items under the epoch of their audience and appends them to the own log. One call at a time. */
export function createBatchSealer(options: BatchSealerOptions) {
  const { allianceId, ownLog, epochs, random } = options
  const pool = createEpochPool()

  /**
   * `release` is asked again after the grants of a new epoch are written: who may read may have changed meanwhile
   * . Undefined: nothing is left to be sealed. Resolves when the entry is durable.
   */
  async function append(release: () => ReleasedBatch | undefined): Promise<VerifiedEntry | undefined> {
    for (let batch = release(); batch !== undefined; batch = release()) {
      const epoch = serving(batch.audience)
      if (epoch !== undefined) return appendBatch(epoch, batch)
      await openEpoch(batch.audience)
    }
    return undefined
  }

  async function appendBatch(epoch: OwnEpoch, { audience, items, runs, own }: ReleasedBatch): Promise<VerifiedEntry> {
    const content = encode(Batch, { items: items.map(({ item }) => item) })
    const entry = await ownLog.append(
      {
        kind: KIND.BATCH,
        build: ({ seq, registryVersion }) => {
          const { salt, body } = sealBody(epoch.secret, { ...epoch.place, seq, registryVersion }, content, random)
          const records = releaseRecords({ logId: epoch.place.logId, seq }, audience.name, runs)
          return { body, sealing: { epochId: epoch.place.epochId, salt }, records }
        },
      },
      own,
    )
    pool.used(epoch)
    return entry
  }

  function serving(audience: Audience): OwnEpoch | undefined {
    const log = ownLog.current()
    return log && pool.serving(audience, log.logId, options.epochLimits(), options.clock.now())
  }

  /** Its grants go first. */
  async function openEpoch(audience: Audience): Promise<void> {
    const log = ownLog.current() ?? (await ownLog.incarnate(false))
    const { logId, registryVersion } = log
    const epoch = createEpoch({ allianceId, logId, audience, registryVersion, nowMs: options.clock.now() }, random)
    const grants = buildGrants(epoch, options.epochLimits().maxMessages, pool.named(logId), random)
    epochs.add(logId, epoch.place.epochId, {
      secret: epoch.secret,
      audience: { ...scopeOf(audience.name), nations: audience.recipients.map(({ nation }) => nation) },
    })
    for (const grant of grants) {
      await ownLog.append({
        kind: KIND.KEY_GRANT,
        build: ({ seq, registryVersion }) => ({
          body: encode(KeyGrant, { ...grant, registryVersion }),
          records: [grantRecord({ logId, seq }, epoch)],
        }),
      })
    }
    pool.open(epoch)
  }

  return {
    append,
    /** The next message of its audience opens another. */
    closeEpoch: pool.close,
    /** The next message of each audience opens an epoch of its own. */
    forgetEpochs: pool.clear,
  }
}
