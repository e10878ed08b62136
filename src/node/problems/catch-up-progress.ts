import { fromHex } from '../../base/bytes.ts'
import { type LogIdHex, parseLogId } from '../../base/ids.ts'
import type { Clock } from '../../base/ports.ts'
import type { Store } from '../../store/store.ts'
import type { CatchUp } from '../knowledge/log-status.ts'
import type { SyncService } from '../network/sync-service.ts'
import type { Quotas } from '../rules/quotas.ts'

interface ProgressSources {
  readonly store: Pick<Store, 'log'>
  readonly sync: Pick<SyncService, 'farthest'>
  readonly quotas: Pick<Quotas, 'waitsUntilMs'>
  readonly clock: Clock
}

interface Mark {
  readonly held: number
  readonly ms: number
}

const LOOK_MS = 1000
/** The rate is that of this long. */
const MARKS_MAX = 15

/** How much is to be fetched still, by what peers claim, and how fast it comes. */
export function startCatchUpProgress({ store, sync, quotas, clock }: ProgressSources) {
  const marks = new Map<string, Mark[]>()
  const timer = setInterval(look, LOOK_MS)

  function look(): readonly CatchUp[] {
    const sums = new Map<string, { held: number; left: number }>()
    for (const [key, size] of sync.farthest()) add(sums, key, size)
    const found = [...sums].filter(([, { left }]) => left > 0).sort(([a], [b]) => (a < b ? -1 : 1))
    for (const nation of marks.keys()) if (!found.some(([name]) => name === nation)) marks.delete(nation)
    return found.map(([nation, { held, left }]) => {
      const perSecond = rateOf(nation, held)
      const leftMs = perSecond > 0 ? Math.ceil((left / perSecond) * 1000) : null
      return { nation, left, perSecond, leftMs, waitsUntilMs: (nation && quotas.waitsUntilMs(nation)) || null }
    })
  }

  function add(sums: Map<string, { held: number; left: number }>, key: LogIdHex, size: number): void {
    const head = store.log(parseLogId(fromHex(key)))?.head
    const nation = head?.nation ?? ''
    const sum = sums.get(nation) ?? { held: 0, left: 0 }
    sum.held += head?.size ?? 0
    sum.left += Math.max(0, size - (head?.size ?? 0))
    sums.set(nation, sum)
  }

  function rateOf(nation: string, held: number): number {
    const ms = clock.now()
    const before = marks.get(nation) ?? []
    const last = before.at(-1)
    const isNew = last === undefined || ms - last.ms >= LOOK_MS / 2
    const kept = isNew ? [...before, { held, ms }].slice(-MARKS_MAX) : before
    marks.set(nation, kept)
    const [first] = kept
    if (first === undefined || ms <= first.ms || held < first.held) return 0
    return Math.round(((held - first.held) / (ms - first.ms)) * 1000)
  }

  return {
    look,
    stop(): void {
      clearInterval(timer)
    },
  }
}
