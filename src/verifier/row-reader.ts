import { decodePart, PART_BYTES_MAX } from '../audit/part.ts'
import { readU32be } from '../base/bytes.ts'
import type { EntryPlace } from './entry-index.ts'
import { buildEntryRow, type EntryRow } from './entry-row.ts'

/** What this uses of a `Blob`. */
export interface SliceableFile {
  slice(from: number, until: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

const LENGTH_BYTES = 4

/** Reads the entries of one part again. Throws where the file has changed since it was checked. */
export async function readRows(file: SliceableFile, { offset }: EntryPlace): Promise<readonly EntryRow[]> {
  const at = async (from: number, length: number) => new Uint8Array(await file.slice(from, from + length).arrayBuffer())
  const length = readU32be(await at(offset, LENGTH_BYTES))
  if (length > PART_BYTES_MAX) throw new RangeError('the file is no longer what it was')
  const part = decodePart(await at(offset + LENGTH_BYTES, length))
  if (part.kind !== 'entries') throw new RangeError('the file is no longer what it was')
  return part.envelopes.map(buildEntryRow)
}
