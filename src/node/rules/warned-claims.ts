import { ProtocolError } from '../../base/errors.ts'
import type { LogId, NationId } from '../../base/ids.ts'
import type { Clock, Logger } from '../../base/ports.ts'
import { receivedValue, type TypedValue } from '../../indicator/canonical.ts'
import { ITEM } from '../../indicator/item-type.ts'
import type { WarningAction } from '../../policy/warninglists.ts'
import type { OpenedItem } from '../../store/store.ts'
import { decodeLoose } from '../../wire/codec.ts'
import { IndicatorClaim, Item } from '../../wire/gen/tocsin.ts'
import { createAlertLog } from '../mechanisms/alert-log.ts'
import type { Counter, Problem } from '../orders/node-service.ts'
import type { WarningBook } from './warning-book.ts'

export interface WarnedClaimsOptions {
  readonly own: NationId
  readonly nationOf: (log: LogId) => NationId | undefined
  readonly warnings: Pick<WarningBook, 'check' | 'lists'>
  readonly clock: Clock
  readonly logger: Logger
}

/** What allies claim of what is on a warninglist: it stands and shows as they said it, and the operator is told. */
export interface WarnedClaims {
  received(items: readonly OpenedItem[]): void
  problems(): readonly Problem[]
  counters(): readonly Counter[]
}

interface Told {
  readonly nation: NationId
  readonly list: string
  lastMs: number
  count: number
}

const PROBLEM_SHOWN_MS = 3_600_000
/** Nations times lists; the oldest is forgotten. */
const TOLD_MAX = 1024

export function createWarnedClaims({ own, nationOf, warnings, clock, logger }: WarnedClaimsOptions): WarnedClaims {
  const alerts = createAlertLog(logger, clock)
  const counts = new Map<NationId, Record<WarningAction, number>>()
  const told = new Map<string, Told>()

  function take(nation: NationId, typed: TypedValue): void {
    const hits = warnings.check(typed)
    const [first] = hits
    if (first === undefined) return
    const count = counts.get(nation) ?? { block: 0, warn: 0 }
    counts.set(nation, count)
    count[first.action]++
    for (const { list, action } of hits) if (action === 'block') tell(nation, list)
  }

  function tell(nation: NationId, list: string): void {
    const name = `${nation} ${list}`
    const before = told.get(name)
    const nowMs = clock.now()
    const isRecent = before !== undefined && nowMs - before.lastMs < PROBLEM_SHOWN_MS
    told.delete(name)
    told.set(name, { nation, list, lastMs: nowMs, count: (isRecent ? before.count : 0) + 1 })
    if (told.size > TOLD_MAX) told.delete(told.keys().next().value as string)
    alerts.alert(name, { nation, list }, 'a nation claims what is on a warninglist that blocks')
  }

  return {
    received(items) {
      for (const { logId, item } of items) {
        const nation = nationOf(logId)
        const typed = nation === undefined || nation === own ? undefined : claimedValue(item)
        if (nation !== undefined && typed !== undefined) take(nation, typed)
      }
    },
    problems() {
      const nowMs = clock.now()
      return [...told.values()].filter(({ lastMs }) => nowMs - lastMs < PROBLEM_SHOWN_MS).map(problemOf)
    },
    counters: () => [
      {
        name: 'warninglist_claims_total',
        help: 'Claims of other nations on what is on a warninglist, by what that does.',
        type: 'counter',
        values: [...counts].flatMap(([nation, count]) =>
          (['block', 'warn'] as const).map(action => ({ labels: { nation, action }, value: count[action] })),
        ),
      },
      {
        name: 'warninglist_entries',
        help: 'Entries of the warninglists that are held.',
        type: 'gauge',
        values: [{ labels: {}, value: warnings.lists().reduce((sum, { list }) => sum + list.size, 0) }],
      },
    ],
  }
}

function problemOf({ nation, list, count }: Told): Problem {
  const what = count === 1 ? 'something' : `${count} values`
  return {
    grade: 'warning',
    code: 'warninglist-received',
    occasion: `${nation} ${list}`,
    message: `${nation} claims ${what} on the warninglist "${list}": it is kept, and left out of every export`,
    fix: `Look at it with "tocsin indicator list --nation ${nation} --warned --all", and tell ${nation}.`,
  }
}

/** Undefined for what is no claim, or a malformed one, which shows nowhere. */
function claimedValue(bytes: Uint8Array): TypedValue | undefined {
  try {
    const item = decodeLoose(Item, bytes, false)
    if (item.type !== ITEM.INDICATOR) return undefined
    const { type, value } = decodeLoose(IndicatorClaim, item.body, false)
    return receivedValue(type, value)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
