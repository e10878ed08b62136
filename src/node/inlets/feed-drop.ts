import { lstat, mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ErrorCode } from '../../base/codes.ts'
import { TocsinError, UserError } from '../../base/errors.ts'
import type { RefusedRow } from '../../formats/import-row.ts'
import { readImport } from '../../formats/in/import.ts'
import type { FolderFeed } from '../config/feeds-config.ts'
import { fileFault } from '../mechanisms/file-fault.ts'
import { createDeadLetterFile } from './dead-letter-file.ts'
import type { FeedUnit } from './feed-intake.ts'
import type { FeedPollContext } from './feed-poll-context.ts'
import type { PublishRow } from './import-run.ts'
import { openImportFile } from './import-source.ts'

const DONE = 'done'
const FAILED = 'failed'
/** Of one poll; the rest comes with the next. */
const FILES_MAX = 1000
/** Rows that are taken in, and written down, at once. */
const ROWS_AT_ONCE = 1000
/** Names of what somebody still writes. */
const UNFINISHED = /^\.|\.(?:part|partial|tmp|temp|crdownload|filepart|swp)$|~$/i

interface Waiting {
  readonly name: string
  readonly size: number
  readonly mtimeMs: number
  readonly ino: number
}

/**
 * Reads each file that has come to rest, once, and moves it into `done`, or into `failed` where nothing of it could be
 * taken in, with what was refused beside it. What was read when the node died is read again, and recognised.
 */
export async function pollFolder(feed: FolderFeed, context: FeedPollContext): Promise<void> {
  const faults: unknown[] = []
  for (const file of await settledFiles(feed, context)) {
    context.signal.throwIfAborted()
    try {
      await takeFile(feed, file, context)
    } catch (error) {
      if (!isOfFile(error)) throw error
      faults.push(error)
    }
  }
  if (faults.length > 0) throw faults[0]
}

/** Those that have not changed for a while, by two looks, since clocks of other machines write their times. */
async function settledFiles(feed: FolderFeed, { signal }: FeedPollContext): Promise<readonly Waiting[]> {
  const first = await look(feed.path)
  if (first.length === 0) return []
  await delay(feed.settleSeconds * 1000, undefined, { signal })
  const second = new Map((await look(feed.path)).map(file => [file.name, file]))
  return first.filter(({ name, size, mtimeMs, ino }) => {
    const now = second.get(name)
    return now?.size === size && now.mtimeMs === mtimeMs && now.ino === ino
  })
}

/** Plain files alone: what a link leads to is not the folder's. */
async function look(folder: string): Promise<readonly Waiting[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new UserError('feed-path', `${folder} cannot be read: ${fileFault(cause)}`, {
      fix: 'Make the folder, and let the user that runs the daemon read and write it.',
      cause,
    })
  })
  const files: Waiting[] = []
  for (const name of names.filter(each => !UNFINISHED.test(each)).sort()) {
    const found = await lstat(join(folder, name)).catch(() => undefined)
    if (found?.isFile() === true) files.push({ name, size: found.size, mtimeMs: found.mtimeMs, ino: found.ino })
    if (files.length === FILES_MAX) break
  }
  return files
}

async function takeFile(feed: FolderFeed, { name }: Waiting, context: FeedPollContext): Promise<void> {
  const path = join(feed.path, name)
  if (context.dryRun) {
    const fault = await readFile(feed, path, name, context, async () => {})
    if (fault !== undefined) throw fault
    return
  }
  const [done, failed] = [await folderAt(join(feed.path, DONE)), await folderAt(join(feed.path, FAILED))]
  // Hidden, so that it is no file to be read should the node die meanwhile.
  await using letters = createDeadLetterFile(join(feed.path, `.${name}.refused`), { noFollow: true })
  const fault = await readFile(feed, path, name, context, letters.add)
  await letters[Symbol.asyncDispose]()
  const moved = `${new Date(context.clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${name}`
  const to = fault === undefined ? done : failed
  if (letters.count() > 0) await rename(letters.path, join(to, `${moved}.refused.ndjson`))
  await rename(path, join(to, moved))
  if (fault !== undefined) throw fault
}

async function folderAt(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o750 })
  if ((await lstat(path)).isDirectory()) return path
  throw new UserError('feed-path', `${path} is a link, and files are moved into a folder alone`)
}

/** Returns why the file failed: it cannot be read to its end, or nothing of it could be taken in. */
async function readFile(
  feed: FolderFeed,
  path: string,
  name: string,
  { intake, signal }: FeedPollContext,
  letter: (row: RefusedRow) => Promise<void>,
): Promise<UserError | undefined> {
  const { format, map, restricted, mibMax } = feed
  let rows: PublishRow[] = []
  let refused: RefusedRow[] = []
  let good = 0
  let damage: RefusedRow | undefined

  async function flush(): Promise<void> {
    await intake.take({ units: rows.flatMap(unitOf).concat(refused.flatMap(revokedUnit)), refused, letter })
    rows = []
    refused = []
    signal.throwIfAborted()
  }

  try {
    const bytesMax = mibMax * 1024 * 1024
    await using source = await openImportFile(path, { bytesMax, onRead() {}, plainOnly: true })
    const options = { name, format, restricted, ...(map !== undefined && { map }) }
    for await (const row of readImport(source.chunks, options)) {
      const placed = { ...row, place: `${name}: ${row.place}` }
      if (placed.kind === 'refused') {
        refused.push(placed)
        if (DAMAGE.has(placed.code)) damage ??= placed
      } else {
        rows.push(placed)
        good++
      }
      if (rows.length + refused.length >= ROWS_AT_ONCE) await flush()
    }
    await flush()
  } catch (error) {
    if (!(error instanceof UserError && OF_FILE.has(error.code))) throw error
    await flush()
    return error
  }
  if (damage !== undefined) return new UserError(damage.code, `${damage.place}: ${damage.reason}`)
  return good > 0 ? undefined : new UserError('import-no-value', `${name} has no row that could be taken in`)
}

/** Each row by itself: a file says nothing of what others said. */
function unitOf(row: PublishRow): readonly FeedUnit[] {
  const id = row.kind === 'context' ? row.stixId : (row.draft.sourceId ?? `${row.draft.type} ${row.draft.value}`)
  return [{ id, version: '', rows: [row], whole: false }]
}

/** What its source takes back by name. */
function revokedUnit({ revokes }: RefusedRow): readonly FeedUnit[] {
  return revokes === undefined ? [] : [{ id: revokes, version: '', rows: [], whole: true }]
}

/** Of a file as a whole: what stands in it is not what it should be. */
const DAMAGE: ReadonlySet<ErrorCode> = new Set(['import-format-unsupported', 'import-json-invalid', 'import-not-text'])

/** What the file is to blame for, and not the node. */
const OF_FILE: ReadonlySet<ErrorCode> = new Set([
  'file-unreadable',
  'import-too-large',
  'import-gzip-bomb',
  'import-gzip-invalid',
  'import-mapping-invalid',
])

function isOfFile(error: unknown): boolean {
  return (
    error instanceof TocsinError &&
    (OF_FILE.has(error.code) || DAMAGE.has(error.code) || error.code === 'import-no-value')
  )
}
