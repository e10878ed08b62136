import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js'
import { concat, equalBytes, u8, u64be, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import type { LogId } from '../../src/base/ids.ts'
import { aeadOpen, aeadSeal } from '../../src/crypto/aead.ts'
import { audienceHash, commitOf, openSlot } from '../../src/crypto/epoch-slot.ts'
import { pad } from '../../src/crypto/padding.ts'
import { messageKey, openBody, sealBody } from '../../src/crypto/seal.ts'
import { openInfo, sealInfo } from '../../src/crypto/sealed-info.ts'
import { createXWingKey } from '../../src/crypto/xwing.ts'
import { encodeAudienceInfo } from '../../src/policy/audience-info.ts'
import { kemKeyIdOf, SUITE_XWING } from '../../src/registry/kem-key.ts'
import { encode } from '../../src/wire/codec.ts'
import { KeyGrant } from '../../src/wire/gen/tocsin.ts'
import { assertHolds, type Example } from './example.ts'
import { AAA, allianceId, BBB, epochId, epochSecret, specSeed } from './world.ts'

/** Chapter 3. Encapsulation is random, so here noble encapsulates with fixed bytes and RFC 9180 is written out. */

const SUITE_ID = concat(utf8('HPKE'), Uint8Array.of(0x64, 0x7a, 0, 1, 0, 3))
const NONE = new Uint8Array(0)
const ENCAPSULATION_SEED_BYTES = 64

export interface SealedGrant {
  readonly body: Uint8Array
  readonly example: Example
}

/** A grant of the epoch of the examples to the one recipient BBB, as it stands in this log. */
export function sealGrant(logId: LogId): SealedGrant {
  const recipient = createXWingKey(specSeed('BBB kem'))
  const place = { allianceId, logId, epochId }
  const commit = commitOf(epochSecret, place)
  const kemKeyId = kemKeyIdOf(SUITE_XWING, recipient.publicKey)
  const info = concat(utf8('tocsin/grant/v1\0'), allianceId, logId, epochId, commit, sha256(recipient.publicKey))
  const randomness = concat(specSeed('encapsulation 1'), specSeed('encapsulation 2')).slice(0, ENCAPSULATION_SEED_BYTES)
  const { cipherText: enc, sharedSecret } = ml_kem768_x25519.encapsulate(recipient.publicKey, randomness)
  const { key, nonce } = schedule(sharedSecret, info)
  const ct = aeadSeal(key, nonce, NONE, epochSecret)
  const opened = openSlot(recipient, place, commit, { enc, ct })
  assertHolds(opened.kind === 'opened' && equalBytes(opened.secret, epochSecret), 'the slot opens')
  const audience = audienceHash(epochSecret, [BBB])
  const body = encode(KeyGrant, {
    epochId,
    suite: SUITE_XWING,
    commit,
    registryVersion: 1,
    mode: 1,
    audienceHash: audience,
    maxMessages: 65_536,
    sealedInfo: NONE,
    slots: [{ nation: BBB, kemKeyId, enc, ct }],
    supersedes: NONE,
    reason: 1,
  })
  const parts = {
    'KEM seed': specSeed('BBB kem'),
    'KEM public key': recipient.publicKey,
    kem_key_id: kemKeyId,
    epoch_id: epochId,
    'epoch secret': epochSecret,
    commit,
    info,
    'KEM shared secret': sharedSecret,
    'HPKE key': key,
    'HPKE nonce': nonce,
    enc,
    ct,
    audience_hash: audience,
  }
  return { body, example: { name: 'grant-slot', parts } }
}

/** What a SEALED grant of the epoch of the examples to AAA and BBB says of its audience, with four slots. */
export function audienceExample(logId: LogId): Example {
  const random = specSeed('info random')
  const place = { allianceId, logId, epochId }
  const nations = [AAA, BBB]
  const info = encodeAudienceInfo({ kind: 'nations', nations })
  const sealed = sealInfo(epochSecret, place, info, 4, { bytes: () => random })
  const salt = sealed.subarray(0, 32)
  const key = expand(nobleSha256, epochSecret, concat(utf8('tocsin/info/v1\0'), logId, epochId, salt), 32)
  const aad = concat(utf8('tocsin/info/v1\0'), allianceId, logId, epochId)
  const padded = aeadOpen(key, new Uint8Array(12), aad, sealed.subarray(32))
  assertHolds(padded !== null && equalBytes(openInfo(epochSecret, place, sealed) ?? NONE, info), 'the info opens')
  const parts = {
    AudienceInfo: info,
    padded: padded ?? NONE,
    random,
    salt,
    key,
    AAD: aad,
    sealed_info: sealed,
    audience_hash: audienceHash(epochSecret, nations),
  }
  return { name: 'sealed-info', parts }
}

export interface SealedBatch {
  readonly salt: Uint8Array
  readonly body: Uint8Array
  readonly example: Example
}

/** A content sealed for one place in the log. */
export function sealBatch(logId: LogId, seq: number, content: Uint8Array): SealedBatch {
  const random = specSeed('salt random')
  const place = { allianceId, logId, seq, epochId, registryVersion: 1 }
  const { salt, body } = sealBody(epochSecret, place, content, { bytes: () => random })
  const padded = pad(content)
  const key = messageKey(epochSecret, logId, seq, salt)
  const aad = concat(utf8('tocsin/aad/v1\0'), allianceId, logId, u64be(seq), epochId, u64be(1))
  const opened = aeadOpen(key, new Uint8Array(12), aad, body)
  assertHolds(opened !== null && equalBytes(opened, padded), 'key and AAD open the body')
  assertHolds(equalBytes(openBody(epochSecret, place, salt, body), content), 'the body opens')
  const parts = { content, padded, random, salt, 'message key K': key, AAD: aad, 'sealed body': body }
  return { salt, body, example: { name: 'sealed-body', parts } }
}

function schedule(sharedSecret: Uint8Array, info: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const context = concat(u8(0), labelledExtract(NONE, 'psk_id_hash', NONE), labelledExtract(NONE, 'info_hash', info))
  const secret = labelledExtract(sharedSecret, 'secret', NONE)
  return {
    key: labelledExpand(secret, 'key', context, 32),
    nonce: labelledExpand(secret, 'base_nonce', context, 12),
  }
}

function labelledExtract(salt: Uint8Array, label: string, input: Uint8Array): Uint8Array {
  return extract(nobleSha256, concat(utf8('HPKE-v1'), SUITE_ID, utf8(label), input), salt)
}

function labelledExpand(secret: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  const labelled = concat(Uint8Array.of(0, length), utf8('HPKE-v1'), SUITE_ID, utf8(label), info)
  return expand(nobleSha256, secret, labelled, length)
}
