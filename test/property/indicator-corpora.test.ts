import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { advise } from '../../src/indicator/advice.ts'
import { canonicalValue, classify, receivedValue } from '../../src/indicator/canonical.ts'

/** Published indicator lists that lie beside the checkout on development machines. */
const DATA = join(import.meta.dirname, '../../../shared/data')
const VALUES_PER_FILE_MAX = 5_000

const LISTS = ['lists/maltrail', 'lists/unit42', 'lists/formats', 'warninglists']

function filesOf(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).map(name => join(directory, name)) : []
}

function valuesOf(file: string): string[] {
  const raw = readFileSync(file)
  const text = (file.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8')
  const lines = /\.json(\.gz)?$/.test(file) ? (JSON.parse(text) as { list: string[] }).list : text.split('\n')
  return lines
    .map(line =>
      line
        .replaceAll('[.]', '.')
        .replace(/\s*#.*/, '')
        .trim(),
    )
    .filter(line => line !== '')
}

describe.skipIf(!existsSync(DATA))('real indicator lists (skipped where they are not installed)', () => {
  it.each(LISTS.flatMap(list => filesOf(join(DATA, list))).map(file => [file.slice(DATA.length + 1), file]))(
    'every value of %s has one canonical form, or a reason for none',
    (_, file) => {
      for (const text of valuesOf(file).slice(0, VALUES_PER_FILE_MAX)) {
        const found = classify(text)
        if (found.kind === 'none') {
          expect(found.reason).not.toBe('')
          continue
        }
        const { type, value } = found.kind === 'value' ? found : found.host
        if (canonicalValue(type, value).value !== value) expect.fail(`${text}: ${value} is not its own canonical form`)
        if (receivedValue(type, value).value !== value) expect.fail(`${text}: ${value} changes on the wire`)
        advise({ type, value })
      }
    },
  )
})
