import { decapsulate, diffieHellman } from 'node:crypto'
import { equalBytes, fromBase64, fromHex, toHex, utf8 } from '../base/bytes.ts'
import { StoreError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { aeadOpen, aeadSeal } from './aead.ts'
import { verifyEd25519 } from './ed25519.ts'
import { createEd25519Signer } from './ed25519-signer.ts'
import { hkdfExpand, hkdfExtract, hmacSha256 } from './hkdf.ts'
import { hpkeOpen, hpkeSeal } from './hpke.ts'
import { mlDsa44, mlDsa65 } from './mldsa.ts'
import { createMlDsa44Signer, createMlDsa65Signer } from './mldsa-signer.ts'
import type { VerifySignature } from './native-verifiers.ts'
import { exportPublicKey, importPublicKey, importSecretKey } from './raw-key.ts'
import * as vectors from './self-test-vectors.ts'
import type { MlDsaSigner } from './signer.ts'
import { createXWingKey } from './xwing.ts'

/** What the node computes with, as a table, so that a test can put a broken one in its place. */
export const systemPrimitives = {
  sha256: sha256 as (data: Uint8Array) => Uint8Array,
  hmacSha256,
  hkdfExtract,
  hkdfExpand,
  aeadSeal,
  aeadOpen,
  verifyEd25519,
  createEd25519Signer,
  x25519,
  openMlKem768,
  createXWingKey,
  hpkeOpen,
  hpkeSeal,
  createMlDsa44Signer,
  verifyMlDsa44: mlDsa44.verify,
  createMlDsa65Signer,
  verifyMlDsa65: mlDsa65.verify,
}

export type Primitives = typeof systemPrimitives

type KnownAnswer = readonly [primitive: string, holds: (primitives: Primitives) => boolean]

const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  ['SHA-256', p => is(p.sha256(fromHex(vectors.SHA256_ABC.message)), vectors.SHA256_ABC.digest)],
  ['HMAC-SHA256', checkHmac],
  ['HKDF-SHA256', checkHkdf],
  ['ChaCha20-Poly1305', checkAead],
  ['Ed25519 signing', checkEd25519Signing],
  ['Ed25519 verification', checkEd25519Edges],
  [
    'X25519',
    p => is(p.x25519(fromHex(vectors.X25519.secretKey), fromHex(vectors.X25519.publicKey)), vectors.X25519.shared),
  ],
  ['ML-KEM-768', checkMlKem],
  ['X-Wing', checkXWing],
  ['HPKE', checkHpke],
  ['ML-DSA-44', p => checkMlDsa(p.createMlDsa44Signer, p.verifyMlDsa44, vectors.MLDSA44)],
  ['ML-DSA-65', p => checkMlDsa(p.createMlDsa65Signer, p.verifyMlDsa65, vectors.MLDSA65)],
]

/**
 * Runs a known answer through every primitive; a node that fails it must not start. Takes about 20 ms.
 * Throws `self-test-failed`, naming the first primitive that gives a wrong answer or none.
 */
export function selfTest(primitives: Primitives = systemPrimitives): void {
  for (const [primitive, holds] of KNOWN_ANSWERS) {
    let cause: unknown
    try {
      if (holds(primitives)) continue
    } catch (thrown) {
      cause = thrown
    }
    throw new StoreError('self-test-failed', `${primitive} does not give its known answer on this machine`, {
      fix: 'Do not run a node here: check the Node.js binary against its published checksum, and the memory.',
      data: { primitive },
      cause,
    })
  }
}

function checkHmac(p: Primitives): boolean {
  const { key, message, mac } = vectors.HMAC_SHA256
  return is(p.hmacSha256(fromHex(key), fromHex(message)), mac)
}

function checkHkdf(p: Primitives): boolean {
  const { inputKey, salt, info, extracted, expanded } = vectors.HKDF_SHA256
  const key = p.hkdfExtract(fromHex(salt), fromHex(inputKey))
  return is(key, extracted) && is(p.hkdfExpand(key, [fromHex(info)], expanded.length / 2), expanded)
}

