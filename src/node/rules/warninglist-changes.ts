import { foldedName } from '../../policy/warninglist.ts'
import type { CompiledWarninglist } from '../../policy/warninglist-compile.ts'
import type { WarninglistChange } from '../orders/warninglist-orders.ts'

interface WithList {
  readonly list: CompiledWarninglist
}

/** What became of each list, in the order of what is now; lists that are gone come last. */
export function changesBetween(before: readonly WithList[], after: readonly WithList[]): readonly WarninglistChange[] {
  const old = new Map(before.map(({ list }) => [foldedName(list.name), list]))
  const changes = after.map(({ list }) => changeOf(old.get(foldedName(list.name)), list))
  const left = new Set(after.map(({ list }) => foldedName(list.name)))
  const gone = before.filter(({ list }) => !left.has(foldedName(list.name))).map(({ list }) => goneOf(list))
  return [...changes, ...gone]
}

function changeOf(before: CompiledWarninglist | undefined, list: CompiledWarninglist): WarninglistChange {
  const said = { name: list.name, version: list.version, entries: list.size }
  if (before === list) return { ...said, change: 'same', versionBefore: list.version, added: 0, removed: 0 }
  if (before === undefined) return { ...said, change: 'new', versionBefore: 0, added: list.size, removed: 0 }
  const [added, removed] = [missingIn(before, list), missingIn(list, before)]
  const isSame = added + removed === 0 && before.version === list.version && before.kind === list.kind
  return { ...said, change: isSame ? 'same' : 'changed', versionBefore: before.version, added, removed }
}

function goneOf({ name, version, size }: CompiledWarninglist): WarninglistChange {
  return { name, change: 'gone', versionBefore: version, version: 0, entries: 0, added: 0, removed: size }
}

/** How many entries of `list` the other has not. */
function missingIn(other: CompiledWarninglist, list: CompiledWarninglist): number {
  let count = 0
  for (let place = 0; place < list.size; place++) if (!other.has(list.entryAt(place))) count++
  return count
}
