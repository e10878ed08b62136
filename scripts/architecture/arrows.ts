/** Which way imports may run: the order of the folders, and no circle anywhere. */
import { posix } from 'node:path'
import { type Finding, finding, folderOf, type Import, type Source } from './source.ts'

/** Each folder may import its own row and the rows above it; no two folders import each other. */
const ROWS: readonly (readonly string[])[] = [
  ['base'],
  ['wire', 'crypto', 'merkle'],
  ['registry', 'indicator'],
  ['chain', 'formats', 'policy'],
  ['sync', 'audit'],
  ['store', 'net'],
  ['node'],
  ['api'],
  ['cli', 'verifier'],
]
const STRANGERS = new Set(['store', 'net'])

const ROW_OF = new Map(ROWS.flatMap((folders, row) => folders.map(folder => [folder, row] as const)))

/** The path of the file that a relative import names; undefined for a package. */
function targetOf(source: Source, { from }: Import): string | undefined {
  return from.startsWith('.') ? posix.normalize(posix.join(posix.dirname(source.path), from)) : undefined
}

export function checkArrows(source: Source): Finding[] {
  const here = folderOf(source.path)
  const row = ROW_OF.get(here)
  if (row === undefined) return [finding('folder', source, 0, `${here || 'src'} is no folder of the house for code`)]
  const findings: Finding[] = []
  for (const item of source.imports) {
    const target = targetOf(source, item)
    if (target === undefined) continue
    const there = folderOf(target)
    const thereRow = ROW_OF.get(there)
    if (thereRow === undefined) {
      findings.push(finding('arrow', source, item.start, `${here} imports ${target}, which is not in a folder of src`))
    } else if (thereRow > row) {
      findings.push(finding('arrow', source, item.start, `${here} imports ${there}, which comes after it`))
    } else if (here !== there && STRANGERS.has(here) && STRANGERS.has(there)) {
      findings.push(finding('arrow', source, item.start, `${here} and ${there} do not know each other`))
    }
  }
  return findings
}

/** `src/node/audit/audit-log.ts` is in the room `node/audit`; what lies in `src/node` itself composes them, in none. */
function roomOf(path: string): string | undefined {
  return /^src\/([^/]+\/[^/]+)\//.exec(path)?.[1]
}

/** Circles between files, between folders and between the rooms in them, each once, written as `a → b → a`. */
export function checkCircles(sources: readonly Source[]): Finding[] {
  const files = new Map<string, Set<string>>()
  const folders = new Map<string, Set<string>>()
  const rooms = new Map<string, Set<string>>()
  for (const source of sources) {
    for (const item of source.imports) {
      const target = targetOf(source, item)
      if (target === undefined) continue
      link(files, source.path, target)
      if (folderOf(source.path) !== folderOf(target)) link(folders, folderOf(source.path), folderOf(target))
      const [here, there] = [roomOf(source.path), roomOf(target)]
      if (here !== undefined && there !== undefined && here !== there) link(rooms, here, there)
    }
  }
  return [...circlesIn(files), ...circlesIn(folders), ...circlesIn(rooms)].map(circle => ({
    rule: 'circle',
    path: circle[0]!,
    line: 0,
    detail: circle.join(' → '),
  }))
}

function link(graph: Map<string, Set<string>>, from: string, to: string): void {
  const targets = graph.get(from)
  if (targets === undefined) graph.set(from, new Set([to]))
  else targets.add(to)
}

/** Depth-first: an edge to a node that is still being explored closes a circle. */
function circlesIn(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const circles: string[][] = []
  const explored = new Set<string>()
  const trail: string[] = []
  const explore = (name: string) => {
    const opened = trail.indexOf(name)
    if (opened >= 0) {
      circles.push([...trail.slice(opened), name])
      return
    }
    if (explored.has(name)) return
    explored.add(name)
    trail.push(name)
    for (const next of graph.get(name) ?? []) explore(next)
    trail.pop()
  }
  for (const name of graph.keys()) explore(name)
  return circles
}
