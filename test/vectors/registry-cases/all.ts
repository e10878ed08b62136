import { base } from './base.ts'
import { boundVectors } from './bounds.ts'
import { forkVectors } from './forks.ts'
import { keyVectors } from './keys.ts'
import { nationVectors } from './nation.ts'
import { registryVectors } from './registry.ts'
import { resetVectors } from './resets.ts'
import type { NamedVectors } from './vector.ts'
import { walkVectors } from './walks.ts'

/** Every vector of `test/vectors/registry/`, by the name of its file; the same on every run. */
export function registryVectorFiles(): NamedVectors {
  const groups = [
    base,
    registryVectors,
    nationVectors,
    walkVectors,
    forkVectors,
    resetVectors,
    boundVectors,
    keyVectors,
  ]
  const all = groups.flatMap(group => Object.entries(group))
  const names = new Set(all.map(([name]) => name))
  if (names.size !== all.length) throw new Error('two vectors have one name')
  return Object.fromEntries(all)
}
