import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'

/** Inputs that are kept from run to run, one file each, by the name of their target. */
const CORPUS = join(import.meta.dirname, '../../test/fuzz')

const NAME_DIGITS = 16

export function readCorpus(target: string, folder = CORPUS): readonly Uint8Array[] {
  const path = join(folder, target)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .sort()
    .map(name => new Uint8Array(readFileSync(join(path, name))))
}

/** Returns the path. */
export function keepInput(target: string, input: Uint8Array, folder = CORPUS): string {
  const path = join(folder, target)
  mkdirSync(path, { recursive: true })
  const file = join(path, toHex(sha256(input)).slice(0, NAME_DIGITS))
  writeFileSync(file, input)
  return file
}
