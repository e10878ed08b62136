import { type FileHandle, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c, maskedCrc32c } from './crc32c.ts'
import { readVarint, unpackSnappy } from './snappy.ts'

/**
 * Whether the files of a LevelDB are what was written, by the checksums in them (leveldb, doc/table_format.md and
 * doc/log_format.md). LevelDB itself looks at them seldom: it takes a record that a bit fell out of as the end of its log
 * without a word, and reads values from tables unchecked.
 */

export interface FileFault {
  readonly file: string
  readonly sentence: string
  /** What LevelDB, which does not look, is kept with from taking what is damaged; none where it sees it by itself. */
  readonly spoil?: Spoil
}

/** Bytes that make a block or record one that cannot be read. */
export interface Spoil {
  readonly position: number
  readonly bytes: Uint8Array
}

type Damage = Omit<FileFault, 'file'>

const FOOTER_BYTES = 48
const MAGIC_AT = 40
/** Low and high half of the number that a table ends with. */
const TABLE_MAGIC: readonly [number, number] = [0x8b80fb57, 0xdb477524]
const TRAILER_BYTES = 5
const LOG_BLOCK_BYTES = 32 * 1024
const LOG_HEADER_BYTES = 7
/** Of one block of a table: its writer ends them at 4 KiB, but for a single value that is longer. */
const BLOCK_BYTES_MAX = 64 * 1024 * 1024

/**
 * 'all'; 'logs': what is read whole when a database is opened; 'tables': what does not change while it is in use, where a
 * file that goes meanwhile is no fault.
 */
export type FileScope = 'all' | 'logs' | 'tables'

/** All faults of the files at `location`; none where there is no such folder. */
export async function checkLevelFiles(location: string, scope: FileScope): Promise<FileFault[]> {
  const names: readonly string[] = await readdir(location).catch(() => [])
  const faults: FileFault[] = []
  for (const file of names.toSorted()) {
    for (const damage of await checkFile(location, file, names, scope)) faults.push({ file, ...damage })
  }
  const hasData = names.some(name => name.endsWith('.ldb') || name.startsWith('MANIFEST-'))
  if (hasData && !names.includes('CURRENT')) faults.push({ file: 'CURRENT', sentence: 'it is missing' })
  return faults
}

async function checkFile(
  location: string,
  file: string,
  names: readonly string[],
  scope: FileScope,
): Promise<readonly Damage[]> {
  try {
    if (file.endsWith('.ldb')) return scope === 'logs' ? [] : await checkTable(join(location, file))
    if (scope === 'tables') return []
    if (file.endsWith('.log') || file.startsWith('MANIFEST-')) return checkLog(await readFile(join(location, file)))
    if (file === 'CURRENT') return checkCurrent(await readFile(join(location, file), 'utf8'), names)
    return []
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    if (scope === 'tables' && code === 'ENOENT') return []
    if (code === undefined) throw error
    return [{ sentence: `it cannot be read (${code})` }]
  }
}

function checkCurrent(text: string, names: readonly string[]): readonly Damage[] {
  if (!/^MANIFEST-\d+\n$/.test(text)) return [{ sentence: 'it does not name a manifest' }]
  return names.includes(text.trim()) ? [] : [{ sentence: `it names ${text.trim()}, which is missing` }]
}

async function checkTable(path: string): Promise<readonly Damage[]> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  if (size < FOOTER_BYTES) return [{ sentence: `it has ${size} bytes, and a table has ${FOOTER_BYTES} at least` }]
  const footer = await readAt(file, size - FOOTER_BYTES, FOOTER_BYTES)
  const view = new DataView(footer.buffer, footer.byteOffset, footer.length)
  const isTable =
    view.getUint32(MAGIC_AT, true) === TABLE_MAGIC[0] && view.getUint32(MAGIC_AT + 4, true) === TABLE_MAGIC[1]
  if (!isTable) return [{ sentence: 'it does not end as a table does' }]
  const metaindex = readHandle(footer, 0)
  const index = metaindex && readHandle(footer, metaindex.end)
  const isPadded = index !== undefined && footer.subarray(index.end, MAGIC_AT).every(byte => byte === 0)
  if (metaindex === undefined || !isPadded) return [{ sentence: 'its end does not say where its index is' }]
  return [...(await checkBlocks(file, metaindex, size)), ...(await checkBlocks(file, index, size))]
}

