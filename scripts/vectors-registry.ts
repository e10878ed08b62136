/** Writes `test/vectors/registry/*.json`. The keys are derived from names, so the same files come out everywhere. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installNative } from '../src/crypto/native.ts'
import { registryVectorFiles } from '../test/vectors/registry-cases/all.ts'

installNative()
const target = join(import.meta.dirname, '../test/vectors/registry')

mkdirSync(target, { recursive: true })
for (const [name, vector] of Object.entries(registryVectorFiles())) {
  writeFileSync(join(target, `${name}.json`), `${JSON.stringify(vector, null, 1)}\n`)
}
