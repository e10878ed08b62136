import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'

const MANIFEST = 'manifest.json'
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

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
  const path = join(folder, MANIFEST)
  const manifest = parseManifest(path, await readManifest(folder, path))
  const ids = Object.keys(manifest)
  // A name from outside becomes a path: only what can be nothing but an id of an event.
  const strange = ids.find(id => !UUID.test(id))
  if (strange !== undefined) {
    throw new UserError(
      'import-misp-invalid',
      `${path} names ${JSON.stringify(strange.slice(0, 80))}, which is no uuid`,
      {
        fix: 'Get the feed again from where it comes.',
      },
    )
  }
  return ids.map(id => join(folder, `${id}.json`))
}

async function readManifest(folder: string, path: string): Promise<string> {
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    if (size > MANIFEST_BYTES_MAX) throw new Error(`it is larger than ${MANIFEST_BYTES_MAX} bytes`)
    return await file.readFile('utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UserError('file-unreadable', `${folder} is a folder without a readable ${MANIFEST}: ${reason}`, {
      fix: 'Give the files themselves, or the folder of a MISP feed.',
      cause,
    })
  }
}

function parseManifest(path: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw new UserError('import-misp-invalid', `${path} is no manifest of a MISP feed`, {
    fix: 'Get the feed again from where it comes.',
  })
}
