import { type FileHandle, open } from 'node:fs/promises'
import type { TypedValue } from '../../indicator/canonical.ts'
import { isMissing } from '../mechanisms/file-fault.ts'

/** What an export held when it was last written, a line each, ascending by type and value. */
export interface Listed extends TypedValue {
  /** Who claimed it: `nationsKey`. */
  readonly nations: string
  /** When it left; 0 while it is in it. */
  readonly leftMs: number
}

const CHUNK_BYTES = 256 * 1024
/** The longest value, with each byte escaped. */
const LINE_LENGTH_MAX = 512 * 1024

export function listingLine({ type, value, nations, leftMs }: Listed): string {
  return `${type}\t${JSON.stringify(value)}\t${nations}\t${leftMs}\n`
}

function parseListingLine(line: string): Listed {
  const [type = '', value = '""', nations = '', leftMs = '0'] = line.split('\t')
  return { type, value: String(JSON.parse(value)), nations, leftMs: Number(leftMs) }
}

/** Nothing where there is no such file. In the memory of a chunk. */
export async function* readListing(path: string): AsyncGenerator<Listed> {
  const file = await openListing(path)
  if (file === undefined) return
  try {
    for await (const line of linesOf(file)) yield parseListingLine(line)
  } finally {
    await file.close()
  }
}

async function openListing(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function* linesOf(file: FileHandle): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  const chunk = Buffer.alloc(CHUNK_BYTES)
  let rest = ''
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES)
    if (bytesRead === 0) return
    const lines = (rest + decoder.decode(chunk.subarray(0, bytesRead), { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LINE_LENGTH_MAX) throw new TypeError('a listing of an export has a line that is too long')
    yield* lines
  }
}
