import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { NodeKeys } from '../../crypto/node-key-file.ts'
import type { Config } from '../config/config.ts'
import type { Home } from './home.ts'

/**
 * whoever seizes an edge gets what its home holds, so that is a peer key and nothing else. Throws UserError
 * `edge-holds-keys` where it is more, and `config-invalid` where an edge is to have edges.
 */
export async function assertEdgeHome(home: Home, { net }: Pick<Config, 'net'>): Promise<void> {
  const own = basename(home.nodeKeys)
  const others = (await readdir(home.keys)).filter(name => name !== own && !name.startsWith(`${own}.`))
  if (others.length > 0) {
    const paths = others.map(name => join(home.keys, name))
    throw new UserError(
      'edge-holds-keys',
      `this is an edge node, and more than its peer key is here: ${paths.join(' ')}`,
      {
        fix: 'Move them to an inner node, or to where the root key is, and destroy them here: an edge may be seized.',
      },
    )
  }
  if (net.edges.length === 0) return
  throw new UserError('config-invalid', 'net.edges: an edge node has no edges, it calls others itself', {
    fix: 'Take net.edges out of config.yaml; it belongs into that of the inner node.',
  })
}

/** Throws UserError `edge-node` where these are the keys of an edge, which is to have no others beside them. */
export function assertHoldsKeys({ inner }: NodeKeys): void {
  if (inner !== undefined) return
  throw new UserError('edge-node', 'this is the home of an edge node, which holds a peer key and nothing else', {
    fix: 'Run this at the home of an inner node. For an edge with a new key: tocsin init INVITE --edge …, then retire this one.',
  })
}
