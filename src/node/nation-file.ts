import { z } from 'zod'
import { fromBase64, fromUtf8, toBase64 } from '../base/bytes.ts'
import { ProtocolError, UserError } from '../base/errors.ts'
import { isNationId, type NationId } from '../base/ids.ts'
import { parseRootKey, type RootKeyRecord } from '../registry/root-key.ts'
import { ADDRESS_LENGTH_MAX, ADDRESSES_MAX, LABEL_LENGTH_MAX, NODE_KEYS_MAX, ROOT_KEYS_MAX } from '../wire/limits.ts'

/**
 * What a nation tells others of itself before they form an alliance: JSON, public, and signed by nothing. It proves
 * itself later: the nation finds its own root keys in the registry, or refuses it.
 */
export interface NationFile {
  readonly nation: NationId
  readonly label: string
  readonly rootThreshold: number
  readonly roots: readonly RootKeyRecord[]
  readonly governor: { readonly primary: RootKeyRecord; readonly recovery?: RootKeyRecord }
  /** For people to read; what counts stands in the nation's document. */
  readonly nodes: readonly NationFileNode[]
  /** It asks for the role OBSERVE: an auditor, who holds no key to a body. */
  readonly observer?: boolean
}

/** Keys in hex, addresses as multiaddrs without /p2p. */
export interface NationFileNode {
  readonly signKey: string
  readonly witnessKey: string
  readonly peerKey: string
  readonly addresses: readonly string[]
}

export const NATION_FILE_BYTES_MAX = 256 * 1024
const FORMAT = 'tocsin-nation/1'

const key = z.object({ ed25519: z.string().max(64), mldsa65: z.string().max(4096) })
const text = z
  .string()
  .max(LABEL_LENGTH_MAX)
  .regex(/^\P{Cc}*$/u, { message: 'must be one line of text' })
const keyHex = z.string().regex(/^([0-9a-f]{64})?$/, { message: 'must be 64 hex characters' })

/** Fields that a later version adds are passed over. */
const schema = z.object({
  format: z.literal(FORMAT),
  nation: z.string().refine(isNationId, { message: 'must be a nation id such as DEU' }),
  label: text,
  rootThreshold: z.int().min(1).max(ROOT_KEYS_MAX),
  roots: z.array(key).min(1).max(ROOT_KEYS_MAX),
  governor: z.object({ primary: key, recovery: key.optional() }),
  nodes: z
    .array(
      z.object({
        signKey: keyHex,
        witnessKey: keyHex,
        peerKey: keyHex,
        addresses: z.array(z.string().max(ADDRESS_LENGTH_MAX)).max(ADDRESSES_MAX),
      }),
    )
    .max(NODE_KEYS_MAX),
  observer: z.boolean().optional(),
})

export function encodeNationFile(nationFile: NationFile): string {
  const { nation, label, rootThreshold, roots, governor, nodes, observer } = nationFile
  const { primary, recovery } = governor
  const file: z.infer<typeof schema> = {
    format: FORMAT,
    nation,
    label,
    rootThreshold,
    roots: roots.map(encodeKey),
    governor: { primary: encodeKey(primary), ...(recovery && { recovery: encodeKey(recovery) }) },
    nodes: nodes.map(node => ({ ...node, addresses: [...node.addresses] })),
    ...(observer && { observer }),
  }
  return `${JSON.stringify(file, null, 1)}\n`
}

/** Throws UserError `nation-file-malformed`. `name` is what the file is called. */
export function parseNationFile(bytes: Uint8Array, name: string): NationFile {
  if (bytes.length > NATION_FILE_BYTES_MAX) throw malformed(name, `has ${bytes.length} bytes`)
  const result = schema.safeParse(parseJson(bytes, name))
  if (!result.success) {
    const [issue] = result.error.issues
    throw malformed(name, `has a wrong "${issue!.path.join('.')}": ${issue!.message}`)
  }
  const { nation, label, rootThreshold, roots, governor, nodes, observer } = result.data
  if (rootThreshold > roots.length) throw malformed(name, 'asks for more signatures than it has root keys')
  return {
    nation,
    label,
    rootThreshold,
    roots: roots.map(each => parseKey(each, name)),
    governor: {
      primary: parseKey(governor.primary, name),
      ...(governor.recovery && { recovery: parseKey(governor.recovery, name) }),
    },
    nodes,
    ...(observer && { observer }),
  }
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(fromUtf8(bytes))
  } catch {
    throw malformed(name, 'is no JSON')
  }
}

function encodeKey({ edPk, mldsa65Pk }: RootKeyRecord): z.infer<typeof key> {
  return { ed25519: toBase64(edPk), mldsa65: toBase64(mldsa65Pk) }
}

function parseKey({ ed25519, mldsa65 }: z.infer<typeof key>, name: string): RootKeyRecord {
  try {
    return parseRootKey({ edPk: fromBase64(ed25519), mldsa65Pk: fromBase64(mldsa65) })
  } catch (cause) {
    if (cause instanceof ProtocolError || cause instanceof SyntaxError) {
      throw malformed(name, `has a key that is none: ${cause.message}`)
    }
    throw cause
  }
}

function malformed(name: string, what: string): UserError {
  return new UserError('nation-file-malformed', `${name} is no nation's request: it ${what}`, {
    fix: 'Ask that nation for the file again; it is what "tocsin nation export" writes.',
  })
}
