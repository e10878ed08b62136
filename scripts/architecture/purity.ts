/** Pure folders do no I/O, read no clock, draw no randomness and log nothing: all of that is passed in. */
import { type Finding, finding, folderOf, type PlacedNode, type Source, type SyntaxNode } from './source.ts'

const PURE = new Set([
  'base',
  'wire',
  'crypto',
  'merkle',
  'registry',
  'indicator',
  'chain',
  'formats',
  'policy',
  'sync',
  'audit',
])

/** The one built-in module that one pure folder has: node:crypto computes, and its sources of randomness are refused. */
const BUILT_IN_ALLOWED: Readonly<Record<string, string>> = { crypto: 'node:crypto' }
const RANDOM_SOURCES = new Set(['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'webcrypto'])

const IO_PACKAGES =
  /^(level|abstract-level|classic-level|memory-level|libp2p|@libp2p\/(tcp|gossipsub|identify)|@chainsafe\/libp2p-.*|pino.*|prom-client|commander|cli-.*)$/

const AMBIENT = new Set([
  'process',
  'performance',
  'console',
  'crypto',
  'fetch',
  'globalThis',
  'global',
  'setTimeout',
  'setInterval',
  'setImmediate',
])
const AMBIENT_MEMBERS = new Set(['Date.now', 'Math.random'])

export function checkPurity(source: Source): Finding[] {
  if (!PURE.has(folderOf(source.path))) return []
  return [...impureImports(source), ...ambientUses(source)]
}

function* impureImports(source: Source): Generator<Finding> {
  const allowed = BUILT_IN_ALLOWED[folderOf(source.path)]
  for (const { from, names, start } of source.imports) {
    if (from.startsWith('node:') && from !== allowed) yield finding('pure', source, start, `imports ${from}`)
    if (IO_PACKAGES.test(from)) yield finding('pure', source, start, `imports ${from}, which does I/O`)
    for (const name of names) {
      if (RANDOM_SOURCES.has(name)) yield finding('pure', source, start, `imports ${name} from ${from}`)
    }
  }
}

function* ambientUses(source: Source): Generator<Finding> {
  const own = new Set(source.nodes.filter(isBinding).map(({ node }) => node['name']))
  for (const placed of source.nodes) {
    const { node } = placed
    const used = (what: string) => finding('pure', source, node.start, `uses ${what}`)
    if (node.type === 'Identifier' && isReference(placed)) {
      const name = String(node['name'])
      if (AMBIENT.has(name) && !own.has(name)) yield used(name)
    } else if (node.type === 'MemberExpression') {
      const member = `${nameOf(node['object'])}.${nameOf(node['property'])}`
      if (AMBIENT_MEMBERS.has(member)) yield used(member)
      const property = nameOf(node['property'])
      if (RANDOM_SOURCES.has(property)) yield used(property)
    } else if (node.type === 'NewExpression' || node.type === 'CallExpression') {
      const noArguments = Array.isArray(node['arguments']) && node['arguments'].length === 0
      if (nameOf(node['callee']) === 'Date' && noArguments) yield used('the present time by Date()')
    }
  }
}

function nameOf(node: unknown): string {
  const { type, name, value } = node as SyntaxNode
  return String(type === 'Identifier' ? name : type === 'Literal' ? value : '')
}

/** A name that the file gives itself: a parameter, a variable, a function, an import. */
function isBinding({ node, parent, field }: PlacedNode): boolean {
  if (node.type !== 'Identifier' || parent === undefined) return false
  if (field === 'params' || field === 'id' || field === 'local') return true
  const { type } = parent.node
  if (type === 'Property') return field === 'value' && parent.parent?.node.type === 'ObjectPattern'
  return type === 'ArrayPattern' || type === 'RestElement' || (type === 'AssignmentPattern' && field === 'left')
}

/** Not the name of a member or a field. */
function isReference({ parent, field }: PlacedNode): boolean {
  if (field === 'property' || field === 'key') return parent?.node['computed'] === true
  return true
}
