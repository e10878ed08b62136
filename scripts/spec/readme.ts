/** Puts examples and tables into the specification, between the markers that name them. */

import { INDICATOR_TYPES } from '../../src/indicator/type.ts'
import { WORDS } from '../../src/registry/words.ts'
import { auditExamples } from './audit-examples.ts'
import { chainExamples } from './chain-examples.ts'
import { type Example, formatExample } from './example.ts'
import { itemExamples } from './item-examples.ts'
import { buildSpecLog } from './log.ts'
import { registryExamples } from './registry-examples.ts'
import { syncExamples } from './sync-examples.ts'
import { capsTable, codesTable, paddedSizes } from './tables.ts'

/** In the order of the specification. */
export function specExamples(): Example[] {
  const log = buildSpecLog()
  return [
    ...registryExamples(),
    ...chainExamples(log),
    ...auditExamples(log),
    ...log.sealing,
    ...itemExamples(),
    ...syncExamples(log),
  ]
}

const WORDS_PER_ROW = 16

function wordList(): string {
  const rows: string[] = []
  for (let i = 0; i < WORDS.length; i += WORDS_PER_ROW) rows.push(WORDS.slice(i, i + WORDS_PER_ROW).join(' '))
  return `\`\`\`text\n${rows.join('\n')}\n\`\`\``
}

function typeList(): string {
  return [...INDICATOR_TYPES.keys()].map(type => `\`${type}\``).join(' ')
}

const SLOT = /<!-- (example|table) ([a-z0-9-]+) -->\n[\s\S]*?<!-- end -->/g

/** `text` with every slot filled anew. Throws where a slot has no content or a content no slot. */
export function fillReadme(text: string): string {
  const contents = new Map<string, string>([
    ['table caps', capsTable()],
    ['table codes', codesTable()],
    ['table padded-sizes', paddedSizes()],
    ['table words', wordList()],
    ['table types', typeList()],
  ])
  for (const example of specExamples()) {
    contents.set(`example ${example.name}`, `\`\`\`text\n${formatExample(example)}\n\`\`\``)
  }
  const filled = text.replace(SLOT, (_, kind: string, name: string) => {
    const content = contents.get(`${kind} ${name}`)
    if (content === undefined) throw new Error(`the specification asks for ${kind} ${name}, which there is not`)
    contents.delete(`${kind} ${name}`)
    return `<!-- ${kind} ${name} -->\n${content}\n<!-- end -->`
  })
  if (contents.size > 0) throw new Error(`the specification has no place for ${[...contents.keys()].join(', ')}`)
  return filled
}
