import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { fromBase64, fromHex, toBase64, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { parseHash } from '../../base/ids.ts'
import { fileFault } from '../../node/mechanisms/file-fault.ts'
import type { AuditHead, AuditLine } from '../../policy/audit-chain.ts'
import { auditHash } from '../../policy/audit-record.ts'
import { auditView } from './audit-view.ts'

/**
 * An export: JSON lines. The first says what it is and how far the log went; each further one is a record, as base64 of
 * its bytes, with its number, its hash and what it says. Number and bytes are what is
 * proved; the rest is for reading, and what this version knows of it must be what the bytes say.
 */
const FORMAT = 'tocsin-node-audit/1'

const digits = z.string().regex(/^[0-9a-f]{64}$/)
const number = z.int().min(0)
const header = z.object({
  format: z.literal(FORMAT),
  from: number,
  head: z.object({ first: number, next: number, hash: digits }),
})
const row = z.object({ number, record: z.string() })

export interface ExportedAudit {
  /** Of the first record in the file. */
  readonly from: number
  /** Of the log it was taken from. */
  readonly head: AuditHead
  readonly lines: AsyncIterable<AuditLine>
}

export function headerLine(head: AuditHead, from: number): string {
  const { first, next, hash } = head
  return `${JSON.stringify({ format: FORMAT, from, head: { first, next, hash: toHex(hash) } })}\n`
}

export function recordLine({ number, bytes }: AuditLine): string {
  const hash = toHex(auditHash(bytes))
  const { hash: _, number: __, ...says } = auditView({ number, bytes }) ?? { hash, number }
  return `${JSON.stringify({ number, hash, record: toBase64(bytes), ...says })}\n`
}

/** Throws UserError `audit-export-malformed` or `file-unreadable`, the lines while they are read. */
export async function openExport(path: string): Promise<ExportedAudit> {
  const lines = readLines(path)
  const first = await lines.next()
  const parsed = header.safeParse(first.done === true ? undefined : json(first.value))
  if (!parsed.success) throw malformed(`${path} does not begin as an export of an audit log does`)
  const { from, head } = parsed.data
  return { from, head: { ...head, hash: parseHash(fromHex(head.hash)) }, lines: records(lines) }
}

async function* records(lines: AsyncGenerator<string>): AsyncGenerator<AuditLine> {
  let count = 1
  for await (const line of lines) {
    count++
    const said = json(line)
    const parsed = row.safeParse(said)
    if (!parsed.success) throw malformed(`line ${count} is no record`)
    const record = { number: parsed.data.number, bytes: bytesOf(parsed.data.record, count) }
    assertSaysSo(record, said as object, count)
    yield record
  }
}

/** A reader must not be told what the record does not say. Fields that another version writes are not judged. */
function assertSaysSo(record: AuditLine, said: object, line: number): void {
  const says = new Map(Object.entries(json(recordLine(record)) as object))
  const wrong = Object.entries(said).find(
    ([name, value]) => says.has(name) && JSON.stringify(value) !== JSON.stringify(says.get(name)),
  )
  if (wrong !== undefined) throw malformed(`line ${line}: "${wrong[0]}" is not what the record says`)
}

async function* readLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path, 'utf8')
  try {
    for await (const line of createInterface({ input: file, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.length > LINE_LENGTH_MAX) throw malformed('a line is too long')
      yield line
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError('file-unreadable', `${path} cannot be read: ${fileFault(cause)}`, {
      cause,
    })
  } finally {
    file.destroy()
  }
}

/** Far longer than any record. */
const LINE_LENGTH_MAX = 4 * 1024 * 1024

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function bytesOf(text: string, line: number): Uint8Array {
  try {
    return fromBase64(text)
  } catch {
    throw malformed(`line ${line}: the record is not base64`)
  }
}

function malformed(message: string): UserError {
  return new UserError('audit-export-malformed', message, {
    fix: 'Give a file that "tocsin audit node export" wrote, as it was written.',
  })
}
