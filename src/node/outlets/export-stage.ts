import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, lstat, mkdir, open, readdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TocsinError, UserError } from '../../base/errors.ts'
import type { ExportPiece } from '../../formats/exported.ts'
import { assertAbsent, exists, syncFolder } from '../home/home.ts'
import { fileFault, isMissing } from '../mechanisms/file-fault.ts'

/** An export that is being written beside the one before. */
export interface ExportStage {
  write(pieces: Iterable<ExportPiece>): Promise<void>
  /** Puts it in the place of the one before, durably: whoever reads sees the one or the other. */
  publish(): Promise<readonly StagedFile[]>
  /** Leaves the one before. Done already after `publish`. */
  discard(): Promise<void>
}

export interface StagedFile {
  /** In the folder; of the file itself where it is one. */
  readonly name: string
  readonly sha256: string
  readonly bytes: number
}

interface StageOptions {
  readonly path: string
  /** Of files; folders can be entered by whoever may read. */
  readonly mode: number
  /** Not used by any stage before it. */
  readonly serial: number
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/
/** Open at once; the others are opened again where more is to be written to them. */
const OPEN_MAX = 32
const BUFFER_LENGTH = 256 * 1024

/** One file, renamed into its place. */
export async function stageFile({ path, mode, serial }: StageOptions): Promise<ExportStage> {
  await assertFolderSafe(dirname(path))
  await removeStages(path, /^\.(\d+)\.tmp$/)
  const temporary = `${path}.${serial}.tmp`
  const file = await openStaged(temporary, mode)
  return {
    write: pieces =>
      told(path, async () => {
        for (const { text } of pieces) await file.write(text)
      }),
    publish: () =>
      told(path, async () => {
        const written = await file.end()
        await rename(temporary, path)
        await syncFolder(dirname(path))
        return [{ name: basename(path), ...written }]
      }),
    async discard() {
      await file.close()
      await rm(temporary, { force: true })
    },
  }
}

/**
 * Files that belong together: a folder of its own for each version beside the path, which is a link to the newest. The
 * version before stays until the next, for whoever is reading in it.
 */
export async function stageFolder({ path, mode, serial }: StageOptions): Promise<ExportStage> {
  const parent = dirname(path)
  const own = new RegExp(`^\\.${escaped(basename(path))}\\.(\\d+)$`)
  await assertFolderSafe(parent)
  const before = await linkedVersion(path, own)
  await removeVersions(parent, own, new Set([before]))
  const name = `.${basename(path)}.${serial}`
  const folder = join(parent, name)
  await told(path, () => mkdir(folder, { mode: mode | ((mode & 0o444) >> 2) }))
  const files = createFolderWriter(folder, mode)

  return {
    write: pieces =>
      told(path, async () => {
        for (const { file, text } of pieces) await files.write(file, text)
      }),
    publish: () =>
      told(path, async () => {
        const written = await files.end()
        const link = join(parent, `${name}.link`)
        await symlink(name, link)
        await rename(link, path)
        await syncFolder(parent)
        await removeVersions(parent, own, new Set([before, name]))
        return written
      }),
    async discard() {
      if ((await linkedVersion(path, own).catch(() => undefined)) === name) return
      await files.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/**
 * A folder that appears whole or not at all, with what `fill` writes; a folder that is there is replaced where `replace`
 * says so. Throws UserError `file-exists` or `file-unwritable`.
 */
export async function stageFolderOnce<T>(
  path: string,
  replace: boolean,
  fill: (write: (file: string, text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const folder = `${path}.${process.pid}.tmp`
  const aside = `${path}.${process.pid}.old`
  await told(path, () => mkdir(folder, { mode: 0o700 }))
  const files = createFolderWriter(folder, 0o600)
  try {
    const filled = await fill((file, text) => told(path, () => files.write(file, text)))
    await told(path, async () => {
      await files.end()
      if (replace && (await exists(path))) await rename(path, aside)
      else await assertAbsent(path)
      await rename(folder, path)
      await syncFolder(dirname(path))
      await rm(aside, { recursive: true, force: true })
    })
    return filled
  } catch (error) {
    await files.close()
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Files by their names, few of them open. */
function createFolderWriter(folder: string, mode: number) {
  /** Those written to last, the oldest first, and the others. */
  const recent = new Map<string, StagedFileWriter>()
  const resting = new Map<string, StagedFileWriter>()

  async function fileOf(called: string): Promise<StagedFileWriter> {
    const file = recent.get(called) ?? resting.get(called) ?? (await makeFile(called))
    recent.delete(called)
    resting.delete(called)
    recent.set(called, file)
    const [oldest] = recent
    if (recent.size > OPEN_MAX && oldest !== undefined) {
      await oldest[1].rest()
      recent.delete(oldest[0])
      resting.set(...oldest)
    }
    return file
  }

  async function makeFile(called: string): Promise<StagedFileWriter> {
    if (!NAME.test(called)) throw new TypeError(`a format names a file ${JSON.stringify(called)}`)
    return openStaged(join(folder, called), mode)
  }

  return {
    async write(called: string, text: string): Promise<void> {
      await (await fileOf(called)).write(text)
    },
    /** Durably. */
    async end(): Promise<readonly StagedFile[]> {
      const written: StagedFile[] = []
      for (const [called, file] of [...recent, ...resting].sort(([a], [b]) => (a < b ? -1 : 1))) {
        written.push({ name: called, ...(await file.end()) })
      }
      await syncFolder(folder)
      return written
    },
    async close(): Promise<void> {
      for (const file of [...recent.values(), ...resting.values()]) await file.close()
    },
  }
}

/** Whether something is there that no export has put there. Throws what the system says. */
export async function isForeign(path: string, shape: 'file' | 'folder'): Promise<boolean> {
  const found = await lstat(path).catch(error => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (found === undefined) return false
  if (shape === 'file') return !found.isFile()
  const own = new RegExp(`^\\.${escaped(basename(path))}\\.\\d+$`)
  return !found.isSymbolicLink() || !own.test(await readlink(path))
}

export interface StagedFileWriter {
  write(text: string): Promise<void>
  /** Gives its handle back until more is written. */
  rest(): Promise<void>
  end(): Promise<Omit<StagedFile, 'name'>>
  close(): Promise<void>
}

/** Never through a link, nor over what is there. */
export async function openStaged(path: string, mode: number): Promise<StagedFileWriter> {
  let handle: FileHandle | undefined = await told(path, () => open(path, 'wx', mode))
  await handle.chmod(mode)
  const hash: Hash = createHash('sha256')
  let bytes = 0
  let buffer = ''

  async function flush(): Promise<void> {
    if (buffer === '') return
    const chunk = Buffer.from(buffer, 'utf8')
    buffer = ''
    handle ??= await open(path, 'a')
    await handle.writeFile(chunk)
    hash.update(chunk)
    bytes += chunk.length
  }

  async function close(): Promise<void> {
    await handle?.close()
    handle = undefined
  }

  return {
    async write(text) {
      buffer += text
      if (buffer.length >= BUFFER_LENGTH) await flush()
    },
    async rest() {
      await flush()
      await close()
    },
    async end() {
      await flush()
      handle ??= await open(path, 'a')
      await handle.sync()
      await close()
      return { sha256: hash.digest('hex'), bytes }
    },
    close,
  }
}

/** Whoever may write there could put something else in the place of what tools believe. */
async function assertFolderSafe(folder: string): Promise<void> {
  const found = await stat(folder).catch(cause => {
    throw unwritable(folder, cause)
  })
  if (!found.isDirectory()) throw new UserError('file-unwritable', `${folder} is no folder`)
  if ((found.mode & 0o002) === 0) return
  throw new UserError('export-path-unsafe', `everybody may write to ${folder}`, {
    fix: 'Name a folder that only you, and those whom you trust, may write to; or take the right away: chmod o-w.',
  })
}

async function removeStages(path: string, suffix: RegExp): Promise<void> {
  const base = basename(path)
  for (const name of await readdir(dirname(path))) {
    if (name.startsWith(base) && suffix.test(name.slice(base.length))) await rm(join(dirname(path), name))
  }
}

async function linkedVersion(path: string, own: RegExp): Promise<string> {
  const target = await readlink(path).catch(() => '')
  return own.test(target) ? target : ''
}

async function removeVersions(parent: string, own: RegExp, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(parent)) {
    const version = name.replace(/\.link$/, '')
    if (own.test(version) && !keep.has(name)) await rm(join(parent, name), { recursive: true, force: true })
  }
}

async function told<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof TocsinError || cause instanceof TypeError) throw cause
    throw unwritable(path, cause)
  }
}

function unwritable(path: string, cause: unknown): UserError {
  return new UserError('file-unwritable', `${path} cannot be written: ${fileFault(cause)}`, {
    fix: 'Check that its folder exists, that the daemon may write to it, and that it has room; it is tried again by itself.',
    cause,
  })
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&')
}
