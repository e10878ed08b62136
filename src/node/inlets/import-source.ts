import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { concat, EMPTY } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { fileFault } from '../mechanisms/file-fault.ts'

/** A file to import, or standard input, unpacked where it is gzip. */
export interface ImportSource extends AsyncDisposable {
  /** Without its folder; `stdin` for standard input. */
  readonly name: string
  /** Of the file as it lies there; undefined where that cannot be known. */
  readonly bytesTotal: number | undefined
  readonly chunks: AsyncIterable<Uint8Array>
}

export interface ImportSourceOptions {
  /** Unpacked; a packed file may hold a thousand times what it weighs. */
  readonly bytesMax: number
  /** Of the file as it lies there, as it is read. */
  readonly onRead: (bytes: number) => void
  /** Where others may put links and pipes: those are refused. */
  readonly plainOnly?: boolean
}

const CHUNK_BYTES = 64 * 1024

/** A file, or standard input for `-`. Throws as `openImportFile` does. */
export async function openImportSource(
  path: string,
  stdin: Readable,
  options: ImportSourceOptions,
): Promise<ImportSource> {
  if (path !== '-') return openImportFile(path, options)
  return {
    name: 'stdin',
    bytesTotal: undefined,
    chunks: unpacked(tallied(stdin, options.onRead), 'standard input', options.bytesMax),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Throws UserError `file-unreadable`; its chunks throw `import-too-large`, `import-gzip-bomb` or `import-gzip-invalid`. */
export async function openImportFile(path: string, options: ImportSourceOptions): Promise<ImportSource> {
  const { stream, bytesTotal } = await openFile(path, options.plainOnly ?? false)
  return {
    name: basename(path),
    bytesTotal,
    chunks: unpacked(tallied(stream, options.onRead), path, options.bytesMax),
    [Symbol.asyncDispose]: async () => void stream.destroy(),
  }
}

const PLAIN_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

async function openFile(
  path: string,
  plainOnly: boolean,
): Promise<{ stream: Readable; bytesTotal: number | undefined }> {
  try {
    const file = await open(path, plainOnly ? PLAIN_ONLY : constants.O_RDONLY)
    const found = await file.stat()
    if (found.isDirectory() || (plainOnly && !found.isFile())) {
      await file.close()
      throw new Error(found.isDirectory() ? 'it is a folder' : 'it is no plain file')
    }
    const stream = file.createReadStream({ highWaterMark: CHUNK_BYTES })
    return { stream, bytesTotal: found.isFile() ? found.size : undefined }
  } catch (cause) {
    throw new UserError('file-unreadable', `${path} cannot be read: ${fileFault(cause)}`, {
      fix: 'Check its name and its permissions.',
      cause,
    })
  }
}

async function* unpacked(
  chunks: AsyncIterable<Uint8Array>,
  what: string,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  const input = chunks[Symbol.asyncIterator]()
  let start: Uint8Array = EMPTY
  while (start.length < GZIP_MAGIC.length) {
    const next = await input.next()
    if (next.done === true) break
    start = concat(start, next.value)
  }
  const isGzip = start[0] === GZIP_MAGIC[0] && start[1] === GZIP_MAGIC[1]
  const all = resumed(start, input)
  let bytes = 0
  for await (const chunk of isGzip ? gunzipped(all, what) : all) {
    bytes += chunk.length
    if (bytes > bytesMax)
      throw tooLarge(`${what} ${isGzip ? 'unpacks to' : 'has'} more than ${bytesMax} bytes`, bytesMax)
    yield chunk
  }
}

const GZIP_MAGIC = [0x1f, 0x8b] as const

async function* resumed(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

function tooLarge(message: string, bytesMax: number): UserError {
  return new UserError('import-too-large', message, {
    fix: 'If it is no trap, allow more with --max-bytes.',
    data: { bytesMax },
  })
}

/** How much longer than packed a file may be: text in earnest comes to fifty times, a trap to a thousand. */
const EXPANSION_MAX = 200
/** Up to this a file may be as dense as it likes, such as one row many times over. */
const EXPANSION_FREE_BYTES = 32 * 1024 * 1024

async function* gunzipped(chunks: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
  let packedBytes = 0
  let bytes = 0
  for await (const chunk of inflated(
    tallied(chunks, length => {
      packedBytes += length
    }),
    what,
  )) {
    bytes += chunk.length
    if (bytes > EXPANSION_FREE_BYTES && bytes > packedBytes * EXPANSION_MAX) {
      throw new UserError('import-gzip-bomb', `${what} unpacks to more than ${EXPANSION_MAX} times its size`, {
        fix: 'It looks like a trap. If you know that it is none, unpack it first and import that.',
        data: { packedBytes, bytes },
      })
    }
    yield chunk
  }
}

async function* tallied(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes(chunk.length)
    yield chunk
  }
}

async function* inflated(chunks: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
  const packed = Readable.from(chunks, { objectMode: false })
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  packed.once('error', error => gunzip.destroy(error))
  try {
    yield* packed.pipe(gunzip) as AsyncIterable<Uint8Array>
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_'))) throw cause
    throw new UserError('import-gzip-invalid', `${what} is damaged gzip: ${cause.message}`, {
      fix: 'Get the file again; what stood before the damage was read.',
      cause,
    })
  } finally {
    packed.destroy()
  }
}
