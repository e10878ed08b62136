import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'

/** The JSON schemas of STIX 2.1, published by the OASIS; they lie beside the checkout on development machines. */
const SCHEMAS = join(import.meta.dirname, '../../../shared/vectors/stix-schemas/schemas')

/** Says so where they are not there. */
export function hasStixSchemas(): boolean {
  const isThere = existsSync(SCHEMAS)
  if (!isThere) console.warn('skipped: ../shared/vectors/stix-schemas is missing')
  return isThere
}

let validators: ReturnType<typeof openValidators> | undefined

export function assertStix(object: { readonly id: string }): void {
  validators ??= openValidators()
  const type = object.id.slice(0, object.id.indexOf('--'))
  const validate = validators(type)
  const isValid = validate(object)
  expect([object.id, isValid, validate.errors ?? []]).toEqual([object.id, true, []])
}

function openValidators() {
  const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false })
  addFormats.default(ajv)
  const byTitle = new Map<string, string>()
  for (const file of globSync('**/*.json', { cwd: SCHEMAS })) {
    const schema = JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as { $id: string; title?: string }
    ajv.addSchema(schema)
    byTitle.set(schema.title ?? file, schema.$id)
  }
  return (title: string) => {
    const validate = ajv.getSchema(byTitle.get(title) ?? '')
    if (validate === undefined) throw new Error(`there is no schema of ${title}`)
    return validate
  }
}
