import { z } from 'zod'
import { fromBase64, toBase64 } from '../../base/bytes.ts'
import { ProtocolError, type UserError } from '../../base/errors.ts'
import { parseRootKey, type RootKeyRecord } from '../../registry/root-key.ts'

/** The public half of a root or governor key, as files have it that people hand to each other: both keys in base64. */
export const publicKeyText = z.object({ ed25519: z.string().max(64), mldsa65: z.string().max(4096) })

export type PublicKeyText = z.infer<typeof publicKeyText>

export function encodePublicKey({ edPk, mldsa65Pk }: RootKeyRecord): PublicKeyText {
  return { ed25519: toBase64(edPk), mldsa65: toBase64(mldsa65Pk) }
}

/** Throws what `malformed` makes of a sentence about what is wrong. */
export function parsePublicKey(
  { ed25519, mldsa65 }: PublicKeyText,
  malformed: (what: string) => UserError,
): RootKeyRecord {
  try {
    return parseRootKey({ edPk: fromBase64(ed25519), mldsa65Pk: fromBase64(mldsa65) })
  } catch (cause) {
    if (cause instanceof ProtocolError || cause instanceof SyntaxError) {
      throw malformed(`has a key that is none: ${cause.message}`)
    }
    throw cause
  }
}
