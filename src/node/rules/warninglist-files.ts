import { existsSync, type Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { toHex, utf8 } from '../../base/bytes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { typesOfMispType } from '../../formats/type-mapping.ts'
import { foldedName, parseWarninglist, type Warninglist } from '../../policy/warninglist.ts'
import type { WarninglistsConfig } from '../config/warninglists-config.ts'
import { type Home, readCapped } from '../home/home.ts'
import { fileFault } from '../mechanisms/file-fault.ts'

/** A file as it lies there; the same stamp, the same content. */
export interface WarninglistPath {
  readonly path: string
  readonly stamp: string
}

/** Unpacked: five million names, and half as much again. */
const LIST_BYTES_MAX = 256 * 1024 * 1024
const FILES_MAX = 4096
/** misp-warninglists has its lists at `lists/NAME/list.json`. */
const DEPTH_MAX = 3
/** Its `schema.json` says how lists are written. */
const LIST_FILE = /^(?!schema\.json$).*\.json(?:\.gz)?$/i

/** Where `warninglist update PATH` puts lists. */
function warninglistFolder({ path }: Pick<Home, 'path'>): string {
  return join(path, 'warninglists')
}

/** The folder of the home, where there is one, and what config.yaml names. */
export function warninglistPaths(home: Pick<Home, 'path'>, { from }: WarninglistsConfig): readonly string[] {
  const own = warninglistFolder(home)
  return [...(existsSync(own) ? [own] : []), ...from.map(path => resolve(home.path, path))]
}

/** The files of lists in these files and folders, in their order. Throws UserError `file-unreadable`. */
export async function findWarninglists(paths: readonly string[]): Promise<readonly WarninglistPath[]> {
  const found: WarninglistPath[] = []
  for (const path of paths) await findIn(path, await statOf(path), DEPTH_MAX, found)
  return found
}

async function findIn(path: string, stats: Stats, depth: number, found: WarninglistPath[]): Promise<void> {
  if (!stats.isDirectory()) {
    if (found.length >= FILES_MAX) throw new UserError('file-unreadable', `more than ${FILES_MAX} warninglists`)
    found.push({ path, stamp: `${stats.size} ${stats.mtimeMs} ${stats.ino}` })
    return
  }
  for (const name of (await readdir(path)).toSorted()) {
    const inner = join(path, name)
    const innerStats = await statOf(inner)
    const isMeant = innerStats.isDirectory() ? depth > 0 && !name.startsWith('.') : LIST_FILE.test(name)
    if (isMeant) await findIn(inner, innerStats, depth - 1, found)
  }
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (cause) {
    throw new UserError('file-unreadable', `${path} cannot be read: ${fileFault(cause)}`, { cause })
  }
}

export interface WarninglistFile {
  /** As it stands there, unpacked. */
  readonly text: string
  readonly list: Warninglist
}

/** Reads one list, gzip or plain. Throws UserError `warninglist-invalid` with the file, or what reading throws. */
export async function readWarninglist(path: string): Promise<WarninglistFile> {
  const text = await readWhole(path)
  try {
    return { text, list: parseWarninglist(JSON.parse(text), typesOfMispType) }
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TocsinError)) throw cause
    const fix = cause instanceof TocsinError ? (cause.fix ?? '') : 'Get the file again.'
    throw new UserError('warninglist-invalid', `${path} is no warninglist: ${cause.message}`, { fix, cause })
  }
}

/** Where a list of this name is kept in the folder of the home. */
export function warninglistPath(home: Pick<Home, 'path'>, name: string): string {
  const folded = foldedName(name)
  const slug = folded
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, SLUG_LENGTH_MAX)
  return join(warninglistFolder(home), `${slug}-${toHex(sha256(utf8(folded))).slice(0, 8)}.json`)
}

const SLUG_LENGTH_MAX = 80

async function readWhole(path: string): Promise<string> {
  const packed = await readCapped(path, LIST_BYTES_MAX)
  const bytes = packed[0] === 0x1f && packed[1] === 0x8b ? await unpacked(path, packed) : packed
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UserError('warninglist-invalid', `${path} is no text in UTF-8`, { fix: 'Get the file again.' })
  }
}

async function unpacked(path: string, packed: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(packed, { maxOutputLength: LIST_BYTES_MAX })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UserError('warninglist-invalid', `${path} cannot be unpacked: ${why}`, {
      fix: 'Get the file again.',
      cause,
    })
  }
}
