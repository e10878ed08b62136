import { readdir, rm } from 'node:fs/promises'
import { Database } from './database.ts'
import { damaged } from './failures.ts'
import { linkFiles } from './link-files.ts'
import { FORMAT_VERSION, readFormat } from './meta.ts'
import { assertWhole, diskLevel } from './open.ts'

/** The newest that this program knows. */
export const STORE_FORMAT: number = FORMAT_VERSION

/**
 * The format of the store at `location`, which may be in use; undefined where there is none. Throws StoreError
 * `store-damaged` or `store-open-failed`.
 */
export async function readStoredFormat(location: string): Promise<number | undefined> {
  const names = await readdir(location).catch(() => [])
  if (names.length === 0) return undefined
  await assertWhole(location)
  const probe = `${location}.probe`
  await rm(probe, { recursive: true, force: true })
  try {
    await linkFiles(location, probe)
    const format = await formatAt(probe)
    if (format === undefined) throw damaged('the data directory holds something, but no Tocsin store')
    return format
  } finally {
    await rm(probe, { recursive: true, force: true })
  }
}

async function formatAt(location: string): Promise<number | undefined> {
  const database = new Database(diskLevel(location), location)
  await database.open()
  try {
    return await readFormat(database)
  } finally {
    await database.close()
  }
}
