import { UserError } from '../../base/errors.ts'
import { publicAddresses } from '../ceremonies/founding.ts'
import type { Config } from '../config/config.ts'

/** `findAddressFault` for a node with this configuration: behind edges nobody is to call it. */
export function addressFaultOf(config: Config, inDocument: readonly string[]): UserError | undefined {
  if (config.net.edges.length === 0 || config.net.announce.length > 0 || inDocument.length === 0) {
    return findAddressFault(publicAddresses(config), inDocument)
  }
  const message = `this node reaches others through its edges, and its nation's document sends them to ${inDocument.join(' ')}`
  return new UserError('nation-address-other', message, {
    fix: 'Have the document name no address of it: tocsin nation address',
  })
}

/**
 * What is wrong where the document in force has others call another place than the configuration of a node names. Where
 * that names none which can be dialled, the document decides alone. Order does not count.
 */
export function findAddressFault(configured: readonly string[], inDocument: readonly string[]): UserError | undefined {
  if (configured.length === 0 || configured.toSorted().join() === inDocument.toSorted().join()) return undefined
  return new UserError(
    'nation-address-other',
    `config.yaml has this node at ${configured.join(' ')}, and its nation's document sends others to ${inDocument.join(' ') || 'no address'}`,
    {
      fix: 'Have the document say what config.yaml says: tocsin nation address. If the document is right, set net.announce to it.',
    },
  )
}
