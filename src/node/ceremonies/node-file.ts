import { z } from 'zod'
import { equalBytes, fromBase64, fromHex, toBase64, toHex } from '../../base/bytes.ts'
import { ProtocolError, UserError } from '../../base/errors.ts'
import { type AllianceId, isNationId, type NationId } from '../../base/ids.ts'
import { type NodeRecord, parseNode } from '../../registry/node-key.ts'
import { encode } from '../../wire/codec.ts'
import { NodeKey } from '../../wire/gen/tocsin.ts'
import { decodeStrict } from '../../wire/strict.ts'
import { parseSharedFile } from '../home/shared-file.ts'

/**
 * The keys of a further node, for who holds the root key of its nation: JSON, public. Each key proves that its holder
 * wants it in a document of this nation in this alliance.
 */

export const NODE_FILE_BYTES_MAX = 64 * 1024
const NODE_KEY_BYTES_MAX = 16 * 1024
const FORMAT = 'tocsin-node/1'

const schema = z.object({
  format: z.literal(FORMAT),
  nation: z.string().refine(isNationId, { message: 'must be a nation id such as DEU' }),
  /** 64 hex characters. */
  alliance: z.string().regex(/^[0-9a-f]{64}$/, { message: 'must be 64 hex characters' }),
  /** A NodeKey in base64. */
  node: z.string().max(NODE_KEY_BYTES_MAX * 2),
})

export interface NodeOf {
  readonly allianceId: AllianceId
  readonly nation: NationId
}

export function encodeNodeFile({ allianceId, nation }: NodeOf, node: NodeKey): string {
  const file = { format: FORMAT, nation, alliance: toHex(allianceId), node: toBase64(encode(NodeKey, node)) }
  return `${JSON.stringify(file, null, 1)}\n`
}

/**
 * The node of a file that was made for `expected`, its proofs checked. `name` is what the file is called.
 * Throws UserError `node-file-malformed` or `node-file-other`.
 */
export function parseNodeFile(
  bytes: Uint8Array,
  name: string,
  expected: NodeOf,
): { readonly node: NodeKey; readonly record: NodeRecord } {
  if (bytes.length > NODE_FILE_BYTES_MAX) throw malformed(name, `has ${bytes.length} bytes`)
  const result = schema.safeParse(parseSharedFile(bytes, FORMAT, what => malformed(name, what)))
  if (!result.success) {
    const [issue] = result.error.issues
    throw malformed(name, `has a wrong "${issue!.path.join('.')}": ${issue!.message}`)
  }
  const { nation, alliance, node: text } = result.data
  if (nation !== expected.nation) throw other(name, `is for ${nation}, and this is the home of ${expected.nation}`)
  if (!equalBytes(fromHex(alliance), expected.allianceId)) throw other(name, 'is for another alliance')
  try {
    const node = decodeStrict(NodeKey, fromBase64(text), NODE_KEY_BYTES_MAX)
    const record = parseNode(node, expected.allianceId, expected.nation)
    if (isProved(record)) return { node, record }
  } catch (cause) {
    if (cause instanceof ProtocolError || cause instanceof SyntaxError) {
      throw malformed(name, `has keys that are none: ${cause.message}`)
    }
    throw cause
  }
  throw malformed(name, 'lacks the proof that its keys belong to this nation')
}

/** a key without its proof counts for nothing. */
function isProved({ named, signPk, witnessPk, peerPk }: NodeRecord): boolean {
  return [signPk, witnessPk, peerPk].filter(key => key !== undefined).length === named.length
}

function malformed(name: string, what: string): UserError {
  return new UserError('node-file-malformed', `${name} is no node file: it ${what}`, {
    fix: 'Make it again at the further node: tocsin nation export --node -O FILE',
  })
}

function other(name: string, what: string): UserError {
  return new UserError('node-file-other', `${name} ${what}`, {
    fix: 'Take the file that was made for this nation in this alliance, or name the right home with --home DIR.',
  })
}
