import { equalBytes } from '../base/bytes.ts'
import type { EpochId, LogId } from '../base/ids.ts'
import { type EpochLimits, epochServes, type OwnEpoch } from './epoch.ts'
import type { Audience } from './resolve-audience.ts'

/** The epochs that this author seals with, one an audience. The one that was not used for longest makes room. */
export interface EpochPool {
  /** The epoch for the next message of this audience; undefined where it needs a new one. */
  serving(audience: Audience, logId: LogId, limits: EpochLimits, nowMs: number): OwnEpoch | undefined
  open(epoch: OwnEpoch): void
  /** A message was sealed with it. */
  used(epoch: OwnEpoch): void
  /** It has readers beside its audience from now on, so that nothing more is sealed with it. */
  close(epochId: EpochId): void
  /** The newest NAMED epoch of this log. */
  named(logId: LogId): EpochId | undefined
  clear(): void
}

const EPOCHS_MAX = 256

export function createEpochPool(): EpochPool {
  /** By audience key; the order is that of the last use. */
  const epochs = new Map<string, OwnEpoch>()
  let named: OwnEpoch | undefined

  function put(epoch: OwnEpoch): void {
    epochs.delete(epoch.audience.key)
    epochs.set(epoch.audience.key, epoch)
    if (epochs.size > EPOCHS_MAX) epochs.delete(epochs.keys().next().value!)
  }

  return {
    serving(audience, logId, limits, nowMs) {
      // a secret is not kept for longer than it may be used
      for (const [key, epoch] of epochs) if (!epochServes(epoch, logId, limits, nowMs)) epochs.delete(key)
      return epochs.get(audience.key)
    },
    open(epoch) {
      put(epoch)
      if (!epoch.audience.sealed) named = epoch
    },
    used: epoch => put({ ...epoch, messages: epoch.messages + 1 }),
    close(epochId) {
      for (const [key, { place }] of epochs) if (equalBytes(place.epochId, epochId)) epochs.delete(key)
    },
    named: logId => (named !== undefined && equalBytes(named.place.logId, logId) ? named.place.epochId : undefined),
    clear() {
      epochs.clear()
      named = undefined
    },
  }
}
