import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreError } from '../base/errors.ts'

/** For the manifest and the new log of a database that is opened. */
const OPENING_BYTES = 1024 * 1024

/**
 * Throws StoreError `store-full` where reopening the database would fail for want of space: LevelDB then writes what its
 * log holds into tables. A database that was closed and cannot be opened answers nobody, one with a failed write does.
 */
export async function assertRoomToReopen(location: string): Promise<void> {
  const { bavail, bsize } = await statfs(location)
  const logs = (await readdir(location)).filter(name => name.endsWith('.log'))
  const sizes = await Promise.all(logs.map(async name => (await stat(join(location, name))).size))
  const needed = sizes.reduce((sum, size) => sum + size, OPENING_BYTES)
  if (bavail * bsize >= needed) return
  throw new StoreError('store-full', `the disk is full: ${bavail * bsize} bytes are free, ${needed} are needed`, {
    fix: 'Free space on the disk that holds the data directory; the daemon goes on by itself.',
    data: { location },
  })
}
