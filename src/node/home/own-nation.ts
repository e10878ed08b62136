import { UserError } from '../../base/errors.ts'
import type { NationId } from '../../base/ids.ts'
import type { NodeKeys } from '../../crypto/node-key-file.ts'
import type { ParsedNationDoc } from '../../registry/nation-doc.ts'
import type { RootReset } from '../../registry/nation-history.ts'
import { registryState } from '../../registry/registry-state.ts'
import { type Trust, trustOf } from '../../registry/trust-string.ts'
import type { Config } from '../config/config.ts'
import { type HeldAlliance, readHeldAlliance } from './founding-alliance.ts'
import { type Home, readConfig, readNodeKeys } from './home.ts'

/** The home of a node of a nation, in an alliance. */
export interface NodeHome {
  readonly home: Home
  readonly config: Config
  readonly nation: NationId
  readonly nodeKeys: NodeKeys
  readonly alliance: HeldAlliance
}

/** A home of a nation that has a document in force: what its next one builds on. */
export interface OwnNation extends NodeHome {
  readonly trust: Trust
  readonly doc: ParsedNationDoc
  /** the governors have reset the roots from the next document on, which these alone sign. */
  readonly reset: RootReset | undefined
}

/** Throws UserError `home-missing`, `config-invalid`, `key-file-*` or `registry-missing`. */
export async function readNodeHome(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<NodeHome> {
  const config = await readConfig(home, environment)
  const nation = config.nation as NationId
  const nodeKeys = await readNodeKeys(home)
  if (nodeKeys.nation !== nation) {
    throw new UserError('key-file-other', `${home.config} is for ${nation}, and the keys are of ${nodeKeys.nation}`, {
      fix: 'Correct the nation in config.yaml, or bring the keys of that nation here.',
    })
  }
  const alliance = await readHeldAlliance(home)
  if (alliance !== undefined) return { home, config, nation, nodeKeys, alliance }
  throw new UserError('registry-missing', `${home.path} belongs to no alliance yet`, {
    fix: 'Join with the invite that a governor sends: tocsin init INVITE --trust FINGERPRINT',
  })
}

/**
 * `onto` begins the hash of one of several documents of one version that hold the nation up; a successor decides
 * for it. Throws as `readNodeHome`, and UserError `registry-not-member`, `nation-doc-missing` or `nation-split`.
 */
export async function readOwnNation(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
  onto?: string | undefined,
): Promise<OwnNation> {
  const nodeHome = await readNodeHome(home, environment)
  const { nation, alliance } = nodeHome
  const doc = documentOf(alliance, nation, onto)
  const history = registryState(alliance.evidence, [])?.histories.get(nation)
  const reset = history?.resets.findLast(({ minVersion, roots }) => {
    return minVersion === doc.version + 1 && roots !== doc.rootSet
  })
  const trust = alliance.trust ?? trustOf(alliance.directory.registry)
  return { ...nodeHome, trust, doc, reset }
}

function documentOf({ directory }: HeldAlliance, nation: NationId, onto: string | undefined): ParsedNationDoc {
  const member = directory.member(nation)
  if (member === undefined) {
    throw new UserError('registry-not-member', `${nation} is no member of the alliance ${directory.registry.name}`, {
      fix: 'Send what "tocsin nation export" prints to a governor.',
    })
  }
  if (member.siblings.length > 0) return chosenOf(nation, member.siblings, onto)
  if (onto !== undefined) {
    throw new UserError('usage-invalid', `nothing holds up ${nation}, and so --onto has no place here`, {
      fix: 'Leave it out.',
    })
  }
  if (member.doc !== undefined) return member.doc
  throw new UserError('nation-doc-missing', `no document of ${nation} is in force yet`, {
    fix: 'Run "tocsin alliance apply FILE" with the alliance file, which signs the first one.',
  })
}

function chosenOf(nation: NationId, siblings: readonly ParsedNationDoc[], onto: string | undefined): ParsedNationDoc {
  const chosen = onto === undefined ? [] : siblings.filter(({ hash }) => hash.startsWith(onto.toLowerCase()))
  if (chosen.length === 1) return chosen[0]!
  const hashes = siblings.map(({ hash }) => hash).join(' ')
  const { version } = siblings[0]!
  throw new UserError(
    'nation-split',
    `${nation} has signed ${siblings.length} documents of version ${version}: ${hashes}`,
    {
      fix: 'None of them is in force. Name the one that is meant with --onto HASH; if one is not yours, a root key is in other hands: tell the governors.',
      data: { version, documents: hashes },
    },
  )
}
