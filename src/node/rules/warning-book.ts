import { sep } from 'node:path'
import { TocsinError } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import type { TypedValue } from '../../indicator/canonical.ts'
import { foldedName } from '../../policy/warninglist.ts'
import { type CompiledWarninglist, compileWarninglist } from '../../policy/warninglist-compile.ts'
import { builtInWarninglists } from '../../policy/warninglist-facts.ts'
import {
  createWarninglists,
  hitText,
  type ListInForce,
  type WarningAction,
  type WarningHit,
  type Warninglists,
} from '../../policy/warninglists.ts'
import type { WarninglistsConfig } from '../config/warninglists-config.ts'
import type { Problem } from '../orders/node-service.ts'
import type { BrokenWarninglist } from '../orders/warninglist-orders.ts'
import { findWarninglists, readWarninglist, type WarninglistPath } from './warninglist-files.ts'

/** A list that the node has, whatever it makes of it. */
export interface KnownWarninglist {
  readonly list: CompiledWarninglist
  readonly action: WarningAction | 'off'
  /** The file, or `built-in`. */
  readonly source: string
}

export interface WarningBook {
  /** Of a canonical value, what blocks first. */
  check(typed: TypedValue): readonly WarningHit[]
  /** Which list blocks a canonical value, as a sentence; undefined where none does. */
  blockedBy(typed: TypedValue): string | undefined
  /** In force now; the object changes with every change of them. */
  current(): Warninglists
  lists(): readonly KnownWarninglist[]
  /** Reads again what changed on the disk, and puts all that is whole in force at once. */
  reload(): Promise<WarningReload>
  problems(): readonly Problem[]
  /** After lists have changed. */
  onChange(listener: () => void): void
}

export interface WarningReload {
  readonly before: readonly KnownWarninglist[]
  readonly after: readonly KnownWarninglist[]
  readonly broken: readonly BrokenWarninglist[]
}

export interface WarningBookOptions {
  readonly config: WarninglistsConfig
  /** Files and folders, asked for with every reading. */
  readonly paths: () => readonly string[]
  readonly logger: Logger
}

interface Held extends WarninglistPath {
  readonly list: CompiledWarninglist
}

/** Opens even where a list is broken: what is whole is in force, and the rest is a problem of the node. */
export async function openWarningBook({ config, paths, logger }: WarningBookOptions): Promise<WarningBook> {
  const actions = new Map(Object.entries(config.perList).map(([name, action]) => [foldedName(name), action]))
  const facts = builtInWarninglists()
  const builtIn = config.builtin ? facts : []
  const listeners: (() => void)[] = []
  let held: readonly Held[] = []
  let broken: readonly BrokenWarninglist[] = []
  let known: readonly KnownWarninglist[] = []
  let current = createWarninglists([])

  async function reload(): Promise<WarningReload> {
    const before = known
    const next = await readAll(paths(), held)
    held = next.held
    broken = next.broken
    known = [...builtIn.map(factKnown), ...newestOfEachName(held).map(listKnown)]
    current = createWarninglists(known.flatMap(inForce))
    for (const { path, reason } of broken) logger.warn({ path, reason }, 'a warninglist cannot be read')
    for (const listener of listeners) listener()
    return { before, after: known, broken }
  }

  function factKnown({ list, action }: ListInForce): KnownWarninglist {
    return { list, action: actions.get(foldedName(list.name)) ?? action, source: 'built-in' }
  }

  function listKnown({ list, path }: Held): KnownWarninglist {
    return { list, action: actions.get(foldedName(list.name)) ?? config.action, source: path }
  }

  /** A built-in list that is off is named all the same. */
  function unknownNames(): readonly string[] {
    const names = new Set([...known, ...facts].map(({ list }) => foldedName(list.name)))
    return Object.keys(config.perList).filter(name => !names.has(foldedName(name)))
  }

  await reload()
  return {
    check: typed => current.check(typed),
    blockedBy(typed) {
      const [first] = current.check(typed)
      return first?.action === 'block' ? hitText(typed.value, first) : undefined
    },
    current: () => current,
    lists: () => known,
    reload,
    problems: () => [...broken.map(brokenProblem), ...unknownNames().map(unknownProblem)],
    onChange: listener => void listeners.push(listener),
  }
}

function inForce({ list, action }: KnownWarninglist): ListInForce[] {
  return action === 'off' ? [] : [{ list, action }]
}

/** One after the other: each may take its whole cap of memory. */
async function readAll(paths: readonly string[], before: readonly Held[]) {
  const known = new Map(before.map(each => [each.path, each]))
  const held: Held[] = []
  const broken: BrokenWarninglist[] = []
  for (const root of paths) {
    const found = await whole(() => findWarninglists([root]))
    if ('reason' in found) {
      const kept = before.filter(({ path }) => path === root || path.startsWith(`${root}${sep}`))
      held.push(...kept)
      broken.push({ path: root, reason: found.reason, kept: kept.length > 0 })
      continue
    }
    for (const file of found.value) {
      const last = known.get(file.path)
      if (last?.stamp === file.stamp) {
        held.push(last)
        continue
      }
      const read = await whole(async () => compileWarninglist((await readWarninglist(file.path)).list))
      if ('value' in read) held.push({ ...file, list: read.value })
      else {
        if (last !== undefined) held.push(last)
        broken.push({ path: file.path, reason: read.reason, kept: last !== undefined })
      }
    }
  }
  return { held, broken }
}

async function whole<T>(work: () => Promise<T>): Promise<{ readonly value: T } | { readonly reason: string }> {
  try {
    return { value: await work() }
  } catch (error) {
    if (error instanceof TocsinError) return { reason: error.message }
    throw error
  }
}

/** Of two files with one list the newer version counts, else the one that comes later. */
function newestOfEachName(held: readonly Held[]): readonly Held[] {
  const newest = new Map<string, Held>()
  for (const each of held) {
    const name = foldedName(each.list.name)
    const other = newest.get(name)
    if (other === undefined || other.list.version <= each.list.version) newest.set(name, each)
  }
  return [...newest.values()]
}

function brokenProblem({ path, reason, kept }: BrokenWarninglist): Problem {
  return {
    grade: 'warning',
    code: 'warninglist-broken',
    occasion: path,
    message: `${reason}; ${kept ? 'what it held before stays in force' : 'it has no say'}`,
    fix: 'Mend or remove the file, then "tocsin warninglist update".',
  }
}

function unknownProblem(name: string): Problem {
  return {
    grade: 'warning',
    code: 'warninglist-unknown',
    occasion: name,
    message: `config.yaml says what to make of the warninglist "${name}", and there is none of that name`,
    fix: 'See the names with "tocsin warninglist list".',
  }
}
