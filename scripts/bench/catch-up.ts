/** How fast an empty node catches up with one author on loopback: fetched, verified, opened, merged, persisted. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createTestAlliance, serialise, until } from '../../test/support/node-alliance.ts'
import type { Report } from '../bench-figure.ts'
import { measureVerify } from './floor/ed25519.ts'
import { measureLevel } from './floor/level.ts'
import type { LogShape } from './support/author-log.ts'

export const name = 'catch-up'

const INDICATORS = 100_000
/** Keys that the store writes for an indicator besides its record; see src/store/keys.ts. */
const INDEX_KEYS = 3

export async function run(report: Report): Promise<void> {
  const level = await measureLevel({ records: INDICATORS, indexKeys: INDEX_KEYS })
  const batched = await catchUp({ entries: 250, itemsPerEntry: 400 })
  report({
    figure: 'catch-up of 100,000 indicators in batches of 400',
    value: INDICATORS / batched,
    unit: 'indicators/s',
    floor: level,
  })
  const verify = measureVerify()
  const single = await catchUp({ entries: INDICATORS, itemsPerEntry: 1 })
  report({
    figure: 'catch-up of 100,000 entries of one indicator',
    value: INDICATORS / single,
    unit: 'entries/s',
    floor: verify,
  })
}

/** Seconds from the start of the empty node until it has opened everything. */
async function catchUp(shape: LogShape): Promise<number> {
  await using alliance = await createTestAlliance(2)
  const author = fork(join(import.meta.dirname, 'support/author-process.ts'), { serialization: 'advanced' })
  try {
    author.send({ alliance: serialise(alliance), shape })
    await once(author, 'message')
    await using reader = await alliance.start(1)
    const started = performance.now()
    let first = 0
    await until(() => {
      const { indicators } = reader.node.store.counts()
      if (first === 0 && reader.service.status().entries > 0) first = performance.now()
      return indicators >= shape.entries * shape.itemsPerEntry && reader.node.projector.backlog() === 0
    }, 300_000)
    return (performance.now() - (first || started)) / 1000
  } finally {
    author.disconnect()
    await once(author, 'exit')
  }
}