function checkAead(p: Primitives): boolean {
  const { key, nonce, aad, plaintext, sealed } = vectors.CHACHA20_POLY1305
  const [keyBytes, nonceBytes, aadBytes, sealedBytes] = [fromHex(key), fromHex(nonce), fromHex(aad), fromHex(sealed)]
  const opened = p.aeadOpen(keyBytes, nonceBytes, aadBytes, sealedBytes)
  const forged = sealedBytes.with(0, sealedBytes[0]! ^ 1)
  return (
    is(p.aeadSeal(keyBytes, nonceBytes, aadBytes, utf8(plaintext)), sealed) &&
    opened !== null &&
    equalBytes(opened, utf8(plaintext)) &&
    p.aeadOpen(keyBytes, nonceBytes, aadBytes, forged) === null
  )
}

function checkEd25519Signing(p: Primitives): boolean {
  const { seed, publicKey, message, signature } = vectors.ED25519_SIGN
  const signer = p.createEd25519Signer(fromHex(seed))
  return is(signer.publicKey, publicKey) && is(signer.sign(fromHex(message)), signature)
}

function checkEd25519Edges(p: Primitives): boolean {
  return vectors.ED25519_EDGES.every(
    ({ publicKey, message, signature, accepted }) =>
      p.verifyEd25519(fromHex(publicKey), utf8(message), fromHex(signature)) === accepted,
  )
}

function checkMlKem(p: Primitives): boolean {
  const { seed, publicKeyHash, secret, rejected } = vectors.MLKEM768
  const key = p.openMlKem768(fromHex(seed))
  const ciphertext = fromBase64(vectors.XWING.enc).subarray(0, 1088)
  return (
    is(p.sha256(key.publicKey), publicKeyHash) &&
    is(key.decapsulate(ciphertext), secret) &&
    is(key.decapsulate(new Uint8Array(1088)), rejected)
  )
}

function checkXWing(p: Primitives): boolean {
  const { seed, publicKeyHash, enc, secret } = vectors.XWING
  const key = p.createXWingKey(fromHex(seed))
  return is(p.sha256(key.publicKey), publicKeyHash) && is(key.decapsulate(fromBase64(enc)), secret)
}

/** Encapsulation draws its own randomness, so sealing is held against opening. */
function checkHpke(p: Primitives): boolean {
  const { seed, plaintext } = vectors.HPKE
  const [info, aad] = [fromHex(vectors.HPKE.info), fromHex(vectors.HPKE.aad)]
  const key = p.createXWingKey(fromHex(seed))
  const sealed = p.hpkeSeal(key.publicKey, info, aad, fromHex(plaintext))
  return (
    is(p.hpkeOpen(key, fromBase64(vectors.HPKE.enc), info, aad, fromHex(vectors.HPKE.ct)), plaintext) &&
    is(p.hpkeOpen(key, sealed.enc, info, aad, sealed.ct), plaintext)
  )
}

function checkMlDsa(
  createSigner: (seed: Uint8Array) => MlDsaSigner,
  verify: VerifySignature,
  vector: typeof vectors.MLDSA44 | typeof vectors.MLDSA65,
): boolean {
  const signer = createSigner(fromHex(vector.seed))
  const { publicKey } = signer
  const signature = fromBase64(vector.signature)
  const message = utf8(vector.message)
  return (
    is(sha256(publicKey), vector.publicKeyHash) &&
    verify(publicKey, message, signature) &&
    !verify(publicKey, message, signature.with(64, signature[64]! ^ 1)) &&
    verify(publicKey, message, signer.sign(message))
  )
}

function is(bytes: Uint8Array | null, hex: string): boolean {
  return bytes !== null && toHex(bytes) === hex
}

function x25519(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return diffieHellman({
    privateKey: importSecretKey('x25519', secretKey),
    publicKey: importPublicKey('x25519', publicKey),
  })
}

function openMlKem768(seed: Uint8Array) {
  const key = importSecretKey('ml-kem-768', seed)
  return { publicKey: exportPublicKey(key), decapsulate: (ciphertext: Uint8Array) => decapsulate(key, ciphertext) }
}
