import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { createEd25519Signer } from '../../crypto/ed25519-signer.ts'
import type { NodeKeys } from '../../crypto/node-key-file.ts'
import { rootSetOf } from '../../registry/root-set.ts'
import { type HeldAlliance, readInput } from '../home/founding-alliance.ts'
import { exists, type Home, readConfig, readKemKeys, readNodeKeys } from '../home/home.ts'
import { type OwnNode, publicAddresses } from './founding.ts'
import { NATION_FILE_BYTES_MAX, type NationFile, type NationFileNode, parseNationFile } from './nation-file.ts'

/** The root key of its nation is elsewhere, and so is what the nation tells of itself. */
export async function isFurtherNode(home: Home): Promise<boolean> {
  return (await exists(home.config)) && !(await exists(home.nation))
}

/** What a home holds of its own nation. Throws UserError `home-missing`, `config-invalid`, `key-file-*` or `nation-file-malformed`. */
export async function readOwnNode(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<OwnNode> {
  const config = await readConfig(home, environment)
  const nodeKeys = await readNodeKeys(home)
  const nationFile = parseNationFile(await readInput(home.nation, NATION_FILE_BYTES_MAX), home.nation)
  for (const nation of [nodeKeys.nation, nationFile.nation]) {
    if (nation === config.nation) continue
    throw new UserError('key-file-other', `${home.config} is for ${config.nation}, and the keys are of ${nation}`, {
      fix: 'Correct the nation in config.yaml, or bring the keys of that nation here.',
    })
  }
  return { nationFile, nodeKeys, kemKeys: await readKemKeys(home), addresses: publicAddresses(config) }
}

/**
 * With the root keys that the nation has now. The file of the home may name older ones, or such as are to replace them
 * once the governors say so, which no document names.
 */
export function withCurrentRoots(file: NationFile, alliance: HeldAlliance | undefined): NationFile {
  const inForce = alliance?.directory.member(file.nation)?.doc
  const documents = alliance?.evidence.nations.get(file.nation)
  if (inForce === undefined || documents === undefined) return file
  const here = rootSetOf(
    file.rootThreshold,
    file.roots.map(root => root.id),
  )
  const isOfDocument = [...documents.nodes.values()].some(({ doc }) => doc.rootSet === here)
  return isOfDocument ? { ...file, roots: inForce.roots, rootThreshold: inForce.rootThreshold } : file
}

/** What the nation hands to the founder: its public keys, and the node's for people to read. */
export function requestOf({ nationFile, nodeKeys, addresses }: OwnNode): NationFile {
  return { ...nationFile, nodes: [publicKeysOf(nodeKeys, addresses)] }
}

export function publicKeysOf({ peerSeed, inner }: NodeKeys, addresses: readonly string[]): NationFileNode {
  const publicHex = (seed: Uint8Array | undefined) =>
    seed === undefined ? '' : toHex(createEd25519Signer(seed).publicKey)
  return {
    signKey: publicHex(inner?.signSeed),
    witnessKey: publicHex(inner?.witnessSeed),
    peerKey: publicHex(peerSeed),
    addresses,
  }
}
