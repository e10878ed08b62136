import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { MANIFEST, MANIFEST_BYTES_MAX, type MispManifest, parseMispManifest } from './misp-manifest.ts'

/**
 * The paths with each folder that is a MISP feed replaced by the events that its manifest names, in their order there.
 * Other paths stay. Throws UserError `file-unreadable` or `import-misp-invalid`.
 */
export async function expandFeeds(paths: readonly string[]): Promise<readonly string[]> {
  const expanded = await Promise.all(paths.map(async path => ((await isFolder(path)) ? eventsOf(path) : [path])))
  return expanded.flat()
}

async function isFolder(path: string): Promise<boolean> {
  if (path === '-') return false
  // What cannot be read is told when it is opened.
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}

async function eventsOf(folder: string): Promise<readonly string[]> {
  return [...(await readManifest(folder)).keys()].map(id => join(folder, `${id}.json`))
}

/** Of the feed in a folder. Throws UserError `file-unreadable` or `import-misp-invalid`. */
export async function readManifest(folder: string): Promise<MispManifest> {
  const path = join(folder, MANIFEST)
  return parseMispManifest(path, await readBytes(folder, path))
}

async function readBytes(folder: string, path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    if (size > MANIFEST_BYTES_MAX) throw new Error(`it is larger than ${MANIFEST_BYTES_MAX} bytes`)
    return await file.readFile()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UserError('file-unreadable', `${folder} is a folder without a readable ${MANIFEST}: ${reason}`, {
      fix: 'Give the files themselves, or the folder of a MISP feed.',
      cause,
    })
  }
}
