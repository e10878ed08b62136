import { equalBytes } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'
import { type ParsedEntry, parseEnvelope } from '../wire/entry.ts'
import type { EvidenceItem } from '../wire/gen/tocsin.ts'
import { type PlacedPart, readAuditFile } from './file.ts'
import type { HeaderPart, LogPart } from './part.ts'

/** What stands in an export before its entries. */
export interface ExportHead {
  readonly header: HeaderPart | undefined
  readonly signedDocs: readonly Uint8Array[]
  readonly evidence: readonly EvidenceItem[]
  readonly runs: readonly LogPart[]
}

/** An export whose entries are asked for run by run, in the order in which they stand. */
export interface ExportReader extends ExportHead {
  /** Entries of a run as they stand, each of its log and in its turn. Throws ProtocolError where one is not. */
  entriesOf(run: number): AsyncGenerator<ParsedEntry, void>
  /** Reads on to the end: only there the file shows that it is whole. */
  finish(): Promise<void>
  /** Why the file could not be read to its end; undefined until that shows. */
  readonly fault: ProtocolError | undefined
}

/** What is held in memory of one file: far more than an alliance of 200 nations makes in years. */
const HEAD_BYTES_MAX = 512 * 1024 * 1024
const HEAD_PARTS_MAX = 1_048_576

/** Reads up to the entries. A fault of the file is not thrown but kept: what came before it can be compared. */
export async function openExportReader(source: AsyncIterable<Uint8Array>): Promise<ExportReader> {
  const parts = readAuditFile(source, 'audit')
  let fault: ProtocolError | undefined
  /** The part that is next; undefined at the end. */
  let next: PlacedPart | undefined

  async function advance(): Promise<void> {
    try {
      const { value, done } = await parts.next()
      next = done === true ? undefined : value
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      fault = error
      next = undefined
    }
  }

  async function readHead(): Promise<ExportHead> {
    let header: HeaderPart | undefined
    const signedDocs: Uint8Array[] = []
    const evidence: EvidenceItem[] = []
    const runs: LogPart[] = []
    let parts = 0
    for (await advance(); next !== undefined; await advance()) {
      const { part, offset } = next
      if (offset > HEAD_BYTES_MAX || parts++ > HEAD_PARTS_MAX) {
        fault = new ProtocolError('wire-too-large', 'more stands before the first entry than any alliance has')
        next = undefined
        break
      }
      if (part.kind === 'header') header = part
      else if (part.kind === 'document') signedDocs.push(part.signedDoc)
      else if (part.kind === 'evidence') evidence.push(part.item)
      else if (part.kind === 'log') runs.push(part)
      else if (part.kind !== 'alert') break
    }
    return { header, signedDocs, evidence, runs }
  }

  const head = await readHead()
  return {
    ...head,
    async *entriesOf(run) {
      const { logId, from } = head.runs[run]!
      let seq = from
      for (; next?.part.kind === 'entries' && next.part.run <= run; await advance()) {
        if (next.part.run < run) continue
        for (const bytes of next.part.envelopes) {
          const entry = parseEnvelope(bytes)
          assertInTurn(entry.header.seq === seq, `entry ${seq} is not where it belongs`)
          assertInTurn(equalBytes(entry.logId, logId), `entry ${seq} is of another log`)
          yield entry
          seq++
        }
      }
    },
    async finish() {
      while (next !== undefined) await advance()
    },
    get fault() {
      return fault
    },
  }
}

function assertInTurn(condition: boolean, fault: string): asserts condition {
  if (!condition) throw new ProtocolError('audit-file-malformed', fault)
}
