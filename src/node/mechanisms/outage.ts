import type { Clock } from '../../base/ports.ts'

/** How it stands with something that others may take away, such as a receiver. */
export interface Outage {
  /** In a row. */
  failures(): number
  /** Undefined while it works. */
  sinceMs(): number | undefined
  /** Of the last failure; empty while it works. */
  reason(): string
  failed(reason: string): void
  works(): void
}

/** Tells of the first failure in a row, and when it works again: not of each. */
export function createOutage(
  clock: Clock,
  tell: { readonly began: (reason: string) => void; readonly ended: () => void },
): Outage {
  let failures = 0
  let sinceMs: number | undefined
  let last = ''
  return {
    failures: () => failures,
    sinceMs: () => sinceMs,
    reason: () => last,
    failed(reason) {
      failures++
      last = reason
      if (sinceMs !== undefined) return
      sinceMs = clock.now()
      tell.began(reason)
    },
    works() {
      const ended = sinceMs !== undefined
      failures = 0
      sinceMs = undefined
      last = ''
      if (ended) tell.ended()
    },
  }
}
