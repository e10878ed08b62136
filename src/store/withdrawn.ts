import { ITEM } from '../indicator/item-type.ts'
import { withErasedBare } from './bare-withdrawal.ts'
import { CLAIMS_PER_INDICATOR_MAX } from './caps.ts'
import { type IdGroup, loadGroups } from './held-item.ts'
import { typedValueOf } from './item-face.ts'
import { itemIdKey, tracePrefix } from './keys.ts'
import { shownOf } from './shown.ts'
import type { WithdrawnClaim } from './store.ts'
import { type ListedIndicator, namesBehind, storedItem, type ViewMoment } from './view-moment.ts'

/**
 * The claims on an indicator that their nations withdrew, at most CLAIMS_PER_INDICATOR_MAX: those that whoever
 * looks would see if they were not, with the withdrawals that it sees.
 */
export async function readWithdrawn(
  { subject, record }: ListedIndicator,
  moment: ViewMoment,
): Promise<readonly WithdrawnClaim[]> {
  if (record.traces === 0 || moment.sight?.aside === true) return []
  const { type, value } = typedValueOf(subject)
  const found: WithdrawnClaim[] = []
  const prefix = tracePrefix(moment.generation, subject, ITEM.INDICATOR)
  for await (const names of namesBehind(prefix, ITEM.INDICATOR, moment, undefined)) {
    const keys = names.map(({ nation, id }) => itemIdKey(nation, id))
    for (const group of await loadGroups(moment.context.db, keys, { snapshot: moment.snapshot })) {
      const withdrawn = withdrawnClaim(group, moment)
      if (withdrawn?.claim.type === type && withdrawn.claim.value === value) found.push(withdrawn)
      if (found.length === CLAIMS_PER_INDICATOR_MAX) return found
    }
  }
  return found
}

function withdrawnClaim({ idKey, items: held }: IdGroup, moment: ViewMoment): WithdrawnClaim | undefined {
  const { context, counting, seeing } = moment
  const items = withErasedBare(held, context.memory)
  const isWithdrawn = shownOf(items, counting).some(({ kind }) => kind === ITEM.WITHDRAWAL)
  if (!isWithdrawn) return undefined
  const asserted = items.filter(({ face }) => face.kind !== ITEM.WITHDRAWAL)
  const shown = shownOf(asserted, counting).find(({ kind }) => kind === ITEM.INDICATOR)
  if (shown === undefined) return undefined
  const [withdrawal] = shownOf(
    items.filter(({ face }) => face.kind === ITEM.WITHDRAWAL),
    seeing,
  )
  const group = { idKey, items }
  return {
    claim: storedItem(shown, group, moment),
    withdrawal: withdrawal && storedItem(withdrawal, group, moment),
  }
}