/** The blocks that an index names, and the index. */
async function checkBlocks(file: FileHandle, index: Handle, size: number): Promise<readonly Damage[]> {
  const block = await readBlock(file, index, size)
  const handles = block && handlesOf(block)
  if (handles === undefined) return [damagedBlock(index)]
  const damages: Damage[] = []
  for (const handle of handles) {
    if ((await readBlock(file, handle, size)) === undefined) damages.push(damagedBlock(handle))
  }
  return damages
}

/** There is no such way to pack a block. */
const NO_PACKING = 0xff

function damagedBlock({ offset, length }: Handle): Damage {
  const spoil = { position: offset + length, bytes: Uint8Array.of(NO_PACKING) }
  return { sentence: `its block at ${offset} is damaged`, spoil }
}

interface Handle {
  readonly offset: number
  readonly length: number
}

function readHandle(bytes: Uint8Array, at: number): (Handle & { readonly end: number }) | undefined {
  const offset = readVarint(bytes, at)
  const length = offset && readVarint(bytes, offset.end)
  return offset && length && { offset: offset.value, length: length.value, end: length.end }
}

/** The unpacked content of a block; undefined where its checksum does not fit. */
async function readBlock(file: FileHandle, { offset, length }: Handle, size: number): Promise<Uint8Array | undefined> {
  if (length > BLOCK_BYTES_MAX || offset + length + TRAILER_BYTES > size) return undefined
  const bytes = await readAt(file, offset, length + TRAILER_BYTES)
  const crc = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(length + 1, true)
  if (maskedCrc32c(bytes.subarray(0, length + 1)) !== crc) return undefined
  const content = bytes.subarray(0, length)
  return bytes[length] === 0 ? content : unpackSnappy(content)
}

/** What the values of an index block point at. Keys are shared in part with the one before, and not needed. */
function handlesOf(block: Uint8Array): Handle[] | undefined {
  if (block.length < 4) return undefined
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  const entriesEnd = block.length - 4 - view.getUint32(block.length - 4, true) * 4
  const handles: Handle[] = []
  for (let at = 0; at < entriesEnd; ) {
    const shared = readVarint(block, at)
    const rest = shared && readVarint(block, shared.end)
    const length = rest && readVarint(block, rest.end)
    if (rest === undefined || length === undefined) return undefined
    const value = length.end + rest.value
    const handle = readHandle(block, value)
    if (handle === undefined) return undefined
    handles.push(handle)
    at = value + length.value
  }
  return handles
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes
}

const RECORD = { FULL: 1, FIRST: 2, MIDDLE: 3, LAST: 4 } as const

/**
 * Records of a log, or of a manifest. What a crash leaves is an end that is cut short or of zero bytes, and was
 * acknowledged to nobody: that is no fault. Anything else is.
 */
function checkLog(bytes: Uint8Array): readonly Damage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const damages: Damage[] = []
  let within = false
  for (let at = 0; at < bytes.length; ) {
    const left = LOG_BLOCK_BYTES - (at % LOG_BLOCK_BYTES)
    const isCut = at + LOG_HEADER_BYTES > bytes.length || isZeroFrom(bytes, at)
    if (left >= LOG_HEADER_BYTES && isCut) break
    const type = bytes[at + 6]!
    const end = at + LOG_HEADER_BYTES + view.getUint16(Math.min(at + 4, bytes.length - 2), true)
    if (left < LOG_HEADER_BYTES) at += left
    else if (end <= at + left && end > bytes.length) break
    else if (end > at + left || !isRecordWhole(bytes, at, end)) {
      damages.push(damagedRecord(at))
      within = false
      at += left
    } else {
      const begins = type === RECORD.FULL || type === RECORD.FIRST
      // What was within a record that is damaged is damaged with it.
      if (begins && within) damages.push(damagedRecord(at))
      within = type === RECORD.FIRST || (type === RECORD.MIDDLE && within)
      at = end
    }
  }
  return damages
}

function isRecordWhole(bytes: Uint8Array, at: number, end: number): boolean {
  const crc = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true)
  return maskedCrc32c(bytes.subarray(at + LOG_HEADER_BYTES, end), crc32c(bytes.subarray(at + 6, at + 7))) === crc
}

function isZeroFrom(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 6] === 0 && bytes.subarray(at).every(byte => byte === 0)
}

/** Longer than its block: it and what follows in the block is passed over. */
function damagedRecord(at: number): Damage {
  return { sentence: `its record at ${at} is damaged`, spoil: { position: at + 4, bytes: Uint8Array.of(0xff, 0xff) } }
}
