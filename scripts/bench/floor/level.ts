import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'

export interface LevelLoad {
  readonly records: number
  /** Keys with an empty value that are written along with each record. */
  readonly indexKeys: number
  readonly recordBytes?: number
  readonly batchRecords?: number
}

/** Records a second that plain LevelDB takes, in batches, on the disk of the temporary directory. */
export async function measureLevel(load: LevelLoad): Promise<number> {
  const { records, indexKeys, recordBytes = 500, batchRecords = 1_000 } = load
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-floor-'))
  const db = new Level<Uint8Array, Uint8Array>(directory, { keyEncoding: 'view', valueEncoding: 'view' })
  try {
    await db.open()
    // Random bytes do not compress, as ciphertext does not; a pool, so that making them is not what is measured.
    const pool = randomBytes(1 << 20)
    const sliceAt = (index: number, length: number) => {
      const start = (index * 7919) % (pool.length - length)
      return pool.subarray(start, start + length)
    }
    const started = performance.now()
    for (let first = 0; first < records; first += batchRecords) {
      const batch = db.batch()
      for (let i = first; i < Math.min(first + batchRecords, records); i++) {
        batch.put(keyOf(0, i, sliceAt(i, 0)), sliceAt(i, recordBytes))
        for (let k = 1; k <= indexKeys; k++) batch.put(keyOf(k, i, sliceAt(i * k, 24)), pool.subarray(0, 0))
      }
      await batch.write()
    }
    return (records / (performance.now() - started)) * 1000
  } finally {
    await db.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** A table's byte, then what the table is ordered by (nothing for the records: their number), then the record's number. */
function keyOf(table: number, record: number, order: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + order.length + 4)
  key[0] = table
  key.set(order, 1)
  new DataView(key.buffer).setUint32(1 + order.length, record)
  return key
}
