import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreError } from '../base/errors.ts'
import type { StoreSize } from './upkeep.ts'

/** For the manifest and the new log of a database that is opened. */
const OPENING_BYTES = 1024 * 1024

/** Of all files of a store, and of the disk that it is on. */
export async function storeSize(location: string): Promise<StoreSize> {
  const [{ bavail, bsize }, sizes] = await Promise.all([statfs(location), fileSizes(location, () => true)])
  return { bytes: sum(sizes), freeBytes: bavail * bsize }
}

/**
 * Throws StoreError `store-full` where reopening the database would fail for want of space: LevelDB then writes what its
 * log holds into tables. A database that was closed and cannot be opened answers nobody, one with a failed write does.
 */
export async function assertRoomToReopen(location: string): Promise<void> {
  const { freeBytes } = await storeSize(location)
  const logs = await fileSizes(location, name => name.endsWith('.log'))
  assertFree(freeBytes, OPENING_BYTES + sum(logs), location)
}

/** Throws StoreError `store-full` where a second store like it does not fit beside it. */
export async function assertRoomToCopy(location: string): Promise<void> {
  const { bytes, freeBytes } = await storeSize(location)
  assertFree(freeBytes, OPENING_BYTES + bytes, location)
}

function assertFree(freeBytes: number, needed: number, location: string): void {
  if (freeBytes >= needed) return
  throw new StoreError('store-full', `the disk is full: ${freeBytes} bytes are free, ${needed} are needed`, {
    fix: 'Free space on the disk that holds the data directory; the daemon goes on by itself.',
    data: { location },
  })
}

/** Files come and go while a database is open. */
async function fileSizes(location: string, counts: (name: string) => boolean): Promise<readonly number[]> {
  const names = (await readdir(location)).filter(counts)
  const sizes = names.map(name => stat(join(location, name)).catch(() => ({ size: 0 })))
  return (await Promise.all(sizes)).map(({ size }) => size)
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0)
}
