import { open } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import { fileFault } from '../../node/mechanisms/file-fault.ts'

const CHUNK_BYTES = 256 * 1024

/** The bytes of a file, as they are read; it is opened at once. Throws UserError `file-unreadable`, then and while reading. */
export async function openChunks(path: string): Promise<AsyncGenerator<Uint8Array, void>> {
  try {
    const file = await open(path)
    if (!(await file.stat()).isDirectory())
      return readChunks(path, file.createReadStream({ highWaterMark: CHUNK_BYTES }))
    await file.close()
  } catch (cause) {
    throw unreadable(path, fileFault(cause), cause)
  }
  throw unreadable(path, 'it is a folder')
}

async function* readChunks(path: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* stream
  } catch (cause) {
    throw unreadable(path, fileFault(cause), cause)
  }
}

function unreadable(path: string, reason: string, cause?: unknown): UserError {
  const fix = 'Check its name and its permissions.'
  return new UserError('file-unreadable', `${path} cannot be read: ${reason}`, { fix, cause })
}
