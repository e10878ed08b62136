import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { memoryLevel, openStore } from '../../src/store/open.ts'
import { describeStore } from './store-contract.ts'

const root = mkdtempSync(join(tmpdir(), 'tocsin-store-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let directories = 0

describeStore('a store on disk', () => {
  const location = join(root, String(directories++))
  return {
    open: () => openStore(location),
    reopen: async store => {
      await store[Symbol.asyncDispose]()
      return openStore(location)
    },
  }
})

describeStore('a store in memory', () => {
  const level = memoryLevel()
  return {
    open: () => openStore({ level }),
    reopen: async store => {
      await store[Symbol.asyncDispose]()
      return openStore({ level })
    },
  }
})
