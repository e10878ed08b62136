/** Rules of form that types and lint do not hold. */
import { basename } from 'node:path/posix'
import { type Finding, finding, type Source } from './source.ts'

const LINES_MAX = 400
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.config)?\.(ts|mjs|cjs)$/
/** Names that say nothing about what is in the file. */
const VAGUE = /^(utils?|helpers?|common|misc|shared|index|types)\./
const SUPPRESSION = /@ts-(ignore|expect-error|nocheck)\b/

export function checkStyle(source: Source): Finding[] {
  return [...nameFindings(source), ...syntaxFindings(source), ...commentFindings(source)]
}

function* nameFindings(source: Source): Generator<Finding> {
  const name = basename(source.path)
  if (!KEBAB.test(name)) yield finding('file-name', source, 0, `${name} is not in kebab-case`)
  if (VAGUE.test(name)) yield finding('file-name', source, 0, `${name} names no concept`)
  const lines = source.text.trimEnd().split('\n').length
  if (source.path.startsWith('src/') && lines > LINES_MAX) {
    yield finding('length', source, 0, `${lines} lines, more than ${LINES_MAX}`)
  }
}

function* syntaxFindings(source: Source): Generator<Finding> {
  const isConfiguration = source.path.endsWith('.config.ts')
  for (const { node } of source.nodes) {
    if (node.type === 'TSAnyKeyword') yield finding('any', source, node.start, 'the type any')
    if (node.type === 'ExportAllDeclaration')
      yield finding('export', source, node.start, 'exports all of another module')
    if (node.type === 'ExportDefaultDeclaration' && !isConfiguration) {
      yield finding('export', source, node.start, 'a default export')
    }
  }
}

function* commentFindings(source: Source): Generator<Finding> {
  for (const { value, start } of source.comments) {
    const found = SUPPRESSION.exec(value)
    if (found !== null) yield finding('suppression', source, start, found[0])
  }
}
