import type { AllianceId } from '../base/ids.ts'
import type { Clock, Random } from '../base/ports.ts'
import type { VerifiedEntry } from '../chain/verify-entry.ts'
import { sealBody } from '../crypto/seal.ts'
import { buildGrants, createEpoch, epochServes, type OwnEpoch } from '../policy/epoch.ts'
import type { Audience, ReleasedItem } from '../policy/release.ts'
import { encode } from '../wire/codec.ts'
import { KIND } from '../wire/entry.ts'
import { Batch, KeyGrant } from '../wire/gen/tocsin.ts'
import type { OwnCommit } from './entry-writer.ts'
import type { EpochKeys } from './epoch-keys.ts'
import type { OwnLog } from './own-log.ts'

export interface BatchSealerOptions {
  readonly allianceId: AllianceId
  readonly ownLog: OwnLog
  readonly epochs: EpochKeys
  epochLimits(): { readonly maxAgeMs: number; readonly maxMessages: number }
  readonly clock: Clock
  readonly random: Random
}

/** Seals released items under the epoch of their audience and appends them to the own log. One call at a time. */
export function createBatchSealer(options: BatchSealerOptions) {
  const { allianceId, ownLog, epochs } = options
  let epoch: OwnEpoch | undefined

  /**
   * What `release` gives is of one audience and fits into one body. It is asked again after the grants of a new epoch
   * are written: who may read may have changed meanwhile. Resolves when the entry is durable.
   */
  async function append(release: () => readonly ReleasedItem[], own: OwnCommit): Promise<VerifiedEntry> {
    let serving = await serveEpoch(release()[0]!.audience)
    let released = release()
    while (!serves(serving, released[0]!.audience)) {
      serving = await serveEpoch(released[0]!.audience)
      released = release()
    }
    const content = encode(Batch, { items: released.map(({ item }) => item) })
    const entry = await ownLog.append(
      {
        kind: KIND.BATCH,
        build: ({ seq, registryVersion }) => {
          const place = { ...serving.place, seq, registryVersion }
          const { salt, body } = sealBody(serving.secret, place, content, options.random)
          return { body, sealing: { epochId: serving.place.epochId, salt } }
        },
      },
      own,
    )
    epoch = { ...serving, messages: serving.messages + 1 }
    return entry
  }

  /** The epoch for the next message: the one in use, or a new one whose grants go first. */
  async function serveEpoch(audience: Audience): Promise<OwnEpoch> {
    const log = ownLog.current() ?? (await ownLog.incarnate(false))
    if (epoch !== undefined && serves(epoch, audience)) return epoch
    const nowMs = options.clock.now()
    const request = { allianceId, logId: log.logId, audience, registryVersion: log.registryVersion, nowMs }
    const next = createEpoch(request, options.random)
    epochs.add(log.logId, next.place.epochId, next.secret)
    for (const grant of buildGrants(next, options.epochLimits().maxMessages, epoch)) {
      await ownLog.append({ kind: KIND.KEY_GRANT, build: () => ({ body: encode(KeyGrant, grant) }) })
    }
    epoch = next
    return next
  }

  function serves(candidate: OwnEpoch, audience: Audience): boolean {
    const log = ownLog.current()
    const nowMs = options.clock.now()
    return log !== undefined && epochServes(candidate, log.logId, audience, options.epochLimits(), nowMs)
  }

  return {
    append,
    /** The next message opens an epoch of its own. */
    forgetEpoch(): void {
      epoch = undefined
    },
  }
}
