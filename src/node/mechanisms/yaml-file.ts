import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml'
import type { z } from 'zod'
import type { ErrorCode } from '../../base/codes.ts'
import { UserError } from '../../base/errors.ts'

/** A YAML file of the operator's, checked against a schema; what is wrong with it is told with line and column. */
export interface YamlFile<T> {
  readonly value: T
  /** The line where what `path` names begins, 1 for the first. */
  lineOf(path: Path): number
}

export interface YamlForm<T> {
  /** As it is called in messages: `policy.yaml`. */
  readonly name: string
  readonly code: ErrorCode
  readonly fix: string
  readonly schema: z.ZodType<T>
  readonly bytesMax: number
}

type Path = readonly PropertyKey[]

/** Throws UserError with the form's code: `policy.yaml, line 12, column 5: …`. */
export function parseYamlFile<T>(text: string, form: YamlForm<T>): YamlFile<T> {
  const fail = (message: string) => new UserError(form.code, `${form.name}${message}`, { fix: form.fix })
  if (Buffer.byteLength(text) > form.bytesMax) throw fail(` has more than ${form.bytesMax} bytes`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, schema: 'core' })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `, line ${line}, column ${col}: `
  }
  const [fault] = [...document.errors, ...document.warnings]
  if (fault !== undefined) throw fail(`${at(fault.pos[0])}${fault.message}`)
  // One line would stand for another, and a short file for a long one.
  visit(document, {
    Alias(_, { range }) {
      throw fail(`${at(range?.[0] ?? 0)}an alias; write out what it stands for`)
    },
  })
  const result = form.schema.safeParse(document.toJS({ maxAliasCount: 0 }) ?? {})
  if (result.success) return { value: result.data, lineOf: path => lines.linePos(offsetOf(document, path)).line }
  const { issues } = result.error
  const issue = deepest([...issues.filter(each => each.code === 'unrecognized_keys'), ...issues])
  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0]!]
    throw fail(`${at(keyOffset(document, path))}unknown field "${fieldName(path)}"`)
  }
  const where = issue.path.length === 0 ? 'the file' : fieldName(issue.path)
  throw fail(`${at(offsetOf(document, issue.path))}${where}: ${issueText(issue)}`)
}

/** Of what is not there zod tells which type it has instead. */
export function issueText(issue: z.core.$ZodIssue): string {
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  return isMissing ? 'must be there' : issue.message
}

/** `rules.when.type`: the line says which of them. */
function fieldName(path: Path): string {
  return path.filter(part => typeof part === 'string').join('.')
}

/** Of a union zod tells what each of its forms lacks; the one that came farthest was meant. */
function deepest(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const [issue] = issues
  if (issue?.code !== 'invalid_union') return issue!
  const within = issue.errors.filter(each => each.length > 0).map(deepest)
  const best = within.toSorted((a, b) => b.path.length - a.path.length)[0]
  if (best === undefined || best.path.length === 0) {
    const said = best?.code === 'invalid_type' || best === undefined ? issue : best
    return { ...said, path: issue.path }
  }
  return { ...best, path: [...issue.path, ...best.path] }
}

/** Where the value is, or the nearest thing around it that is there. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined
    const range = node?.range
    if (range != null) return range[0]
  }
  return 0
}

function keyOffset(document: Document, path: Path): number {
  const map = document.getIn(path.slice(0, -1), true)
  const name = path.at(-1)
  const pair = isMap(map) ? map.items.find(({ key }) => isScalar(key) && String(key.value) === name) : undefined
  const range = isScalar(pair?.key) ? pair.key.range : undefined
  return range?.[0] ?? offsetOf(document, path)
}
