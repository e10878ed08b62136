import { StoreError, UserError } from '../../base/errors.ts'

/** Why nothing is published now, whatever it is. */

export function notYet(): UserError {
  return new UserError('signing-not-yet', 'this node signs nothing until a peer has answered', {
    fix: 'Try again when "tocsin status" says that it is ready.',
  })
}

export function stopped(): StoreError {
  return new StoreError('store-closed', 'the node stops', {
    fix: 'Publish again when it runs: what was published already is recognised.',
  })
}
