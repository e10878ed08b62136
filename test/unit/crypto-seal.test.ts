import { describe, expect, it } from 'vitest'
import { concat, equalBytes, fromHex, isZero, toHex, u32be, u64be, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/hash.ts'
import { parseAllianceId, parseEpochId, parseLogId, parseNationId } from '../../src/base/ids.ts'
import { aeadOpen, aeadSeal } from '../../src/crypto/aead.ts'
import { audienceHash, commitOf, openSlot, sealSlot } from '../../src/crypto/epoch-slot.ts'
import { hkdfExpand, hmacSha256 } from '../../src/crypto/hkdf.ts'
import { hpkeSeal } from '../../src/crypto/hpke.ts'
import { CONTENT_BYTES_MAX, PADDED_BYTES_MAX, pad, paddedSize, padme, unpad } from '../../src/crypto/padding.ts'
import { type BodyPlace, messageKey, messageSalt, openBody, sealBody } from '../../src/crypto/seal.ts'
import { createXWingKey } from '../../src/crypto/xwing.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)
const coded = (code: string) => expect.objectContaining({ code })

const secret = filled(32, 7)
const place: BodyPlace = {
  allianceId: parseAllianceId(filled(32, 1)),
  logId: parseLogId(filled(32, 2)),
  seq: 4711,
  epochId: parseEpochId(filled(16, 3)),
  registryVersion: 12,
}
const content = utf8('an indicator')

describe('R-3.4: padding', () => {
  it('gives the sizes of Padmé', () => {
    const sizes = [1, 2, 8, 9, 10, 512, 513, 544, 545, 1000, 1025, 40_000, 63_488].map(padme)
    expect(sizes).toEqual([1, 2, 8, 10, 10, 512, 544, 544, 576, 1024, 1088, 40_960, 63_488])
  })

  it('never wastes more than 12 %, and knows its own sizes', () => {
    for (let length = 512; length <= PADDED_BYTES_MAX; length += 37) {
      const size = padme(length)
      expect(size).toBeGreaterThanOrEqual(length)
      expect(size / length).toBeLessThan(1.12)
      expect(padme(size)).toBe(size)
    }
  })

  it('lays out length, content and zeros, at least 512 bytes', () => {
    const padded = pad(content)
    expect(padded).toHaveLength(512)
    expect(padded.subarray(0, 4)).toEqual(u32be(content.length))
    expect(padded.subarray(4, 4 + content.length)).toEqual(content)
    expect(isZero(padded.subarray(4 + content.length))).toBe(true)
  })

  it.each([0, 1, 508, 509, 5000, CONTENT_BYTES_MAX])('gives back %i bytes', length => {
    const given = filled(length, 0xaa)
    const padded = pad(given)
    expect(padded).toHaveLength(paddedSize(length))
    expect(unpad(padded)).toEqual(given)
  })

  it('fills a body of 64 KiB as far as a Padmé size goes, and refuses a byte more', () => {
    expect(PADDED_BYTES_MAX + 16).toBeLessThanOrEqual(65_536)
    expect(padme(PADDED_BYTES_MAX + 1) + 16).toBeGreaterThan(65_536)
    expect(() => pad(filled(CONTENT_BYTES_MAX + 1, 1))).toThrow(coded('content-too-large'))
  })

  it('refuses what it would not have made', () => {
    const padded = pad(content)
    const refused = [
      padded.subarray(0, 511),
      concat(padded, new Uint8Array(1)),
      concat(padded, new Uint8Array(32)),
      padded.with(511, 1),
      padded.with(4 + content.length, 1),
      concat(u32be(509), padded.subarray(4)),
      concat(u32be(0xffff_ffff), padded.subarray(4)),
      new Uint8Array(0),
    ]
    for (const bytes of refused) expect(() => unpad(bytes)).toThrow(coded('padding-invalid'))
  })
})

describe('R-3.3: the sealed body', () => {
  it('opens where it was sealed', () => {
    const { salt, body } = sealBody(secret, place, content, systemRandom)
    expect([salt.length, body.length]).toEqual([32, 512 + 16])
    expect(openBody(secret, place, salt, body)).toEqual(content)
  })

  it('is built from the strings of the rule', () => {
    const { salt, body } = sealBody(secret, place, content, systemRandom)
    const info = concat(utf8('tocsin/msg/v1\0'), place.logId, u64be(4711), salt)
    const key = hkdfExpand(secret, [info], 32)
    const aad = concat(utf8('tocsin/aad/v1\0'), place.allianceId, place.logId, u64be(4711), place.epochId, u64be(12))
    expect(messageKey(secret, place.logId, place.seq, salt)).toEqual(key)
    expect(aeadOpen(key, new Uint8Array(12), aad, body)).toEqual(pad(content))
  })

  it('opens under no other place, salt or secret', () => {
    const { salt, body } = sealBody(secret, place, content, systemRandom)
    const moved: BodyPlace[] = [
      { ...place, allianceId: parseAllianceId(filled(32, 9)) },
      { ...place, logId: parseLogId(filled(32, 9)) },
      { ...place, seq: 4712 },
      { ...place, epochId: parseEpochId(filled(16, 9)) },
      { ...place, registryVersion: 13 },
    ]
    for (const other of moved) expect(() => openBody(secret, other, salt, body)).toThrow(coded('seal-invalid'))
    expect(() => openBody(filled(32, 8), place, salt, body)).toThrow(coded('seal-invalid'))
    expect(() => openBody(secret, place, salt.with(0, salt[0]! ^ 1), body)).toThrow(coded('seal-invalid'))
    expect(() => openBody(secret, place, salt, body.with(5, body[5]! ^ 1))).toThrow(coded('seal-invalid'))
    expect(() => openBody(secret, place, salt, new Uint8Array(3))).toThrow(coded('seal-invalid'))
  })

  it('reports an author who sealed something unpadded', () => {
    const key = messageKey(secret, place.logId, place.seq, filled(32, 5))
    const aad = concat(utf8('tocsin/aad/v1\0'), place.allianceId, place.logId, u64be(4711), place.epochId, u64be(12))
    const body = aeadSeal(key, new Uint8Array(12), aad, content)
    expect(() => openBody(secret, place, filled(32, 5), body)).toThrow(coded('padding-invalid'))
  })

  it('reuses no salt for another plaintext even where the random bytes repeat', () => {
    const stuck = { bytes: (length: number) => new Uint8Array(length) }
    const first = sealBody(secret, place, utf8('one'), stuck)
    const second = sealBody(secret, place, utf8('two'), stuck)
    expect(first.salt).not.toEqual(second.salt)
    expect(sealBody(secret, place, utf8('one'), stuck)).toEqual(first)
  })

  it('derives the salt as the rule says', () => {
    const saltKey = hkdfExpand(secret, [utf8('tocsin/salt/v1\0')], 32)
    const random = filled(32, 4)
    expect(messageSalt(secret, random, pad(content))).toEqual(hmacSha256(saltKey, random, pad(content)))
  })
})

describe('R-3.2: a slot of a grant', () => {
  const kem = createXWingKey(filled(32, 0x42))
  const commit = commitOf(secret, place)

  it('carries the secret to the holder of the key, and to nobody else', () => {
    const slot = sealSlot(kem.publicKey, place, secret)
    expect([slot.enc.length, slot.ct.length]).toEqual([1120, 48])
    expect(openSlot(kem, place, commit, slot)).toEqual({ kind: 'opened', secret })
    expect(openSlot(createXWingKey(filled(32, 0x43)), place, commit, slot)).toEqual({ kind: 'not-ours' })
  })

  it('does not open in another alliance, log or epoch, or under another commitment', () => {
    const slot = sealSlot(kem.publicKey, place, secret)
    const elsewhere = [
      { ...place, allianceId: parseAllianceId(filled(32, 9)) },
      { ...place, logId: parseLogId(filled(32, 9)) },
      { ...place, epochId: parseEpochId(filled(16, 9)) },
    ]
    for (const other of elsewhere) expect(openSlot(kem, other, commit, slot).kind).toBe('not-ours')
    expect(openSlot(kem, place, commitOf(filled(32, 8), place), slot).kind).toBe('not-ours')
  })

  it('tells an author who commits to one secret and seals another', () => {
    const info = concat(
      utf8('tocsin/grant/v1\0'),
      place.allianceId,
      place.logId,
      place.epochId,
      commit,
      sha256(kem.publicKey),
    )
    const lie = hpkeSeal(kem.publicKey, info, new Uint8Array(0), filled(32, 8))
    expect(openSlot(kem, place, commit, lie)).toEqual({ kind: 'wrong-commit' })
    const short = hpkeSeal(kem.publicKey, info, new Uint8Array(0), filled(31, 7))
    expect(openSlot(kem, place, commit, short)).toEqual({ kind: 'wrong-commit' })
  })

  it('takes malformed bytes for a slot of somebody else', () => {
    const slot = sealSlot(kem.publicKey, place, secret)
    const lowOrder = concat(slot.enc.subarray(0, 1088), new Uint8Array(32))
    expect(openSlot(kem, place, commit, { ...slot, enc: lowOrder }).kind).toBe('not-ours')
    expect(openSlot(kem, place, commit, { ...slot, enc: slot.enc.subarray(1) }).kind).toBe('not-ours')
    expect(openSlot(kem, place, commit, { ...slot, ct: slot.ct.subarray(40) }).kind).toBe('not-ours')
  })

  it('seals to nothing that is no key', () => {
    const refused = [
      kem.publicKey.subarray(1),
      filled(1216, 0xff),
      concat(kem.publicKey.subarray(0, 1184), new Uint8Array(32)),
    ]
    for (const key of refused) expect(() => sealSlot(key, place, secret)).toThrow(coded('key-invalid'))
  })

  it('commits to secret, alliance, log and epoch', () => {
    const others = [
      commitOf(filled(32, 8), place),
      commitOf(secret, { ...place, allianceId: parseAllianceId(filled(32, 9)) }),
      commitOf(secret, { ...place, logId: parseLogId(filled(32, 9)) }),
      commitOf(secret, { ...place, epochId: parseEpochId(filled(16, 9)) }),
    ]
    expect(others.some(other => equalBytes(other, commit))).toBe(false)
    const info = concat(utf8('tocsin/commit/v1\0'), place.allianceId, place.logId, place.epochId)
    expect(commit).toEqual(hmacSha256(secret, info, Uint8Array.of(1)))
  })
})

describe('R-3.5: the hash of an audience', () => {
  const nations = (...ids: string[]) => ids.map(parseNationId)

  it('does not hang on order or repetition', () => {
    const hash = audienceHash(secret, nations('DEU', 'FRA', 'NLD'))
    expect(audienceHash(secret, nations('NLD', 'DEU', 'FRA', 'DEU'))).toEqual(hash)
    expect(toHex(hash)).toBe(toHex(hmacSha256(secret, utf8('tocsin/audience/v1\0\x03DEU\x03FRA\x03NLD'))))
  })

  it('hangs on members and secret, and on where one id ends', () => {
    const hash = audienceHash(secret, nations('DEU', 'FRA'))
    expect(audienceHash(secret, nations('DEU'))).not.toEqual(hash)
    expect(audienceHash(filled(32, 8), nations('DEU', 'FRA'))).not.toEqual(hash)
    expect(audienceHash(secret, nations('DEUFRA'))).not.toEqual(hash)
  })
})

describe('the worked example of a sealed body', () => {
  it('has these bytes, computed with other libraries', () => {
    const stuck = { bytes: (length: number) => filled(length, 6) }
    const { salt, body } = sealBody(secret, place, content, stuck)
    expect(toHex(salt)).toBe('d400ffa2e77aa31bba5c00d8ae454ac873f72e5ffc463b31f2f8f0d9d368d4d4')
    expect(toHex(sha256(body))).toBe('273a2a6e81be16c4bec81b95c791518206537c41f7741f16e265830947282575')
    expect(openBody(secret, place, fromHex(toHex(salt)), body)).toEqual(content)
  })
})
