/** How fast an empty node catches up with one author on loopback: fetched, verified, opened, merged, persisted. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { useSha256 } from '../../src/base/hash.ts'
import { nativeSha256 } from '../../src/crypto/native.ts'
import { createTestAlliance, serialise, until } from '../../test/support/node-alliance.ts'
import type { Report } from '../bench-figure.ts'
import { measureVerify } from './floor/ed25519.ts'
import { measureLevel } from './floor/level.ts'
import type { LogShape } from './support/author-log.ts'

export const name = 'catch-up'

const INDICATORS = Number(process.env['BENCH_ENTRIES'] ?? 100_000)
const BATCH_ITEMS = 400
const HASHING_ENTRIES = 20_000
/** What the store writes for an indicator: its item, and two keys of the view, by value and by time (src/store/keys.ts). */
const INDEX_KEYS = 2
const RECORD_BYTES = 300

export async function run(report: Report): Promise<void> {
  const level = await measureLevel({ records: INDICATORS, indexKeys: INDEX_KEYS, recordBytes: RECORD_BYTES })
  const batched = await catchUp({ entries: Math.ceil(INDICATORS / BATCH_ITEMS), itemsPerEntry: BATCH_ITEMS })
  report({
    figure: `catch-up of ${INDICATORS.toLocaleString('en')} indicators in batches of ${BATCH_ITEMS}`,
    value: INDICATORS / batched,
    unit: 'indicators/s',
    floor: level,
  })
  const verify = measureVerify()
  let hashing: Hashing | undefined
  const single = await catchUp({ entries: INDICATORS, itemsPerEntry: 1 })
  await catchUp({ entries: HASHING_ENTRIES, itemsPerEntry: 1 }, () => {
    hashing = countHashing()
  })
  report({
    figure: `catch-up of ${INDICATORS.toLocaleString('en')} entries of one indicator`,
    value: INDICATORS / single,
    unit: 'entries/s',
    floor: verify,
  })
  const { hashingSeconds, activeSeconds } = hashing?.taken() ?? { hashingSeconds: 0, activeSeconds: 0 }
  report({
    figure: 'what hashing adds to that path, over the same without it',
    value: (100 * hashingSeconds) / (activeSeconds - hashingSeconds),
    unit: '%',
  })
}

interface Hashing {
  /** What the thread has worked since, in all and on hashing. */
  taken(): { readonly hashingSeconds: number; readonly activeSeconds: number }
}

/** Times every SHA-256 of entries, bodies, tree and items in this process, and what the thread works in all. */
function countHashing(): Hashing {
  let nanoseconds = 0n
  useSha256(data => {
    const started = process.hrtime.bigint()
    const hash = nativeSha256(data)
    nanoseconds += process.hrtime.bigint() - started
    return hash
  })
  const before = performance.eventLoopUtilization()
  return {
    taken: () => ({
      hashingSeconds: Number(nanoseconds) / 1e9,
      activeSeconds: performance.eventLoopUtilization(before).active / 1000,
    }),
  }
}

/** Seconds from the start of the empty node until it has opened everything. */
async function catchUp(shape: LogShape, onStart: () => void = () => {}): Promise<number> {
  await using alliance = await createTestAlliance(2)
  const author = fork(join(import.meta.dirname, 'support/author-process.ts'), { serialization: 'advanced' })
  try {
    author.send({ alliance: serialise(alliance), shape })
    await once(author, 'message')
    await using reader = await alliance.start(1)
    onStart()
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
