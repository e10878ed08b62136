import { checkpointVectors } from './checkpoints.ts'
import { entryVectors } from './entries.ts'
import { proofVectors } from './proofs.ts'
import { rangeVectors } from './ranges.ts'
import { standingVectors } from './standing.ts'

const groups = [entryVectors, rangeVectors, proofVectors, checkpointVectors, standingVectors]

/** File name and bytes of every vector of `test/vectors/chain/`; the same on every run. */
export function chainVectorFiles(): Map<string, string> {
  const files = new Map<string, string>()
  for (const [name, vector] of groups.flatMap(group => Object.entries(group()))) {
    if (!name.startsWith(`${vector.rule}-`)) throw new Error(`${name} does not bear the name of its rule`)
    if (files.has(`${name}.json`)) throw new Error(`two vectors are called ${name}`)
    files.set(`${name}.json`, `${JSON.stringify(vector, null, 2)}\n`)
  }
  return files
}
