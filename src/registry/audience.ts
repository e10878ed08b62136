import type { NationId } from '../base/ids.ts'

/** A nation that may be sealed to, and the key to use. */
export interface Recipient {
  readonly nation: NationId
  readonly kemKeyId: Uint8Array
  /** 1216 bytes. */
  readonly kemPublicKey: Uint8Array
  /** Highest TLP level, 1 CLEAR to 5 RED; 0: no ceiling. */
  readonly maxTlp: number
}

/** Why a member with the role RECEIVE is left out. */
export type WithheldReason = 'split' | 'suspended' | 'no-document' | 'document-expired' | 'no-kem-key'

export interface Audience {
  readonly recipients: readonly Recipient[]
  readonly withheld: readonly { readonly nation: NationId; readonly reason: WithheldReason }[]
}
