import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** Published vectors of others live beside the checkout and are never part of it. */
const FOLDER = join(import.meta.dirname, '../../../shared/vectors')

/** Whether the file is there; says so where it is not, so that a skipped suite is no surprise. */
export function hasVectors(path: string): boolean {
  const present = existsSync(join(FOLDER, path))
  if (!present) console.warn(`skipped: ../shared/vectors/${path} is missing`)
  return present
}

/** Parses a JSON file of the shared vectors, gunzipped where the name ends so. */
export function readVectors<T>(path: string): T {
  const bytes = readFileSync(join(FOLDER, path))
  return JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')) as T
}
