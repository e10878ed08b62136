import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { isNationId, type NationId } from '../../base/ids.ts'
import type { RootKeyRecord } from '../../registry/root-key.ts'
import { parseSharedFile } from '../home/shared-file.ts'
import { encodePublicKey, parsePublicKey, publicKeyText } from './public-key-text.ts'

/**
 * The public half of a further root key, for who brings it into the document of its nation: JSON, and signed by nothing.
 * Whoever signs that document compares the key by telephone.
 */

export const ROOT_FILE_BYTES_MAX = 16 * 1024
const FORMAT = 'tocsin-root/1'

/** Fields that a later version adds are passed over. */
const schema = z.object({
  format: z.literal(FORMAT),
  nation: z.string().refine(isNationId, { message: 'must be a nation id such as DEU' }),
  root: publicKeyText,
})

export function encodeRootFile(nation: NationId, root: RootKeyRecord): string {
  return `${JSON.stringify({ format: FORMAT, nation, root: encodePublicKey(root) }, null, 1)}\n`
}

/** `name` is what the file is called. Throws UserError `root-file-malformed` or `root-file-other`. */
export function parseRootFile(bytes: Uint8Array, name: string, expected: NationId): RootKeyRecord {
  if (bytes.length > ROOT_FILE_BYTES_MAX) throw malformed(name, `has ${bytes.length} bytes`)
  const result = schema.safeParse(parseSharedFile(bytes, FORMAT, what => malformed(name, what)))
  if (!result.success) {
    const [issue] = result.error.issues
    throw malformed(name, `has a wrong "${issue!.path.join('.')}": ${issue!.message}`)
  }
  const { nation, root } = result.data
  if (nation === expected) return parsePublicKey(root, what => malformed(name, what))
  throw new UserError('root-file-other', `${name} is a root key for ${nation}, and this is the home of ${expected}`, {
    fix: `Take the file that was made with: tocsin nation root new KEY-FILE --nation ${expected}`,
  })
}

function malformed(name: string, what: string): UserError {
  return new UserError('root-file-malformed', `${name} is no public root key: it ${what}`, {
    fix: 'Ask its holder for the file again; it is what "tocsin nation root new" prints.',
  })
}
