import { AeadId, type AeadInterface, CipherSuite, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, aeadOpen, aeadSeal } from '../../src/crypto/aead.ts'

/** Suite 1 of by another implementation. */
export function otherSuite(): CipherSuite {
  return new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: chacha20Poly1305() })
}

/** @hpke/core has no ChaCha20-Poly1305 of its own. */
function chacha20Poly1305(): AeadInterface {
  const bytes = (data: ArrayBufferLike | ArrayBufferView) =>
    ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
  return {
    id: AeadId.Chacha20Poly1305,
    keySize: 32,
    nonceSize: AEAD_NONCE_BYTES,
    tagSize: AEAD_TAG_BYTES,
    createEncryptionContext: key => ({
      seal: async (iv, data, aad) => aeadSeal(bytes(key), bytes(iv), bytes(aad), bytes(data)).slice().buffer,
      open: async (iv, data, aad) => {
        const opened = aeadOpen(bytes(key), bytes(iv), bytes(aad), bytes(data))
        if (opened === null) throw new Error('does not open')
        return opened.slice().buffer
      },
    }),
  }
}
