import { classify, type TypedValue } from '../../indicator/canonical.ts'
import { createWarninglists, isBlocked, type WarningHit } from '../../policy/warninglists.ts'
import type { Store } from '../../store/store.ts'
import { createTurns } from '../mechanisms/turns.ts'
import type {
  WarninglistCheck,
  WarninglistCommands,
  WarninglistUpdate,
  WarninglistView,
} from '../orders/warninglist-orders.ts'
import type { KnownWarninglist, WarningBook } from './warning-book.ts'
import { changesBetween } from './warninglist-changes.ts'

interface WarninglistOptions {
  readonly warnings: WarningBook
  readonly store: Pick<Store, 'subjectsById'>
  readonly config: { readonly exports: readonly { readonly name: string }[] }
}

export function createWarninglistCommands({ warnings, store, config }: WarninglistOptions): WarninglistCommands {
  const inTurn = createTurns()

  async function storedByList(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>()
    for await (const subject of store.subjectsById('')) {
      for (const { list } of warnings.check(subject)) counts.set(list, (counts.get(list) ?? 0) + 1)
    }
    return counts
  }

  return {
    async warninglists(stored) {
      const counts = stored ? await storedByList() : undefined
      return warnings.lists().map(known => viewOf(known, counts && (counts.get(known.list.name) ?? 0)))
    },
    checkWarninglists: values => values.map(query => checkOf(query.trim(), warnings)),
    updateWarninglists: () =>
      inTurn(async () => {
        const { before, after, broken } = await warnings.reload()
        const changes = changesBetween(before, after)
        const isSame = changes.every(({ change }) => change === 'same')
        const stored = isSame ? NOTHING : await affected(before, after, store)
        return { changes, broken, stored, exports: isSame ? [] : config.exports.map(({ name }) => name) }
      }),
  }
}

function viewOf({ list, action, source }: KnownWarninglist, stored: number | undefined): WarninglistView {
  return {
    name: list.name,
    description: list.description,
    kind: list.kind,
    entries: list.size,
    version: list.version,
    action,
    source,
    types: [...(list.types ?? [])],
    left: list.left.count,
    leftEntries: list.left.first,
    stored: stored ?? null,
  }
}

function checkOf(query: string, { check }: Pick<WarningBook, 'check'>): WarninglistCheck {
  const found = classify(query)
  if (found.kind === 'none') return { query, type: '', value: '', reason: found.reason, hits: [] }
  const { type, value }: TypedValue = found.kind === 'value' ? found : found.host
  return { query, type, value, reason: '', hits: check({ type, value }) }
}

const NOTHING: WarninglistUpdate['stored'] = { newlyBlocked: 0, newlyWarned: 0, released: 0, unwarned: 0 }

/** Of all that is stored only what a changed list has a say in is looked at closely. */
async function affected(
  before: readonly KnownWarninglist[],
  after: readonly KnownWarninglist[],
  store: Pick<Store, 'subjectsById'>,
): Promise<WarninglistUpdate['stored']> {
  const isIn = (others: readonly KnownWarninglist[]) => (one: KnownWarninglist) =>
    others.some(({ list, action }) => list === one.list && action === one.action)
  const [changedBefore, changedAfter] = [
    before.filter(one => !isIn(after)(one)),
    after.filter(one => !isIn(before)(one)),
  ]
  const asked = [changedBefore, changedAfter, before, after].map(checkWith)
  const [gone, come, all, now] = asked as [Check, Check, Check, Check]
  const counts = { ...NOTHING }
  for await (const subject of store.subjectsById('')) {
    if (gone(subject).length + come(subject).length === 0) continue
    const [was, is] = [all(subject), now(subject)]
    if (isBlocked(is) && !isBlocked(was)) counts.newlyBlocked++
    else if (is.length > 0 && was.length === 0) counts.newlyWarned++
    else if (isBlocked(was) && !isBlocked(is)) counts.released++
    else if (was.length > 0 && is.length === 0) counts.unwarned++
  }
  return counts
}

type Check = (typed: TypedValue) => readonly WarningHit[]

function checkWith(known: readonly KnownWarninglist[]): Check {
  return createWarninglists(known.flatMap(({ list, action }) => (action === 'off' ? [] : [{ list, action }]))).check
}
