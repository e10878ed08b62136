import { describe, expect, test } from 'vitest'
import { parseClaim } from '../../src/node/ceremonies/founding-trust.ts'
import { mergeAlliance, openAlliance } from '../../src/node/home/founding-alliance.ts'
import { docHashHex } from '../../src/registry/doc-fields.ts'
import { parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import { encodeTrust, fingerprint, trustOf, trustWords } from '../../src/registry/trust-string.ts'
import { foundRegistry, nextRegistry, type SignedRegistry, signRegistry } from '../support/registry-world.ts'

const founded = foundRegistry()
const left = signRegistry(nextRegistry(founded, { name: 'Left' }), ['gov AAA', 'gov BBB'])
const right = signRegistry(nextRegistry(founded, { name: 'Right' }), ['gov AAA', 'gov CCC'])
const further = signRegistry(nextRegistry(right), ['gov BBB', 'gov CCC'])

function documents(...registries: readonly SignedRegistry[]) {
  return registries.map(({ signed }) => signed)
}

function trustIn({ signed }: SignedRegistry) {
  return trustOf(parseRegistryDoc(signed))
}

describe('an operator who confirmed one branch of a SPLIT', () => {
  const trust = trustIn(left)
  const held = { ...openAlliance(documents(founded, left), trust), trust }

  test('may name it in every form in which it is compared', () => {
    const alliance = openAlliance(documents(founded, left, right))
    for (const claim of [encodeTrust(trust), trustWords(trust).join(' '), fingerprint(trust)])
      expect(parseClaim(claim, alliance)).toEqual(trust)
  })

  test('may take in a file with all branches, and stays with it whatever others prefer', () => {
    const { evidence, directory } = mergeAlliance(held, documents(founded, left, right, further))
    expect(evidence.registries.has(docHashHex(further.signed.hash))).toBe(true)
    expect(directory.registry.name).toBe('Left')
    expect(directory.split).toBeUndefined()
  })

  test('takes in no file that knows nothing of it and has another in its place', () => {
    expect(() => mergeAlliance(held, documents(founded, right, further))).toThrow(
      expect.objectContaining({ code: 'registry-fingerprint-mismatch' }),
    )
  })
})
