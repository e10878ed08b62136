import { equalBytes, u32be, utf8 } from '../../base/bytes.ts'
import { ProtocolError, UserError } from '../../base/errors.ts'
import { createSha256 } from '../../base/hash.ts'
import type { Row } from '../../store/upkeep.ts'
import { type Codec, decodeLoose, encode } from '../../wire/codec.ts'
import { FrameAssembler } from '../../wire/frame-assembler.ts'
import { BackupEnd, BackupFile, BackupHeader, BackupPart, BackupRows } from '../../wire/gen/backup.ts'

/** What is inside a backup, before it is encrypted: one pass to write, one to read, and a hash over all of it. */

const OPENING = utf8('tocsin-backup/1\n')
const KIND = { HEADER: 1, FILE: 2, ROWS: 3, END: 4 } as const
/** 64 records of the store fit. */
const PART_BYTES_MAX = 32 * 1024 * 1024
const FILE_PART_BYTES = 4 * 1024 * 1024
const HASH_BYTES = 32

export type Backup =
  | { readonly kind: 'header'; readonly header: BackupHeader }
  /** Of a long file a part, and the next is its continuation. */
  | { readonly kind: 'file'; readonly file: BackupFile }
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }

/** The record of some rows: what a node gives of its store. */
export function encodeRows(rows: readonly Row[]): Uint8Array {
  return recordOf(KIND.ROWS, encode(BackupRows, { rows: rows.map(([key, value]) => ({ key, value })) }))
}

/** The bytes of a backup. `rows` are records as `encodeRows` makes them, in pieces of any size. */
export async function* writeBackup(
  header: BackupHeader,
  files: readonly BackupFile[],
  rows: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const hash = createSha256()
  const counted = createRowCount()
  const sum = (bytes: Uint8Array) => {
    hash.update(bytes)
    return bytes
  }
  yield sum(OPENING)
  yield sum(recordOf(KIND.HEADER, encode(BackupHeader, header)))
  for (const file of files) for (const part of fileParts(file)) yield sum(part)
  for await (const bytes of rows) {
    counted.push(bytes)
    yield sum(bytes)
  }
  const end = { files: files.length, rows: counted.end(), hash: hash.digest() }
  yield recordOf(KIND.END, encode(BackupEnd, end))
}

/** A file, in parts that follow each other under one name. */
function* fileParts({ name, content }: BackupFile): Generator<Uint8Array> {
  for (let at = 0; at === 0 || at < content.length; at += FILE_PART_BYTES) {
    yield recordOf(KIND.FILE, encode(BackupFile, { name, content: content.subarray(at, at + FILE_PART_BYTES) }))
  }
}

/** Sees to it that what comes is records of rows, to the last byte. */
function createRowCount() {
  const frames = new FrameAssembler(PART_BYTES_MAX)
  let rows = 0
  return {
    push(bytes: Uint8Array): void {
      frames.push(bytes)
      for (let record = frames.take(); record !== null; record = frames.take()) {
        const part = decode(BackupPart, record)
        if (part.kind !== KIND.ROWS) throw malformed('the store gave something else than its records')
        rows += decode(BackupRows, part.body).rows.length
      }
    },
    end(): number {
      if (frames.within) throw malformed('the records of the store broke off')
      return rows
    },
  }
}

/**
 * Reads a backup that comes in pieces of any size. Throws UserError `backup-malformed` where it is none, `backup-cut`
 * where it ends too early, `backup-altered` where it is not what was written: what came before must not be used then.
 */
export async function* readBackup(source: AsyncIterable<Uint8Array>): AsyncGenerator<Backup, void> {
  const hash = createSha256()
  const frames = new FrameAssembler(PART_BYTES_MAX)
  const seen: Seen = { files: 0, file: '', rows: 0, header: false, ended: false }
  let opening = OPENING
  for await (const piece of source) {
    if (seen.ended && piece.length > 0) throw malformed('something follows its end')
    const head = piece.subarray(0, opening.length)
    if (!equalBytes(head, opening.subarray(0, head.length))) throw malformed('it does not begin as a backup does')
    opening = opening.subarray(head.length)
    hash.update(head)
    push(frames, piece.subarray(head.length))
    for (let record = frames.take(); record !== null; record = frames.take()) {
      if (seen.ended) throw malformed('something follows its end')
      const part = decode(BackupPart, record)
      if (part.kind === KIND.END) assertEnd(decode(BackupEnd, part.body), seen, hash.digest())
      else hash.update(u32be(record.length))
      if (part.kind !== KIND.END) hash.update(record)
      const backup = contentOf(part, seen)
      if (backup !== undefined) yield backup
    }
    if (seen.ended && frames.within) throw malformed('something follows its end')
  }
  if (!seen.ended) throw new UserError('backup-cut', 'the backup breaks off before its end', { fix: OTHER })
}

interface Seen {
  files: number
  /** Name of the last. */
  file: string
  rows: number
  header: boolean
  ended: boolean
}

function contentOf({ kind, body }: BackupPart, seen: Seen): Backup | undefined {
  if ((kind === KIND.HEADER) === seen.header) throw malformed('its header is not where it must be')
  switch (kind) {
    case KIND.HEADER:
      seen.header = true
      return { kind: 'header', header: decode(BackupHeader, body) }
    case KIND.FILE:
      if (seen.rows > 0) throw malformed('a file comes after the records of the store')
      return { kind: 'file', file: fileOf(body, seen) }
    case KIND.ROWS: {
      const { rows } = decode(BackupRows, body)
      seen.rows += rows.length
      return { kind: 'rows', rows: rows.map(({ key, value }) => [key, value]) }
    }
    case KIND.END:
      seen.ended = true
      return undefined
    default:
      throw malformed('it holds a part of a kind that is not known here')
  }
}

function fileOf(body: Uint8Array, seen: Seen): BackupFile {
  const file = decode(BackupFile, body)
  if (file.name !== seen.file) seen.files++
  seen.file = file.name
  return file
}

function assertEnd({ files, rows, hash }: BackupEnd, seen: Seen, computed: Uint8Array): void {
  const isSame = hash.length === HASH_BYTES && equalBytes(hash, computed)
  if (isSame && files === seen.files && rows === seen.rows) return
  throw new UserError('backup-altered', 'the backup is not what was written: its hash differs', { fix: OTHER })
}

const OTHER = 'Take another copy of it, or an earlier backup.'

function malformed(reason: string): UserError {
  const fix = 'Give a file that "tocsin backup" wrote, as it was written.'
  return new UserError('backup-malformed', `this is no backup: ${reason}`, { fix })
}

function push(frames: FrameAssembler, bytes: Uint8Array): void {
  try {
    frames.push(bytes)
  } catch (error) {
    if (error instanceof ProtocolError) throw malformed('a part of it is too large')
    throw error
  }
}

function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  try {
    return decodeLoose(codec, bytes, false)
  } catch {
    throw malformed('a part of it cannot be read')
  }
}

function recordOf(kind: number, body: Uint8Array): Uint8Array {
  const part = encode(BackupPart, { kind, body })
  const record = new Uint8Array(4 + part.length)
  record.set(u32be(part.length))
  record.set(part, 4)
  return record
}
