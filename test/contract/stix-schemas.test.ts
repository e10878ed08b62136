import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import type { ExportedIndicator } from '../../src/formats/exported.ts'
import { parseStixPattern } from '../../src/formats/in/stix-pattern.ts'
import { EXPORT_FORMATS } from '../../src/formats/out/export-formats.ts'
import { HOSTILE, ONE_OF_EACH, WELL_KNOWN } from '../support/export-samples.ts'
import { exported } from '../support/exported.ts'

/** The JSON schemas of STIX 2.1, published by the OASIS; they lie beside the checkout on development machines. */
const SCHEMAS = join(import.meta.dirname, '../../../shared/vectors/stix-schemas/schemas')
const isThere = existsSync(SCHEMAS)
if (!isThere) console.warn('skipped: ../shared/vectors/stix-schemas is missing')

/** Types of STIX 2.1 with a schema of their own that the one of bundles forgets. */
const UNLISTED: ReadonlySet<string> = new Set(['extension-definition', 'opinion'])

interface StixObject {
  readonly type: string
  readonly id: string
  readonly [property: string]: unknown
}

function bundleOf(indicators: readonly ExportedIndicator[]): { id: string; objects: readonly StixObject[] } {
  return JSON.parse(exported(EXPORT_FORMATS.get('stix')!, indicators).files.get('')!)
}

describe.skipIf(!isThere)('a STIX bundle of ours', () => {
  const validators = isThere ? schemaValidators() : new Map<string, ValidateFunction>()

  it.each([
    ['of every type', ONE_OF_EACH],
    ['of all that nations can say', WELL_KNOWN],
    ['of hostile values', HOSTILE],
    ['of nothing', []],
  ])('%s is what the schemas of the OASIS ask for', (_, indicators) => {
    const bundle = bundleOf(indicators)
    expectValid(validators, 'bundle', { ...bundle, objects: bundle.objects.filter(({ type }) => !UNLISTED.has(type)) })
    for (const object of bundle.objects) expectValid(validators, object.type, object)
  })
})

it('holds all that it refers to, each once, and patterns that parse', () => {
  const { objects } = bundleOf([...ONE_OF_EACH, ...WELL_KNOWN, ...HOSTILE])
  const ids = objects.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const object of objects) {
    for (const [key, value] of Object.entries(object)) {
      if (key.endsWith('_ref')) expect(ids, key).toContain(value)
      if (key.endsWith('_refs')) expect(ids, key).toEqual(expect.arrayContaining(value as string[]))
    }
    if (object['pattern_type'] === 'stix') parseStixPattern(object['pattern'] as string)
  }
})

function schemaValidators(): Map<string, ValidateFunction> {
  const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false })
  addFormats.default(ajv)
  const files = globSync('**/*.json', { cwd: SCHEMAS })
  const schemas = files.map(
    file => JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as { $id: string; title?: string },
  )
  for (const schema of schemas) ajv.addSchema(schema)
  return new Map(
    schemas.flatMap(({ $id, title }) => (title === undefined ? [] : [[title, ajv.getSchema($id)!] as const])),
  )
}

function expectValid(validators: Map<string, ValidateFunction>, type: string, value: unknown): void {
  const validate = validators.get(type)
  if (validate === undefined) throw new Error(`no schema of ${type}`)
  validate(value)
  expect(validate.errors ?? [], JSON.stringify(value)).toEqual([])
}
