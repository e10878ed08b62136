/** What the tests run of the portable code, bundled as the verifier is: in Chromium, and on node with nothing installed. */

import { fromHex, utf8 } from '../../src/base/bytes.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { mlDsa44, mlDsa65 } from '../../src/crypto/mldsa.ts'
import { nativeVerifiers } from '../../src/crypto/native-verifiers.ts'
import { openWebCryptoEd25519, type SubtleEd25519 } from '../../src/verifier/webcrypto-ed25519.ts'
import { chainOutcome } from '../vectors/chain-outcome.ts'
import { registryOutcome } from '../vectors/registry-outcome.ts'

/** Hex, but for a message that says it is text. */
export interface SignatureCase {
  readonly key: string
  readonly message: string
  readonly text?: boolean
  readonly signature: string
}

const given = ({ key, message, text, signature }: SignatureCase) =>
  [fromHex(key), text === true ? utf8(message) : fromHex(message), fromHex(signature)] as const

const portable = {
  /** Which of them the portable predicate accepts. */
  ed25519: (cases: readonly SignatureCase[]) => cases.map(one => verifyEd25519(...given(one))),
  /** Which of them the browser's own accepts behind the checks of; undefined where it is not to be used. */
  async webCrypto(cases: readonly SignatureCase[], subtle: SubtleEd25519 | undefined) {
    const verify = await openWebCryptoEd25519(subtle)
    return verify && Promise.all(cases.map(one => verify(...given(one))))
  },
  mlDsa44: (cases: readonly SignatureCase[]) => cases.map(one => mlDsa44.verify(...given(one))),
  mlDsa65: (cases: readonly SignatureCase[]) => cases.map(one => mlDsa65.verify(...given(one))),
  chainOutcome,
  registryOutcome,
  isNative: () => nativeVerifiers() !== undefined,
}

export type Portable = typeof portable

Object.assign(globalThis, { portable })
