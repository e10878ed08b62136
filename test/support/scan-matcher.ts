import { scanText } from '../../src/formats/in/scan-text.ts'
import { canonicalValue } from '../../src/indicator/canonical.ts'
import { createMatcher, type Matcher, type MatcherEntry } from '../../src/indicator/matcher.ts'

/** Of values in any spelling. */
export function matcherOf(values: readonly (readonly [type: string, value: string])[]): Matcher {
  return matcherOfEntries(values.map(([type, value]) => canonicalValue(type, value)))
}

export function matcherOfEntries(entries: readonly MatcherEntry[]): Matcher {
  const builder = createMatcher(7)
  for (const entry of entries) builder.add(entry)
  return builder.build()
}

/** `LINE:COLUMN RELATION TYPE VALUE` of what is found in a text, which comes in chunks of `chunkBytes`. */
export async function findsIn(matcher: Matcher, text: string | Uint8Array, chunkBytes = 1 << 16): Promise<string[]> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const finds: string[] = []
  for await (const hits of scanText(matcher, chunksOf(bytes, chunkBytes))) {
    for (const { line, column, relation, type, value } of hits) {
      finds.push(`${line}:${column} ${relation} ${type} ${value}`)
    }
  }
  return finds
}

async function* chunksOf(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}
