import { parseSync, visitorKeys } from 'oxc-parser'

/** One source file, parsed: what the rules of the house look at. Paths are relative to the repository, with `/`. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly nodes: readonly PlacedNode[]
  readonly comments: readonly Comment[]
  readonly imports: readonly Import[]
}

/** A node of the syntax tree with its place in it. */
export interface PlacedNode {
  readonly node: SyntaxNode
  readonly parent: PlacedNode | undefined
  /** The field of the parent that holds the node. */
  readonly field: string
}

export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

interface Comment {
  readonly value: string
  readonly start: number
}

/** An import, a re-export or a dynamic import with a constant. */
export interface Import {
  readonly from: string
  /** The names asked for, as the other module calls them; none for a namespace or a dynamic import. */
  readonly names: readonly string[]
  /** Nothing of it is left at run time. */
  readonly typesOnly: boolean
  readonly start: number
}

export interface Finding {
  readonly rule: string
  readonly path: string
  /** 1 for the first line; 0 where the finding is about the file. */
  readonly line: number
  readonly detail: string
}

/** Throws `SyntaxError` on a file that does not parse. */
export function parseSource(path: string, text: string): Source {
  const { program, module, comments, errors } = parseSync(path, text)
  const fault = errors[0]
  if (fault !== undefined) throw new SyntaxError(`${path}: ${fault.message}`)
  const imports: Import[] = [
    ...module.staticImports.map(({ moduleRequest, entries, start }) => ({
      from: moduleRequest.value,
      names: entries.flatMap(entry => entry.importName.name ?? []),
      typesOnly: entries.length > 0 && entries.every(entry => entry.isType),
      start,
    })),
    ...module.staticExports.flatMap(({ entries, start }) =>
      entries.flatMap(({ moduleRequest, importName, isType }) => {
        if (moduleRequest === null) return []
        return { from: moduleRequest.value, names: [importName.name ?? []].flat(), typesOnly: isType, start }
      }),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest, start }) => {
      const literal = /^(['"`])([^$]*)\1$/s.exec(text.slice(moduleRequest.start, moduleRequest.end))
      return literal?.[2] === undefined ? [] : { from: literal[2], names: [], typesOnly: false, start }
    }),
  ]
  return { path, text, nodes: [...walk(program as unknown as SyntaxNode, undefined, '')], comments, imports }
}

function* walk(node: SyntaxNode, parent: PlacedNode | undefined, field: string): Generator<PlacedNode> {
  const placed = { node, parent, field }
  yield placed
  for (const key of visitorKeys[node.type] ?? []) {
    for (const child of [node[key]].flat()) if (isNode(child)) yield* walk(child, placed, key)
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** The folder of the house a file lies in: `src/wire/gen/tocsin.ts` is in `wire`; '' for a file outside of src/FOLDER/. */
export function folderOf(path: string): string {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? ''
}

export function finding(rule: string, source: Source, start: number, detail: string): Finding {
  return { rule, path: source.path, line: source.text.slice(0, start).split('\n').length, detail }
}
