import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import { hpkeOpen, hpkeSeal } from '../../src/crypto/hpke.ts'
import { createXWingKey, encapsulateXWing } from '../../src/crypto/xwing.ts'
import { otherSuite } from '../support/hpke-suite.ts'
import { hasVectors, readVectors } from './shared-vectors.ts'

interface XWingVector {
  readonly seed: string
  readonly pk: string
  readonly ct: string
  readonly ss: string
}

interface HpkeVector {
  readonly kem_id: number
  readonly kdf_id: number
  readonly aead_id: number
  readonly mode: number
  readonly info: string
  readonly skRm: string
  readonly pkRm: string
  readonly enc: string
  readonly shared_secret: string
  readonly encryptions: readonly { readonly aad: string; readonly ct: string; readonly pt: string }[]
}

const SEED = new Uint8Array(32).fill(0x17)

const XWING = 'xwing/test-vectors.json'
describe.skipIf(!hasVectors(XWING))('X-Wing: the vectors of draft-connolly-cfrg-xwing-kem', () => {
  it('derives the public key and decapsulates', () => {
    const vectors = readVectors<XWingVector[]>(XWING)
    expect(vectors).toHaveLength(3)
    for (const vector of vectors) {
      const key = createXWingKey(fromHex(vector.seed))
      expect(toHex(key.publicKey)).toBe(vector.pk)
      expect(toHex(key.decapsulate(fromHex(vector.ct))!)).toBe(vector.ss)
    }
  })
})

const HPKE = 'hpke-pq/test-vectors.json'
describe.skipIf(!hasVectors(HPKE))('R-3.1: the vectors of hpke-pq for 0x647a, HKDF-SHA256, ChaCha20-Poly1305', () => {
  const vectors = () =>
    readVectors<HpkeVector[]>(HPKE).filter(
      vector => vector.kem_id === 0x647a && vector.kdf_id === 1 && vector.aead_id === 3 && vector.mode === 0,
    )

  it('derives the public key and the shared secret, and opens the first message', () => {
    expect(vectors().length).toBeGreaterThan(0)
    for (const vector of vectors()) {
      const key = createXWingKey(fromHex(vector.skRm))
      const [{ aad, ct, pt }] = vector.encryptions as [HpkeVector['encryptions'][0]]
      expect(toHex(key.publicKey)).toBe(vector.pkRm)
      expect(toHex(key.decapsulate(fromHex(vector.enc))!)).toBe(vector.shared_secret)
      const opened = hpkeOpen(key, fromHex(vector.enc), fromHex(vector.info), fromHex(aad), fromHex(ct))
      expect(opened && toHex(opened)).toBe(pt)
    }
  })
})

describe('X-Wing beside @noble/post-quantum', () => {
  it('agrees on keys and on what either encapsulates', () => {
    const ours = createXWingKey(SEED)
    const theirs = ml_kem768_x25519.keygen(SEED)
    expect(theirs.publicKey).toEqual(ours.publicKey)

    const fromUs = encapsulateXWing(theirs.publicKey)
    expect(ml_kem768_x25519.decapsulate(fromUs.enc, theirs.secretKey)).toEqual(fromUs.secret)

    const fromThem = ml_kem768_x25519.encapsulate(ours.publicKey)
    expect(ours.decapsulate(fromThem.cipherText)).toEqual(fromThem.sharedSecret)
  })

  it('agrees on the implicit rejection of a changed ciphertext', () => {
    const theirs = ml_kem768_x25519.keygen(SEED)
    const { enc, secret } = encapsulateXWing(theirs.publicKey)
    const changed = enc.with(3, enc[3]! ^ 1)
    const rejected = createXWingKey(SEED).decapsulate(changed)
    expect(rejected).toEqual(ml_kem768_x25519.decapsulate(changed, theirs.secretKey))
    expect(rejected).not.toEqual(secret)
  })
})

describe('HPKE beside @hpke/core', () => {
  const info = utf8('info')
  const aad = utf8('aad')
  const plaintext = utf8('thirty-two bytes, as it happens.')
  const suite = otherSuite()

  it('opens what the other implementation seals', async () => {
    const key = createXWingKey(SEED)
    const recipientPublicKey = await suite.kem.deserializePublicKey(key.publicKey)
    const sender = await suite.createSenderContext({ recipientPublicKey, info })
    const ct = new Uint8Array(await sender.seal(plaintext, aad))
    expect(hpkeOpen(key, new Uint8Array(sender.enc), info, aad, ct)).toEqual(plaintext)
  })

  it('seals what the other implementation opens', async () => {
    const { enc, ct } = hpkeSeal(createXWingKey(SEED).publicKey, info, aad, plaintext)
    const recipientKey = await suite.kem.deserializePrivateKey(SEED)
    const recipient = await suite.createRecipientContext({ recipientKey, enc, info })
    expect(new Uint8Array(await recipient.open(ct, aad))).toEqual(plaintext)
  })
})
