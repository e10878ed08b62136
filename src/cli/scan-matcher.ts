import { StringDecoder } from 'node:string_decoder'
import { observablesOf } from '../formats/in/pattern-value.ts'
import { parseStixPattern } from '../formats/in/stix-pattern.ts'
import { PatternSyntaxError } from '../formats/in/stix-pattern-error.ts'
import { createMatcher, type Matcher, type MatcherEntry } from '../indicator/matcher.ts'

/** Of lines as `ScanCommands.searchable` gives them; of `types` alone where they are given. */
export async function readMatcher(
  pieces: AsyncIterable<Uint8Array>,
  types: ReadonlySet<string> | undefined,
  seed: number,
): Promise<Matcher> {
  const matcher = createMatcher(seed)
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length))).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const tab = line.indexOf('\t')
      const type = line.slice(0, tab)
      if (types?.has(type) !== false) matcher.add(entryOf(type, line.slice(tab + 1)))
    }
  }
  return matcher.build()
}

function entryOf(type: string, value: string): MatcherEntry {
  return type === 'stix-pattern' ? { type, value, observables: observablesIn(value) } : { type, value }
}

/** A pattern came from others, and may be none. */
function observablesIn(pattern: string): NonNullable<MatcherEntry['observables']> {
  try {
    return observablesOf(parseStixPattern(pattern))
  } catch (error) {
    if (error instanceof PatternSyntaxError) return []
    throw error
  }
}
