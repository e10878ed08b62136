/** Somebody who signs, wherever the key is. */
interface Signer {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** `publicKey` is 32 bytes, a signature 64; RFC 8032, deterministic. */
export type Ed25519Signer = Signer

/** FIPS 204, hedged: two signatures over one message differ. */
export type MlDsaSigner = Signer
