import canonicalize from 'canonicalize'
import { z } from 'zod'
import { concat, fromHex, fromUtf8, toHex, utf8 } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { verifyEd25519 } from '../../crypto/ed25519.ts'
import type { Ed25519Signer } from '../../crypto/signer.ts'

/**
 * What stands beside an export: what it consists of, how old it may get, and who says so. JSON; the signature is the
 * node's Ed25519 over `"tocsin/export/v1\0" || alliance_id || SHA256(RFC 8785 of "signed")`.
 */
export const MANIFEST_SUFFIX = '.manifest'
export const MANIFEST_BYTES_MAX = 64 * 1024 * 1024

const FORMAT = 'tocsin-export/1'
const PURPOSE = utf8('tocsin/export/v1\0')
const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))
const count = z.int().min(0)

const signedPart = z.strictObject({
  alliance: hex(32),
  nation: z.string().max(16),
  /** The key that the signature is of: a node's, in the document of the nation. */
  node: hex(32),
  name: z.string().max(64),
  format: z.string().max(64),
  /** Rises with each version. */
  serial: count,
  madeMs: count,
  /** When the node last found that it is still so. */
  checkedMs: count,
  /** From then on it is not to be taken for current. */
  staleMs: count,
  indicators: count,
  files: z.array(z.strictObject({ name: z.string().max(256), sha256: hex(32), bytes: count })).max(1_000_000),
  /** Entries that wait for `tocsin export release`; 0: none. */
  held: count,
  /** Why it may lack something that the alliance knows, a sentence each. */
  behind: z.array(z.string().max(1024)).max(16),
})

const manifest = z.strictObject({ format: z.literal(FORMAT), signed: signedPart, signature: hex(64) })

export type ExportManifest = Readonly<z.infer<typeof signedPart>>

export function encodeManifest(signed: ExportManifest, signer: Ed25519Signer): string {
  const signature = toHex(signer.sign(signedInput(signed)))
  return `${JSON.stringify({ format: FORMAT, signed, signature }, undefined, 2)}\n`
}

/** Verifies its signature, and not whose key it is. Throws UserError `export-manifest-malformed` or `-forged`. */
export function parseManifest(bytes: Uint8Array): ExportManifest {
  const { signed, signature } = readManifest(bytes)
  const isSigned = verifyEd25519(fromHex(signed.node), signedInput(signed), fromHex(signature))
  if (isSigned) return signed
  throw new UserError('export-manifest-forged', 'the signature of the manifest does not hold')
}

function readManifest(bytes: Uint8Array): z.infer<typeof manifest> {
  let json: unknown
  try {
    json = JSON.parse(fromUtf8(bytes))
  } catch {
    throw malformed('is no JSON')
  }
  const { success, data } = manifest.safeParse(json)
  if (success) return data
  throw malformed(`is not of the format ${FORMAT}`)
}

function signedInput(signed: ExportManifest): Uint8Array {
  const text = canonicalize(signed) ?? ''
  return concat(PURPOSE, fromHex(signed.alliance), sha256(utf8(text)))
}

function malformed(what: string): UserError {
  return new UserError('export-manifest-malformed', `the manifest of the export ${what}`)
}
