import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const CRYPTO = join(import.meta.dirname, '../../src/crypto')

/** Every specifier that a file imports for its values, by way of other files of ours too. */
function importsOf(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return []
  seen.add(file)
  const specifiers = [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type ).*?from '([^']+)'/gms)].map(
    match => match[1]!,
  )
  return specifiers.flatMap(specifier =>
    specifier.startsWith('.') ? importsOf(join(dirname(file), specifier), seen) : [specifier],
  )
}

describe('what a browser runs', () => {
  it.each(['ed25519-portable.ts', 'ed25519-key.ts'])('imports noble and nothing of node in %s', file => {
    const imports = importsOf(join(CRYPTO, file))
    expect(imports).toContain('@noble/curves/ed25519.js')
    expect(imports.filter(specifier => !specifier.startsWith('@noble/'))).toEqual([])
  })

  it('is told apart from what the daemon runs', () => {
    expect(importsOf(join(CRYPTO, 'ed25519.ts'))).toContain('node:crypto')
  })
})
