import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chainVectorFiles } from './chain-cases/all.ts'
import type { ChainVector } from './chain-cases/vector.ts'
import { chainOutcome } from './chain-outcome.ts'

const folder = join(import.meta.dirname, 'chain')
const names = readdirSync(folder).sort()

test('the files are, byte for byte, what the script makes', () => {
  const made = chainVectorFiles()
  expect(names).toEqual([...made.keys()].sort())
  for (const [name, text] of made) expect(readFileSync(join(folder, name), 'utf8'), name).toBe(text)
})

describe('vectors of the chain', () => {
  for (const name of names) {
    const vector = JSON.parse(readFileSync(join(folder, name), 'utf8')) as ChainVector
    test(`${name.slice(0, -5)}: ${vector.title}`, () => {
      const result = chainOutcome(vector.input)
      // Of a row of entries a vector says what it is about; every other answer is whole.
      if (vector.input.kind === 'entries') expect(result).toMatchObject(vector.expect)
      else expect(result).toEqual(vector.expect)
    })
  }
})
