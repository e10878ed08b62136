import { z } from 'zod'
import { fromBase64, toBase64 } from '../../base/bytes.ts'
import { ProtocolError, UserError } from '../../base/errors.ts'
import type { Proposal } from '../../registry/proposal.ts'
import { encodeSignedDoc, type ParsedSignedDoc, parseSignedDoc, signedDocOf } from '../../registry/signed-doc.ts'
import { SIGNED_DOC_BYTES_MAX } from '../../wire/limits.ts'
import { ALLIANCE_DOCUMENTS_MAX, ALLIANCE_FILE_BYTES_MAX } from '../home/alliance-file.ts'
import { parseSharedFile } from '../home/shared-file.ts'

/**
 * A proposal as a file to hand from signer to signer: JSON, so that it survives mail. It needs no protection: each signer
 * verifies it whole, and what is signed is shown first.
 */

const FORMAT = 'tocsin-proposal/1'
/** Beside the draft it holds what an alliance file holds. */
export const PROPOSAL_FILE_BYTES_MAX = ALLIANCE_FILE_BYTES_MAX + 4 * 1024 * 1024

const document = z.string().max(SIGNED_DOC_BYTES_MAX * 2)
const schema = z.object({
  format: z.literal(FORMAT),
  /** A SignedDoc with the signatures gathered so far, in base64; `base` are SignedDocs too. */
  draft: document,
  base: z.array(document).max(ALLIANCE_DOCUMENTS_MAX),
})

export function encodeProposalFile({ type, docBytes, sigs, base }: Proposal): string {
  const draft = { ...signedDocOf(type, docBytes), sigs }
  const file: z.infer<typeof schema> = { format: FORMAT, draft: encodeDoc(draft), base: base.map(encodeDoc) }
  return `${JSON.stringify(file, null, 1)}\n`
}

/** Throws UserError `proposal-malformed`. What the documents say is judged by `openProposal`. `name` is that of the file. */
export function parseProposalFile(bytes: Uint8Array, name: string): Proposal {
  if (bytes.length > PROPOSAL_FILE_BYTES_MAX) throw malformed(name, `has ${bytes.length} bytes`)
  const result = schema.safeParse(parseSharedFile(bytes, FORMAT, what => malformed(name, what)))
  if (!result.success) {
    const [issue] = result.error.issues
    throw malformed(name, `has a wrong "${issue!.path.join('.')}": ${issue!.message}`)
  }
  const { draft, base } = result.data
  const { type, docBytes, sigs } = parseDoc(draft, name)
  return { type, docBytes, sigs, base: base.map(text => parseDoc(text, name)) }
}

function encodeDoc(doc: ParsedSignedDoc): string {
  return toBase64(encodeSignedDoc(doc))
}

function parseDoc(text: string, name: string): ParsedSignedDoc {
  try {
    return parseSignedDoc(fromBase64(text))
  } catch (cause) {
    if (!(cause instanceof ProtocolError || cause instanceof SyntaxError)) throw cause
    throw malformed(name, `has a document that is none: ${cause.message}`)
  }
}

function malformed(name: string, what: string): UserError {
  return new UserError('proposal-malformed', `${name} is no proposal: it ${what}`, {
    fix: 'Ask for the file again; it is what "tocsin alliance propose" or "alliance found" wrote.',
  })
}
