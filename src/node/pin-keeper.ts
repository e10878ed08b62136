import { equalBytes } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import type { Pin } from '../registry/registry-state.ts'
import type { Trust } from '../registry/trust-string.ts'
import type { EvidenceBook } from './evidence-book.ts'

export interface PinKeeperOptions {
  readonly book: Pick<EvidenceBook, 'allianceId' | 'documentSet' | 'repin'>
  /** The operator's, as of the start. */
  readonly pins: readonly Pin[]
}

/** Under which pins the registry in force is chosen. */
export function createPinKeeper({ book, pins }: PinKeeperOptions) {
  let operator = pins

  /** Throws UserError `registry-fingerprint-mismatch` or `pin-unknown` where no such document is here. */
  function assertHeld({ allianceId, version, hash }: Trust): void {
    if (!equalBytes(allianceId, book.allianceId)) {
      throw new UserError('registry-fingerprint-mismatch', 'the trust string is of another alliance')
    }
    if (book.documentSet().registries.get(hash)?.doc.version === version) return
    throw new UserError('pin-unknown', `registry version ${version} of this trust string is not here`, {
      fix: 'Apply the file that holds it, then try again.',
    })
  }

  return {
    assertHeld,
    async pinTo({ version, hash }: Trust): Promise<void> {
      operator = [{ version, hash, from: 'operator' }]
      await book.repin(operator)
    },
  }
}
