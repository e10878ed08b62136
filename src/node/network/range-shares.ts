import { type LogId, type LogIdHex, logIdHex } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import { type Choice, createShares, type Offer } from '../../sync/shares.ts'
import { fetchMode, type Wanted } from '../../sync/wanted.ts'
import type { ShareTaker } from './sync-client.ts'

export interface RangeSharesOptions {
  /** How far a log is held. */
  sizeOf(logId: LogId): number
  /** The nation of a log, where that is known. */
  authorOf(logId: LogId): string | undefined
  /** How far a log may be fetched now. */
  allowedTo(logId: LogId): number
  readonly clock: Clock
  /** The node stops: nobody waits for anything any more. */
  readonly signal: AbortSignal
}

/** What one pull does with the shares beside taking them. */
interface Puller extends ShareTaker {
  /**
   * Waits until what comes before these entries is with the writer, and has `submit` hand these to it. Undefined where
   * nobody fetches what comes before: then they are let go.
   */
  inOrder<T>(logId: LogId, from: number, to: number, submit: () => Promise<T>): Promise<T | undefined>
}

const NOTHING: Choice = { kind: 'none', delayed: true }

/** Looked at again, for nothing tells that somebody has become slow. */
const LOOK_MS = 1000

/** Shares out what is missing among the pulls that go on, and brings what they bring into the order of its log. */
export function createRangeShares(options: RangeSharesOptions) {
  const { sizeOf, clock, signal } = options
  const shares = createShares()
  /** How far entries are with the writer, where that is beyond what is held. */
  const submitted = new Map<LogIdHex, number>()
  const needless = new Map<string, () => void>()
  let change = Promise.withResolvers<void>()

  function tell(): void {
    change.resolve()
    change = Promise.withResolvers()
  }

  signal.addEventListener('abort', tell)

  async function changed(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const look = new Promise<void>(resolve => {
      timer = setTimeout(resolve, LOOK_MS)
    })
    await Promise.race([change.promise, look])
    clearTimeout(timer)
  }

  function offerOf(wanted: Wanted): Offer {
    const { logId, to } = wanted
    const key = logIdHex(logId)
    const author = options.authorOf(logId) ?? key
    return {
      logId: key,
      author,
      held: sizeOf(logId),
      to,
      allowedTo: options.allowedTo(logId),
      mode: fetchMode(wanted),
    }
  }

  function reachedOf(logId: LogId): number {
    return Math.max(sizeOf(logId), submitted.get(logIdHex(logId)) ?? 0)
  }

  return {
    /** `name`: one pull at a time has it. `end` is called when another has brought all that it was too slow to bring. */
    puller(name: string, end: () => void): Puller {
      needless.set(name, end)
      return {
        changed,
        choose: wanted => (signal.aborted ? NOTHING : shares.choose(name, wanted.map(offerOf), clock.now())),
        arrived: (logId, to) => shares.arrived(name, logId, to, clock.now()),
        giveUp(logId) {
          shares.giveUp(name, logId)
          tell()
        },
        async inOrder(logId, from, to, submit) {
          const key = logIdHex(logId)
          for (let reached = reachedOf(logId); reached < from; reached = reachedOf(logId)) {
            if (signal.aborted || !shares.isComing(name, key, reached, clock.now())) return undefined
            await changed()
          }
          submitted.set(key, Math.max(to, submitted.get(key) ?? 0))
          tell()
          try {
            return await submit()
          } finally {
            if (sizeOf(logId) >= (submitted.get(key) ?? 0) || sizeOf(logId) < to) submitted.delete(key)
            for (const slow of shares.reached(key, sizeOf(logId))) needless.get(slow)?.()
            tell()
          }
        },
        leave() {
          needless.delete(name)
          shares.leave(name)
          tell()
        },
      }
    },
  }
}
