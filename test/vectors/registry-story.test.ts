import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fromHex } from '../../src/base/bytes.ts'
import { addDocuments } from '../../src/registry/add-document.ts'
import { docHashHex } from '../../src/registry/doc-fields.ts'
import { documentsOf, emptyEvidence } from '../../src/registry/evidence.ts'
import { allianceIdOf } from '../../src/registry/registry-doc.ts'
import { registryState } from '../../src/registry/registry-state.ts'
import { parseSignedDoc } from '../../src/registry/signed-doc.ts'
import { tellStory } from '../../src/registry/story.ts'
import type { RegistryVector } from './registry-cases/vector.ts'

const folder = join(import.meta.dirname, 'registry')
const vectorOf = (file: string): RegistryVector => JSON.parse(readFileSync(join(folder, file), 'utf8'))
const shared = vectorOf('base.json').docs
const files = readdirSync(folder).filter(file => file !== 'base.json')

/** The story of whatever else is attacked: it must agree with what is in force. */
describe('the story told of each vector', () => {
  test.each(files)('%s', file => {
    const vector = vectorOf(file)
    const docOf = (name: string) => parseSignedDoc(fromHex(vector.docs[name] ?? shared[name]!))
    const hashOf = (name: string) => docHashHex(docOf(name).hash)
    const set = addDocuments(
      emptyEvidence(allianceIdOf(docOf('registry-1').docBytes)),
      vector.deliver.map(({ doc }) => docOf(doc)),
    )
    const pins = (vector.pins ?? []).map(({ doc, ...pin }) => ({ ...pin, hash: hashOf(doc) }))
    const steps = tellStory(set, registryState(set, pins)!)

    const valid = documentsOf(set).map(({ hash }) => docHashHex(hash))
    expect(steps.map(({ hash }) => hash).sort()).toEqual(valid.sort())

    const place = new Map(steps.map(({ hash }, i) => [hash, i]))
    for (const { doc } of set.registries.values()) {
      const causes = [doc.prevHash, ...[...doc.nations.values()].map(({ pin }) => pin?.hash)]
      for (const cause of causes) {
        const before = cause === undefined ? undefined : place.get(cause)
        if (before !== undefined) expect(before).toBeLessThan(place.get(doc.hash)!)
      }
    }

    const current = steps.filter(({ standing }) => standing === 'current')
    const { registry, nations = {} } = vector.expect
    expect(current.filter(({ document }) => document === 'registry').map(({ hash }) => hash)).toEqual([
      hashOf(registry),
    ])
    for (const [nation, name] of Object.entries(nations)) {
      const told = current.filter(step => step.nation === nation).map(({ hash }) => hash)
      expect(told).toEqual(name === null ? [] : [hashOf(name)])
    }
    for (const { signers, changes } of steps) {
      expect(signers).not.toEqual([])
      expect(changes[0]).toMatch(/^(?:Registry version|The alliance|Document) /)
    }
  })
})
