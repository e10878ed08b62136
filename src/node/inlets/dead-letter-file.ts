import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import type { RefusedRow } from '../../formats/import-row.ts'
import { encodeDeadLetter } from '../../formats/in/dead-letter.ts'

/** Where an import leaves what it refused. The file is made with the first such row, in place of an older one. */
export interface DeadLetterFile extends AsyncDisposable {
  readonly path: string
  /** How many rows are in it. */
  count(): number
  add(row: RefusedRow): Promise<void>
}

const BUFFER_LENGTH = 64 * 1024

/**
 * Values of others are in it: for its owner alone. `noFollow`: in a folder where others may put links. Its methods throw
 * UserError `file-unwritable`.
 */
export function createDeadLetterFile(path: string, { noFollow = false } = {}): DeadLetterFile {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (noFollow ? constants.O_NOFOLLOW : 0)
  let file: FileHandle | undefined
  let buffer = ''
  let count = 0
  let failed = false
  /** Writes follow each other, whoever adds a row. */
  let last: Promise<void> = Promise.resolve()

  async function write(): Promise<void> {
    const text = buffer
    buffer = ''
    if (text === '') return
    try {
      file ??= await open(path, flags, 0o600)
      await file.appendFile(text)
    } catch (cause) {
      failed = true
      throw new UserError('file-unwritable', `${path} cannot be written: ${reasonOf(cause)}`, {
        fix: 'Name another file for what is refused with --dead-letter FILE.',
        cause,
      })
    }
  }

  return {
    path,
    count: () => count,
    async add(row) {
      buffer += encodeDeadLetter(row)
      count++
      if (buffer.length >= BUFFER_LENGTH || count === 1) {
        last = last.then(write)
        await last
      }
    },
    async [Symbol.asyncDispose]() {
      try {
        // What has failed was thrown to whoever added the row.
        if (!failed) await last.then(write)
      } finally {
        await file?.close()
        file = undefined
      }
    },
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
