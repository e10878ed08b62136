/** What an auditor's browser runs: no built-in module of node, and few packages. */
import { posix } from 'node:path'
import { type Finding, finding, folderOf, type Source } from './source.ts'

/** Whatever these import for its values, by way of other files too, is portable. */
const PORTABLE_ROOTS = new Set(['audit', 'verifier'])

/** `protobufjs/minimal.js` computes on bytes alone; the generated code of wire reads and writes with it. */
const PORTABLE_PACKAGES = /^(@noble\/(curves|hashes|post-quantum)\/|protobufjs\/minimal\.js$)/

export function checkPortable(sources: readonly Source[]): Finding[] {
  const byPath = new Map(sources.map(source => [source.path, source]))
  const roots = sources.filter(source => PORTABLE_ROOTS.has(folderOf(source.path)))
  const reached = new Map(roots.map(root => [root, root.path]))
  const findings: Finding[] = []
  for (const [source, way] of reached) {
    for (const { from, typesOnly, start } of source.imports) {
      if (typesOnly) continue
      if (from.startsWith('.')) {
        const target = byPath.get(posix.join(posix.dirname(source.path), from))
        if (target !== undefined && !reached.has(target)) reached.set(target, `${way} → ${target.path}`)
      } else if (!PORTABLE_PACKAGES.test(from)) {
        findings.push(finding('portable', source, start, `imports ${from}, and a browser runs it: ${way}`))
      }
    }
  }
  return findings
}
