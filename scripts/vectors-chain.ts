/** Writes `test/vectors/chain/*.json` from the cases beside it. A test checks that the files are what this makes. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installNative } from '../src/crypto/native.ts'
import { chainVectorFiles } from '../test/vectors/chain-cases/all.ts'

installNative()
const target = join(import.meta.dirname, '../test/vectors/chain')
const files = chainVectorFiles()

mkdirSync(target, { recursive: true })
for (const name of readdirSync(target)) if (!files.has(name)) rmSync(join(target, name))
for (const [name, text] of files) writeFileSync(join(target, name), text)
console.log(`${files.size} vectors`)
