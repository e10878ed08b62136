import type { Clock, Logger } from '../../base/ports.ts'

/**
 * For what a member's fault causes: the operator is told once in a while about each author, and the rest goes to debug,
 * or one member could fill the disk with log lines. The counters hold them all.
 */
export function createAlertLog(logger: Logger, clock: Clock) {
  /** When each author was last warned of; insertion order is age. */
  const warned = new Map<string, number>()

  return {
    alert(author: string, data: object, message: string): void {
      const nowMs = clock.now()
      if (nowMs - (warned.get(author) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) {
        logger.debug(data, message)
        return
      }
      warned.delete(author)
      warned.set(author, nowMs)
      if (warned.size > AUTHORS_MAX) warned.delete(warned.keys().next().value as string)
      logger.warn(data, message)
    },
  }
}

const QUIET_MS = 60_000
const AUTHORS_MAX = 1024
