import { ProtocolError } from '../base/errors.ts'
import { createAuditFileWriter, readAuditFile } from './file.ts'
import type { AuditPart, HeaderPart, InclusionPart, LogPart } from './part.ts'

/** Of a whole proof file: documents are most of it. */
export const PROOF_FILE_BYTES_MAX = 64 * 1024 * 1024

/** A log has no more of it that anything rests on. */
const EVIDENCE_MAX = 400
/** Of all kinds. */
const PARTS_MAX = 65_536
/** With what is kept of the evidence these are fewer trees than one log may have (`TREES_PER_LOG_MAX`). */
const INCLUSIONS_MAX = 300

/** What a `tocsin-proof/1` file holds: one entry of one log, and all that it takes to judge it without anything else. */
export interface EntryProof {
  readonly header: HeaderPart
  /** SignedDoc each, from registry version 1 on. */
  readonly documents: readonly Uint8Array[]
  readonly evidence: readonly Extract<AuditPart, { readonly kind: 'evidence' }>['item'][]
  /** From the entry to the one after it; `before` are the leaves that come before it. */
  readonly log: LogPart
  /** The entry, with or without its body. */
  readonly envelope: Uint8Array
  /** In each tree that is to count for it. */
  readonly inclusions: readonly InclusionPart[]
}

export function encodeProofFile(proof: EntryProof): Uint8Array {
  const { opening, add, end } = createAuditFileWriter('proof')
  const pieces = [
    opening,
    add({ kind: 'header', ...proof.header }),
    ...proof.documents.map(signedDoc => add({ kind: 'document', signedDoc })),
    ...proof.evidence.map(item => add({ kind: 'evidence', item })),
    add({ kind: 'log', ...proof.log }),
    add({ kind: 'entries', run: 0, envelopes: [proof.envelope] }),
    ...proof.inclusions.map(inclusion => add({ kind: 'inclusion', ...inclusion })),
    end(),
  ]
  const file = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    file.set(piece, at)
    at += piece.length
  }
  return file
}

/** Throws ProtocolError `wire-too-large`, and as `readAuditFile`. */
export async function parseProofFile(bytes: Uint8Array): Promise<EntryProof> {
  if (bytes.length > PROOF_FILE_BYTES_MAX) {
    throw new ProtocolError('wire-too-large', `a proof file of ${bytes.length} bytes`)
  }
  const parts: AuditPart[] = []
  for await (const { part } of readAuditFile(inOnePiece(bytes), 'proof')) {
    if (parts.length >= PARTS_MAX) throw new ProtocolError('wire-too-large', 'the file holds too many parts')
    parts.push(part)
  }
  const of = <K extends AuditPart['kind']>(kind: K) =>
    parts.filter((part): part is Extract<AuditPart, { readonly kind: K }> => part.kind === kind)
  const entries = of('entries')
  if (of('evidence').length > EVIDENCE_MAX || of('inclusion').length > INCLUSIONS_MAX) {
    throw new ProtocolError('audit-file-malformed', 'the file holds more than the proof of one entry needs')
  }
  return {
    header: only(of('header'), 'header'),
    documents: of('document').map(({ signedDoc }) => signedDoc),
    evidence: of('evidence').map(({ item }) => item),
    log: only(of('log'), 'log'),
    envelope: only(
      entries.flatMap(({ envelopes }) => envelopes),
      'entry',
    ),
    inclusions: of('inclusion'),
  }
}

function only<T>(parts: readonly T[], name: string): T {
  const [part] = parts
  if (part !== undefined && parts.length === 1) return part
  throw new ProtocolError('audit-file-malformed', `a proof file has one ${name}, and this one has ${parts.length}`)
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
