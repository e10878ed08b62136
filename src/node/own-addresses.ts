import { UserError } from '../base/errors.ts'

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
