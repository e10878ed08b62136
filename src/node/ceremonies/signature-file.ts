import { z } from 'zod'
import { fromBase64, fromHex, toBase64, toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { parseHash } from '../../base/ids.ts'
import { mlDsa65 } from '../../crypto/mldsa.ts'
import type { ProposalSignature } from '../../registry/proposal.ts'
import { DOC_TYPE } from '../../registry/signed-doc.ts'
import { SIGNATURE_BYTES } from '../../wire/limits.ts'
import { parseSharedFile } from '../home/shared-file.ts'

/** One signature under a proposal, as a file to hand back to who assembles it: JSON, so that it survives mail. */

const FORMAT = 'tocsin-signature/1'
export const SIGNATURE_FILE_BYTES_MAX = 64 * 1024

const hash = z.string().regex(/^[0-9a-f]{64}$/, { message: 'must be 64 hex characters' })
const base64 = (bytes: number) =>
  z
    .string()
    .max(2 * bytes)
    .refine(text => decodedLength(text) === bytes, { message: `must be ${bytes} bytes in base64` })
const schema = z.object({
  format: z.literal(FORMAT),
  type: z.enum(['registry', 'nation']),
  /** SHA-256 of the document. */
  document: hash,
  keyId: hash,
  ed25519: base64(SIGNATURE_BYTES),
  mldsa65: base64(mlDsa65.signatureBytes),
})

export function encodeSignatureFile({ type, docHash, sig }: ProposalSignature): string {
  const file: z.infer<typeof schema> = {
    format: FORMAT,
    type: type === DOC_TYPE.REGISTRY ? 'registry' : 'nation',
    document: toHex(docHash),
    keyId: toHex(sig.keyId),
    ed25519: toBase64(sig.ed25519),
    mldsa65: toBase64(sig.mldsa65),
  }
  return `${JSON.stringify(file, null, 1)}\n`
}

/** Throws UserError `signature-file-malformed`. Whose it is, and whether it holds, is judged by `addSignature`. */
export function parseSignatureFile(bytes: Uint8Array, name: string): ProposalSignature {
  if (bytes.length > SIGNATURE_FILE_BYTES_MAX) throw malformed(name, `has ${bytes.length} bytes`)
  const result = schema.safeParse(parseSharedFile(bytes, FORMAT, what => malformed(name, what)))
  if (!result.success) {
    const [issue] = result.error.issues
    throw malformed(name, `has a wrong "${issue!.path.join('.')}": ${issue!.message}`)
  }
  const { type, document, keyId, ed25519, mldsa65 } = result.data
  return {
    type: type === 'registry' ? DOC_TYPE.REGISTRY : DOC_TYPE.NATION,
    docHash: parseHash(fromHex(document)),
    sig: { keyId: fromHex(keyId), ed25519: fromBase64(ed25519), mldsa65: fromBase64(mldsa65) },
  }
}

/** Undefined where it is no base64. */
function decodedLength(text: string): number | undefined {
  try {
    return fromBase64(text).length
  } catch {
    return undefined
  }
}

function malformed(name: string, what: string): UserError {
  return new UserError('signature-file-malformed', `${name} is no signature: it ${what}`, {
    fix: 'Ask for the file again; it is what "tocsin alliance sign" wrote.',
  })
}
