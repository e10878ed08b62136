import { EMPTY, equalBytes, fromUtf8, u32be, utf8 } from '../base/bytes.ts'
import type { ErrorCode } from '../base/codes.ts'
import { ProtocolError } from '../base/errors.ts'
import { createSha256, type RunningSha256 } from '../base/hash.ts'
import { parseHash } from '../base/ids.ts'
import { FrameAssembler } from '../wire/frame-assembler.ts'
import { type AuditPart, decodePart, type EndPart, encodePart, PART_BYTES_MAX } from './part.ts'

/**
 * The container of audit files, proofs and bundles: a line that names the format, then records (u32 big-endian length and an
 * AuditPart), the last of which counts the others and holds the SHA-256 of all bytes before it.
 */
export const FILE_FORMAT = { audit: 'tocsin-audit/1', proof: 'tocsin-proof/1', bundle: 'tocsin-bundle/1' } as const
export type FileFormat = keyof typeof FILE_FORMAT

type Content = Exclude<AuditPart, { readonly kind: 'end' }>
type Counts = { -readonly [K in keyof Omit<EndPart, 'hash'>]: number }

export interface AuditFileWriter {
  /** The first bytes of the file. */
  readonly opening: Uint8Array
  /** Bytes of one part, in the order of `proto/audit.proto`. Throws RangeError where it is over `PART_BYTES_MAX`. */
  add(part: Content): Uint8Array
  /** The last bytes of the file. */
  end(): Uint8Array
}

export function createAuditFileWriter(format: FileFormat): AuditFileWriter {
  const running = createSha256()
  const counts = noCounts()
  const opening = utf8(`${FILE_FORMAT[format]}\n`)
  running.update(opening)
  return {
    opening,
    add(part) {
      const record = recordOf(part)
      running.update(record)
      count(counts, part)
      return record
    },
    end: () => recordOf({ kind: 'end', ...counts, hash: parseHash(running.digest()) }),
  }
}

/** A part, and how many bytes of the file came before it. */
export interface PlacedPart {
  readonly part: AuditPart
  readonly offset: number
}

/**
 * Reads a file that comes in chunks of any size, in one pass and without holding more than a record. Form, caps, order,
 * counts and hash are checked here. Throws ProtocolError with the `offset` of the record in its data:
 * `audit-file-malformed`, `audit-file-cut`, `audit-file-altered`, `frame-too-large` or `wire-*`.
 */
export async function* readAuditFile(
  source: AsyncIterable<Uint8Array>,
  format: FileFormat,
): AsyncGenerator<PlacedPart, void> {
  const opening = createOpening(format)
  const frames = new FrameAssembler(PART_BYTES_MAX)
  const check = createFileCheck()
  let offset = opening.bytes.length
  const take = (record: Uint8Array): PlacedPart => {
    const placed = { part: at(offset, () => check.take(record)), offset }
    offset += LENGTH_BYTES + record.length
    return placed
  }
  check.see(opening.bytes)
  for await (const chunk of source) {
    const pushed = attempt(() => frames.push(opening.strip(chunk)))
    // what came whole before a fault counts
    for (let record = frames.take(); record !== null; record = frames.take()) yield take(record)
    at(offset, pushed)
  }
  if (opening.open || frames.within || !check.ended) {
    throw fault('audit-file-cut', `it is cut off, and what is whole of it ends at byte ${offset}`, offset)
  }
}

const LENGTH_BYTES = 4

/** Takes the first line off, which may come in pieces. */
function createOpening(format: FileFormat) {
  const bytes = utf8(`${FILE_FORMAT[format]}\n`)
  let seen = 0
  return {
    bytes,
    get open() {
      return seen < bytes.length
    },
    strip(chunk: Uint8Array): Uint8Array {
      if (seen === bytes.length) return chunk
      const part = chunk.subarray(0, bytes.length - seen)
      if (!equalBytes(part, bytes.subarray(seen, seen + part.length))) {
        throw fault('audit-file-malformed', `the file does not begin with ${fromUtf8(bytes).trim()}`, 0)
      }
      seen += part.length
      return seen === bytes.length ? chunk.subarray(part.length) : EMPTY
    },
  }
}

/** Which may follow which: each part stands with its like, in this order. */
const ORDER = ['header', 'document', 'evidence', 'alert', 'log', 'entries', 'inclusion', 'end'] as const

function createFileCheck() {
  const running = createSha256()
  const counts = noCounts()
  let place = -1
  let ended = false
  return {
    get ended() {
      return ended
    },
    see: (bytes: Uint8Array) => running.update(bytes),
    take(record: Uint8Array): AuditPart {
      if (ended) throw new ProtocolError('audit-file-malformed', 'something stands behind the end of the file')
      const part = decodePart(record)
      const next = ORDER.indexOf(part.kind)
      const first = place === -1
      if (first !== (part.kind === 'header') || next < place) {
        throw new ProtocolError('audit-file-malformed', `a part "${part.kind}" stands where it does not belong`)
      }
      place = next
      if (part.kind === 'end') {
        assertEnd(part, counts, running)
        ended = true
        return part
      }
      running.update(u32be(record.length))
      running.update(record)
      count(counts, part)
      return part
    },
  }
}

function assertEnd(end: EndPart, counts: Counts, running: RunningSha256): void {
  const sameCounts = (Object.keys(counts) as (keyof Counts)[]).every(name => counts[name] === end[name])
  if (sameCounts && equalBytes(running.digest(), end.hash)) return
  throw new ProtocolError(
    'audit-file-altered',
    sameCounts
      ? 'the bytes of the file are not those that its end names'
      : 'the file has not as many parts as its end counts',
  )
}

function noCounts(): Counts {
  return { documents: 0, evidence: 0, alerts: 0, logs: 0, entries: 0 }
}

function count(counts: Counts, part: AuditPart): void {
  if (part.kind === 'document') counts.documents++
  else if (part.kind === 'evidence') counts.evidence++
  else if (part.kind === 'alert') counts.alerts++
  else if (part.kind === 'log') counts.logs++
  else if (part.kind === 'entries') counts.entries += part.envelopes.length
}

function recordOf(part: AuditPart): Uint8Array {
  const body = encodePart(part)
  if (body.length > PART_BYTES_MAX) throw new RangeError(`a part of ${body.length} bytes`)
  const record = new Uint8Array(LENGTH_BYTES + body.length)
  record.set(u32be(body.length))
  record.set(body, LENGTH_BYTES)
  return record
}

/** Does it now; a fault comes out when what is returned is called. */
function attempt(act: () => void): () => void {
  try {
    act()
    return () => undefined
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** Says of a fault where it lies. */
function at<T>(offset: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ProtocolError) || 'offset' in error.data) throw error
    throw fault(error.code, error.message, offset, error)
  }
}

function fault(code: ErrorCode, message: string, offset: number, cause?: unknown): ProtocolError {
  const fix = FIXES[code]
  return new ProtocolError(code, message, { ...(fix && { fix }), data: { offset }, cause })
}

const FIXES: Partial<Readonly<Record<ErrorCode, string>>> = {
  'audit-file-cut': 'Copy it again from where it was made, and compare the lengths.',
  'audit-file-altered': 'Copy it again from where it was made, and compare with "sha256sum" there and here.',
  'audit-file-malformed': 'See that it is the file that was meant, as Tocsin wrote it.',
}
