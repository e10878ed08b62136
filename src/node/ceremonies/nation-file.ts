import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { isNationId, type NationId } from '../../base/ids.ts'
import type { RootKeyRecord } from '../../registry/root-key.ts'
import { ADDRESS_LENGTH_MAX, ADDRESSES_MAX, LABEL_LENGTH_MAX, NODE_KEYS_MAX, ROOT_KEYS_MAX } from '../../wire/limits.ts'
import { parseSharedFile } from '../home/shared-file.ts'
import { encodePublicKey, type PublicKeyText, parsePublicKey, publicKeyText } from './public-key-text.ts'

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
  roots: z.array(publicKeyText).min(1).max(ROOT_KEYS_MAX),
  governor: z.object({ primary: publicKeyText, recovery: publicKeyText.optional() }),
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
    roots: roots.map(encodePublicKey),
    governor: { primary: encodePublicKey(primary), ...(recovery && { recovery: encodePublicKey(recovery) }) },
    nodes: nodes.map(node => ({ ...node, addresses: [...node.addresses] })),
    ...(observer && { observer }),
  }
  return `${JSON.stringify(file, null, 1)}\n`
}

/** Throws UserError `nation-file-malformed`. `name` is what the file is called. */
export function parseNationFile(bytes: Uint8Array, name: string): NationFile {
  if (bytes.length > NATION_FILE_BYTES_MAX) throw malformed(name, `has ${bytes.length} bytes`)
  const result = schema.safeParse(parseSharedFile(bytes, FORMAT, what => malformed(name, what)))
  if (!result.success) {
    const [issue] = result.error.issues
    throw malformed(name, `has a wrong "${issue!.path.join('.')}": ${issue!.message}`)
  }
  const { nation, label, rootThreshold, roots, governor, nodes, observer } = result.data
  const parseKey = (text: PublicKeyText) => parsePublicKey(text, what => malformed(name, what))
  if (rootThreshold > roots.length) throw malformed(name, 'asks for more signatures than it has root keys')
  return {
    nation,
    label,
    rootThreshold,
    roots: roots.map(parseKey),
    governor: {
      primary: parseKey(governor.primary),
      ...(governor.recovery && { recovery: parseKey(governor.recovery) }),
    },
    nodes,
    ...(observer && { observer }),
  }
}

function malformed(name: string, what: string): UserError {
  return new UserError('nation-file-malformed', `${name} is no nation's request: it ${what}`, {
    fix: 'Ask that nation for the file again; it is what "tocsin nation export" writes.',
  })
}
