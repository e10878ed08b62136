/** What this machine does at most: the floors that other benchmarks are held against, by themselves. */
import type { Report } from '../bench-figure.ts'
import { measureVerify } from './floor/ed25519.ts'
import { measureLevel } from './floor/level.ts'

export const name = 'machine'

export async function run(report: Report): Promise<void> {
  report({ figure: 'Ed25519 checks on one thread', value: measureVerify(), unit: 'checks/s' })
  const plain = await measureLevel({ records: 100_000, indexKeys: 0 })
  report({ figure: 'LevelDB records without index keys', value: plain, unit: 'records/s' })
  const indexed = await measureLevel({ records: 100_000, indexKeys: 3 })
  report({ figure: 'LevelDB records with three index keys', value: indexed, unit: 'records/s', floor: plain })
}
