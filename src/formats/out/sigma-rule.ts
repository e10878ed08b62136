import { type Document, isMap, isScalar, isSeq, type ParsedNode, parseAllDocuments, visit } from 'yaml'

/**
 * Sigma rules of another nation, each YAML document one of them. Whoever converts rules reads many at once: one that
 * unfolds without end, or that speaks for all others in its file, is not taken.
 */

export type SigmaDocument = Document.Parsed<ParsedNode>

export type CheckedSigma = { readonly rules: readonly SigmaDocument[] } | { readonly left: string }

const NESTED_MAX = 100
/** `- - - -`: a level of nesting in two characters. */
const COMPACT_NESTING = /(?:[-?:][ \t]+){20}/
const RULES_MAX = 100

export function checkSigmaRules(text: string): CheckedSigma {
  if (/^%/m.test(text) || COMPACT_NESTING.test(text) || bracketDepth(text) > NESTED_MAX) {
    return { left: 'the YAML of the rule has directives, or is nested too deep' }
  }
  // Looking for a key among all others of a mapping takes the parser the square of their number.
  const documents = parseAllDocuments(text, { intAsBigInt: true, prettyErrors: false, uniqueKeys: false })
  const rules: SigmaDocument[] = []
  for (const document of documents) {
    const left = whyNot(document)
    if (left !== undefined) return { left }
    rules.push(document)
  }
  if (rules.length === 0 || rules.length > RULES_MAX) return { left: `the text is no YAML of up to ${RULES_MAX} rules` }
  return { rules }
}

function whyNot(document: SigmaDocument): string | undefined {
  if (document.errors.length > 0 || !isMap(document.contents)) return 'the rule is no YAML of a mapping'
  if (!hasPlainKeys(document)) return 'the YAML of the rule has a key twice, or one that is no text'
  if (hasReferences(document)) return 'the YAML of the rule has anchors, aliases or tags'
  if (document.has('action')) return 'the rule speaks for others in its file'
  if (!isText(document.get('title', true)) || !isMap(document.get('logsource', true))) return NO_SIGMA
  const detection = document.get('detection', true)
  if (!isMap(detection)) return NO_SIGMA
  const condition = detection.get('condition', true)
  return isText(condition) || (isSeq(condition) && condition.items.every(isText)) ? undefined : NO_SIGMA
}

const NO_SIGMA = 'the rule has no title, source of logs, detection or condition'

function isText(node: unknown): boolean {
  return isScalar(node) && typeof node.value === 'string' && node.value !== ''
}

function hasReferences(document: SigmaDocument): boolean {
  let found = false
  visit(document, {
    Alias: () => {
      found = true
      return visit.BREAK
    },
    Node: (_, node) => {
      if (node.anchor === undefined && node.tag === undefined) return undefined
      found = true
      return visit.BREAK
    },
  })
  return found
}

function hasPlainKeys(document: SigmaDocument): boolean {
  let isPlain = true
  visit(document, {
    Map: (_, { items }) => {
      const keys = new Set(items.map(({ key }) => (isScalar(key) ? String(key.value) : undefined)))
      if (keys.size === items.length && !keys.has(undefined)) return undefined
      isPlain = false
      return visit.BREAK
    },
  })
  return isPlain
}

function bracketDepth(text: string): number {
  let depth = 0
  let deepest = 0
  for (const char of text) {
    if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth)
    else if (char === ']' || char === '}') depth--
  }
  return deepest
}
