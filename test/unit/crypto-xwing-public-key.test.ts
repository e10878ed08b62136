import { expect, test } from 'vitest'
import { fromHex } from '../../src/base/bytes.ts'
import { createXWingKey, encapsulateXWing } from '../../src/crypto/xwing.ts'
import { assertXWingPublicKey } from '../../src/crypto/xwing-public-key.ts'

const { publicKey } = createXWingKey(new Uint8Array(32).fill(7))
const COEFFICIENTS_END = 1152
const P = 2n ** 255n - 19n

function passes(check: (key: Uint8Array) => unknown, key: Uint8Array): boolean {
  try {
    check(key)
    return true
  } catch {
    return false
  }
}

/** Sealing to a key is the trial that the check stands for. */
function bothSay(key: Uint8Array): boolean {
  const verdict = passes(assertXWingPublicKey, key)
  expect(passes(encapsulateXWing, key)).toBe(verdict)
  return verdict
}

function withX25519(u: bigint): Uint8Array {
  const key = publicKey.slice()
  key.set(fromHex(u.toString(16).padStart(64, '0')).reverse(), 1184)
  return key
}

test('takes a key that a seed gives, and no other length', () => {
  expect(bothSay(publicKey)).toBe(true)
  expect(bothSay(publicKey.subarray(1))).toBe(false)
  expect(bothSay(new Uint8Array([...publicKey, 0]))).toBe(false)
})

test('takes no coefficient of 3329 or more, first or second of its three bytes', () => {
  for (const at of [0, 3, 600, COEFFICIENTS_END - 3]) {
    for (const value of [0, 3328, 3329, 3330, 4095]) {
      const first = publicKey.slice()
      first[at] = value & 0xff
      first[at + 1] = (first[at + 1]! & 0xf0) | (value >> 8)
      expect([at, value, bothSay(first)]).toEqual([at, value, value < 3329])
      const second = publicKey.slice()
      second[at + 1] = (second[at + 1]! & 0x0f) | ((value & 0x0f) << 4)
      second[at + 2] = value >> 4
      expect([at, value, bothSay(second)]).toEqual([at, value, value < 3329])
    }
  }
})

test('takes no X25519 half of small order in any of its encodings, and takes their neighbours', () => {
  const order8 = [
    325606250916557431795983626356110631294008115727848805560023387167927233504n,
    39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  ]
  for (const u of [0n, 1n, P - 1n, P, P + 1n, ...order8]) {
    expect(bothSay(withX25519(u))).toBe(false)
    expect(bothSay(withX25519(u + 2n ** 255n))).toBe(false)
  }
  for (const u of [2n, P - 2n, P + 2n, order8[0]! + 1n, order8[1]! - 1n]) expect(bothSay(withX25519(u))).toBe(true)
})
